# devtel.mk: hands targets over to devtel, and is plain make wherever devtel has no part. Commit this file.
# Written by `devtel makefile`, for reports to @URL@
#
#   include devtel.mk
#
#   test: ; +@$(DEVTEL)            # runs `make impl-test`; the + keeps -j, -n, -q and -t working
#   dev.up.%: FORCE ; +@$(DEVTEL)  # a family; FORCE, since a pattern cannot be .PHONY
#   FORCE:
#
# Everything is decided while make reads this file, and no process is started for it. The language is that of
# make 3.81; $(value ...) where a variable may be undefined, so that --warn-undefined-variables has nothing to say.
# Named limit: a Makefile whose own path has spaces cannot be handed on with -f.

# Between single quotes nothing is special, so a target's name never reaches a shell as more than a word.
devtel_quote = '$(subst ','\'',$(1))'

# The Makefile that make was called with: without -f the make below would look for a default one.
devtel_makefile := $(call devtel_quote,$(firstword $(filter-out $(value MAKEFILES),$(MAKEFILE_LIST))))

# Without a trace where a Makefile looks at what was read (grep '##' $(MAKEFILE_LIST)), and no rule of it, %: say, may
# make this file. The bar stands for the end, so that no other name is touched.
devtel_space := $(subst ,, )
devtel_itself := $(lastword $(MAKEFILE_LIST))
.PHONY: $(devtel_itself)
MAKEFILE_LIST := $(subst |,,$(subst $(devtel_space)$(devtel_itself)|,,$(MAKEFILE_LIST)|))

# Switched off: set to anything but empty, 0 or false.
devtel_plain := $(foreach name,DEVTEL_DISABLED DO_NOT_TRACK CI,$(filter-out 0 false False FALSE,$(value $(name))))

# make only pretends (-n, -q, -t): single letters stand in the first word of MAKEFLAGS.
devtel_letters := $(filter-out --%,$(firstword -$(MAKEFLAGS)))
ifeq ($(findstring =,$(devtel_letters)),)
devtel_plain += $(findstring n,$(devtel_letters)) $(findstring q,$(devtel_letters)) $(findstring t,$(devtel_letters))
endif

# A MAKE of several words cannot be named as the one to run.
devtel_plain += $(word 2,$(MAKE))

# Declined: `devtel consent` keeps a marker for each destination. An address from the environment has another one.
ifeq ($(value DEVTEL_REPORT_URL),)
devtel_marker = $(wildcard $(subst $(devtel_space),\ ,$(1))/declined/@KEY@)
devtel_absolute = $(if $(filter /%,$(firstword $(1))),$(1))
ifneq ($(call devtel_absolute,$(value DEVTEL_HOME)),)
devtel_plain += $(call devtel_marker,$(value DEVTEL_HOME))
else
ifneq ($(call devtel_absolute,$(value XDG_STATE_HOME)),)
devtel_plain += $(call devtel_marker,$(value XDG_STATE_HOME)/devtel)
else
devtel_plain += $(call devtel_marker,$(value HOME)/.local/state/devtel)
devtel_plain += $(call devtel_marker,$(value HOME)/Library/Application Support/devtel)
endif
endif
endif

# Not installed: looked for only where nothing else has decided.
ifeq ($(strip $(devtel_plain)),)
ifeq ($(wildcard $(addsuffix /devtel,$(subst :, ,$(value PATH)))),)
devtel_plain := missing
endif
endif

ifeq ($(strip $(devtel_plain)),)
DEVTEL = devtel wrap --make=$(call devtel_quote,$(MAKE)) --makefile=$(devtel_makefile) -- $(call devtel_quote,$@)
else
DEVTEL = $(MAKE) --no-print-directory -f $(devtel_makefile) $(call devtel_quote,impl-$@)
endif

# A Makefile that exports all its variables must not hand these to its recipes.
unexport DEVTEL devtel_quote devtel_makefile devtel_plain devtel_letters devtel_space devtel_marker devtel_absolute
unexport devtel_itself
