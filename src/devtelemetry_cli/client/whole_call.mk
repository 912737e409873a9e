# Engine B of GNUmakefile: the whole call in a make below `devtel wrap`. GNUmakefile includes this file where devtel has
# a part and the plug-in is not loaded. The language is that of make 3.81.

# Calls that would not be the same there are plain: other flags than these, goals with characters that make or a shell
# reads, a make in which it was not tried, and the like.
override devtel_goals := $(strip $(value MAKECMDGOALS))
# By a pattern, as GNUmakefile does and says why.
override devtel_makefile := $(lastword $(sort $(wildcard [Mm]akefile)))
override devtel_plain += $(if $(realpath $(devtel_makefile)),,missing) $(filter-out 3.81 4.2.1 4.3 4.4.1,$(MAKE_VERSION))
override devtel_plain += $(filter-out -j -j% -l% -I% --no-print-directory --warn-undefined-variables --jobserver%,$(wordlist 2,99,$(value devtel_words)))
override devtel_plain += $(subst s,,$(subst k,,$(subst i,,$(subst B,,$(subst e,,$(subst r,,$(subst R,,$(subst w,,$(subst S,,$(subst b,,$(subst m,,$(value devtel_letters))))))))))))
override devtel_plain += $(findstring =,$(firstword $(value devtel_words)))
override devtel_plain += $(foreach sign,% : \# $$ \ * ? [ ] ( ) ; & | < > ' " ~ ! { } ^ ` =,$(findstring $(sign),$(devtel_goals)))
override devtel_plain += $(filter GNUmakefile makefile Makefile -% .% %/ %.made %.done,$(devtel_goals))
override devtel_plain += $(filter-out $(words $(sort $(devtel_goals))),$(words $(devtel_goals)))
override devtel_plain += $(value MAKEFILES) $(devtel_files) $(realpath .devtel.made .devtel.done)
override devtel_plain += $(filter-out default,$(origin MAKE)) $(filter-out 1,$(words $(MAKE))) $(filter command,$(origin SHELL) $(origin .SHELLFLAGS))
override devtel_plain += $(if $(value TMPDIR),$(if $(realpath $(value TMPDIR)),,temporary))
override devtel_plain += $(if $(findstring command-variables,$(value MAKEOVERRIDES)),,$(value MAKEOVERRIDES))

ifneq ($(strip $(devtel_plain)),)
ifneq ($(filter undefine,$(.FEATURES)),)
override undefine devtel_goals
override undefine devtel_makefile
else
unexport devtel_goals devtel_makefile
endif
else
# The file that is included here is never there, so make runs its rule before any goal. A makefile included with a dash
# may fail silently; the file that its rule makes beside it has then failed too, silently, and so have the goals. So make
# ends as the make below ended, and only that one has printed anything.
override devtel_keep := $(if $(findstring k,$(value devtel_letters)),-k)
override devtel_quote = '$(subst ','\'',$(1))'
override devtel_command = $(call devtel_quote,$(devtel_python)) -I -S $(call devtel_quote,$(devtel_main)) wrap --every-target --make=$(call devtel_quote,$(MAKE)) --makefile=$(devtel_makefile) $(devtel_keep) -- $(devtel_goals)
override devtel_goals_made := $(or $(devtel_goals),.devtel-goal)
.DEFAULT_GOAL := .devtel-goal
-include .devtel.made
.PHONY: $(devtel_goals_made)
# Under -k make would report each goal as not made.
ifneq ($(and $(devtel_keep),$(filter grouped-target,$(.FEATURES))),)
.SILENT:
.devtel.made $(devtel_goals_made) &: ; +@$(devtel_command)
else
ifneq ($(devtel_keep),)
MAKEFLAGS += -S
endif
# Never twice: a make in which both had to be made would say so, once.
%.made %.done: ; +@$(if $(filter %.made,$@),$(devtel_command),exit 2)
$(devtel_goals_made): .devtel.done ; @:
# A goal with a blank in it is two words here.
GNUmakefile: ;
%: .devtel.done ; @:
endif
endif
