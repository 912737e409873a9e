# devtel.mk: measures chosen targets with devtel, and adds nothing to a call where devtel has no part. Commit this file.
# Written by `devtel makefile`, for reports to http://127.0.0.1:8080/plugins/developer_telemetry/connections/1/report
#
#   DEVTEL_TARGETS := test dev.up.%
#   include devtel.mk
#   impl-test: build ; pytest           # what `make test` does; for dev.up.% there is an impl-dev.up.%
#
# The first of DEVTEL_TARGETS is the default goal where there is none yet. In a file that several folders include:
# include $(dir $(lastword $(MAKEFILE_LIST)))devtel.mk
#
# Everything is decided while make reads this file, and no process is started for it. The language is that of
# make 3.81; $(value ...) where a variable may be undefined, so that --warn-undefined-variables has nothing to say.
# Named limit: a Makefile whose own path has spaces cannot be handed on with -f.
override devtel_space := $(subst ,, )
override devtel_plain :=
override devtel_python :=
override devtel_main :=

# Between single quotes nothing is special, so a target's name never reaches a shell as more than a word.
override devtel_quote = '$(subst ','\'',$(1))'

# The Makefile that make was called with: without -f the make below would look for a default one.
override devtel_called := $(firstword $(filter-out $(value MAKEFILES),$(MAKEFILE_LIST)))
override devtel_makefile := $(call devtel_quote,$(devtel_called))

# No name of this file in MAKEFILE_LIST (grep '##' $(MAKEFILE_LIST)), and no rule of the Makefile, such as %:, makes it.
# The bar marks the end of the list, so that no other name is touched.
override devtel_file := $(lastword $(MAKEFILE_LIST))
.PHONY: $(devtel_file)
override devtel_files := $(subst |,,$(subst $(devtel_space)$(devtel_file)|,,$(MAKEFILE_LIST)|))

# make only pretends (-n, -q, -t): single letters stand in the first word of MAKEFLAGS.
override devtel_letters := $(filter-out --%,$(firstword -$(MAKEFLAGS)))
ifeq ($(findstring =,$(devtel_letters)),)
override devtel_plain += $(findstring n,$(devtel_letters)) $(findstring q,$(devtel_letters)) $(findstring t,$(devtel_letters))
endif

# A MAKE of several words cannot be named as the one to run; a Makefile from standard input is not there a second time.
override devtel_plain += $(filter-out 1,$(words $(MAKE))) $(filter Gm%,$(notdir $(devtel_called)))

# Switched off: set to anything but empty, 0 or false.
override devtel_plain += $(filter-out 0 false False FALSE,$(value DEVTEL_DISABLED) $(value DO_NOT_TRACK) $(value CI))

# The state folder, as devtel itself finds it, with its blanks escaped.
ifeq ($(strip $(devtel_plain)),)
ifneq ($(filter /%,$(firstword $(value DEVTEL_HOME))),)
override devtel_state := $(value DEVTEL_HOME)
else
ifneq ($(filter /%,$(firstword $(value XDG_STATE_HOME))),)
override devtel_state := $(value XDG_STATE_HOME)/devtel
else
override devtel_state := $(value HOME)/.local/state/devtel
ifeq ($(realpath $(devtel_state)),)
override devtel_state := $(or $(wildcard $(subst $(devtel_space),\ ,$(value HOME)/Library/Application Support/devtel)),$(devtel_state))
endif
endif
endif
override devtel_state := $(subst $(devtel_space),\ ,$(devtel_state))
# realpath opens no folder, which make 4.3 would leave open; a path with blanks is one word for wildcard only.
override devtel_exists := $(if $(findstring \ ,$(devtel_state)),wildcard,realpath)
endif

# Declined: `devtel consent` keeps a marker for each destination.
override devtel_plain += $(if $(strip $(devtel_plain)),,$(if $(call $(devtel_exists),$(devtel_state)/declined/127.0.0.1-8080-446dc89096ce),declined))

# How to start devtel: an agreement keeps it in a file. No rule makes that file.
ifeq ($(strip $(devtel_plain)),)
override devtel_file := $(devtel_state)/start.mk
ifneq ($(or $(value devtel_agreed),$(call $(devtel_exists),$(devtel_file))),)
-include $(devtel_file)
.PHONY: $(devtel_file)
else
# Nothing was decided: only a person at a terminal may be asked (make 4.1 and later say whether there is one). devtel is
# looked for on PATH; a script without an interpreter and a package beside it cannot run.
ifneq ($(if $(filter output-sync,$(.FEATURES)),$(value MAKE_TERMERR),unknown),)
override devtel_main := $(firstword $(foreach folder,$(dir $(realpath $(addsuffix /devtel,$(filter /%,$(subst :, ,$(value PATH)))))),$(if $(realpath $(folder)python3),$(wildcard $(folder)../lib/python3*/*-packages/devtelemetry_cli/__main__.py))))
override devtel_python := $(addsuffix python3,$(firstword $(subst ../lib/, ,$(devtel_main))))
endif
endif
endif
MAKEFILE_LIST := $(devtel_files)

# A devtel that cannot run is no devtel.
override devtel_plain += $(if $(realpath $(devtel_python)),,missing) $(if $(realpath $(devtel_main)),,missing)

# An implementation has none of its own. make 3.81 takes the first pattern that matches: write impl-%.x before %.x.
override devtel_refused = $(if $(filter impl-%,$(1)),$(error devtel.mk: $(firstword $(filter impl-%,$(1))) is an implementation, and cannot be handed over again))

ifeq ($(strip $(devtel_plain)),)
DEVTEL = $(call devtel_refused,$@)$(call devtel_quote,$(devtel_python)) -I -S $(call devtel_quote,$(devtel_main)) wrap --make=$(call devtel_quote,$(MAKE)) --makefile=$(devtel_makefile) --as-called -- $(call devtel_quote,$@)
else
DEVTEL = $(call devtel_refused,$@)$(MAKE) --no-print-directory -f $(devtel_makefile) $(call devtel_quote,impl-$@)
endif

# The rules of DEVTEL_TARGETS: with devtel a recipe, else nothing but a prerequisite. `+@$(DEVTEL)` as a recipe works too.
ifneq ($(origin DEVTEL_TARGETS),undefined)
override devtel_targets := $(DEVTEL_TARGETS)
$(call devtel_refused,$(devtel_targets))
override devtel_families := $(foreach target,$(devtel_targets),$(if $(findstring %,$(target)),$(target)))
override devtel_targets := $(foreach target,$(devtel_targets),$(if $(findstring %,$(target)),,$(target)))
.PHONY: $(devtel_targets) .devtel-always
ifeq ($(strip $(devtel_plain)),)
# A pattern cannot be .PHONY; a prerequisite that is makes its recipe run each time.
$(foreach target,$(devtel_targets),$(eval $(target): ; +@$$(DEVTEL)))
$(foreach family,$(devtel_families),$(eval $(family): .devtel-always ; +@$$(DEVTEL)))
else
$(foreach target,$(devtel_targets),$(eval $(target): impl-$(target)))
$(foreach family,$(devtel_families),$(eval $(family): impl-$(family) ;))
endif
endif

# A Makefile that exports all its variables must not hand these to its recipes.
unexport DEVTEL DEVTEL_TARGETS devtel_agreed devtel_called devtel_exists devtel_families devtel_file devtel_files devtel_letters devtel_main devtel_makefile devtel_plain devtel_python devtel_quote devtel_refused devtel_space devtel_state devtel_targets
