"""What cannot be done safely is left alone, with line and reason; what is done does the same under real make."""

import os
import subprocess
from pathlib import Path

import pytest

from devtelemetry_cli import fragment
from devtelemetry_cli.instrument import rewriting
from devtelemetry_cli.instrument.rewriting import instrument

PHONY = ".PHONY: t u v all\n"
LEFT = [
    ("t:: ; echo one\n", "t", "double-colon"),
    ("t u &: ; echo both\n", "t u", "grouped"),
    ("t: ; echo $(@F)\n", "t", "$(@F)"),
    ("t: ; echo $(@:t%=%)\n", "t", "$(@:t%=%)"),
    ("t:\n\techo $*\n", "t", "$* in a rule without %"),
    ("SAY = echo $@\nt: ; $(SAY)\n", "t", "SAY (line 2) uses $@"),
    ("SAY = echo $@\nMORE = $(SAY) more\nt: ; $(MORE)\n", "t", "MORE (line 3)"),
    ("define say\necho $@\nendef\nt: ; $(call say,x)\n", "t", "say (line 2)"),
    ("SAY = echo $@\nN = SAY\nt: ; $($(N))\n", "t", "cannot be told"),
    ("t: SAY = echo $@\nt: ; $(SAY)\n", "t", "SAY (line 2) uses $@"),
    ("t: ; echo $(MAKECMDGOALS)\n", "t", "MAKECMDGOALS"),
    ("ifeq ($(MAKECMDGOALS),t)\nX = 1\nendif\nt: ; echo $(X)\n", "t", "MAKECMDGOALS"),
    ("ifeq ($(MAKELEVEL),0)\nX = 1\nendif\nt: ; echo $(X)\n", "t", "MAKELEVEL"),
    ("t: ; echo $$MAKEFLAGS\n", "t", "MAKEFLAGS"),
    ("MAKEFLAGS += -j3\nt: ; echo t\n", "t", "-j"),
    ("$(info read)\nt: ; echo t\n", "t", "twice"),
    ("export CFLAGS += -g\nt: ; echo $(CFLAGS)\n", "t", "CFLAGS is exported"),
    ("CFLAGS += -g\nexport\nt: ; echo $(CFLAGS)\n", "t", "CFLAGS is exported"),
    ("impl-t: ; echo mine\nt: ; echo t\n", "t", "impl-t already"),
    (".SILENT: t\nt: ; echo t\n", "t", ".SILENT names it"),
    ("T = t\n$(T): ; echo t\n", "t", "in a variable"),
    ("t: ; echo $(foo\n", "t", "has no end"),
    ("t:\n\techo ok\n\techo ${foo\n", "t", "reference in its recipe has no end"),
    ("X := $(foo\nt: ; echo t\n", "t", "has no end there"),
    ("t: ; echo t ## say t\n", "t", "semicolon"),
    ("t: u\nv: ; echo v\nt: ; echo t\nu: ; echo u\n", "t", "default goal"),
    ("t u: ; echo $@\n", "t", "makes u too"),
    ("ifdef X\nt: ; echo x\nendif\nt: u\nu: ; echo u\n", "t", "for all conditions"),
    ("ifdef X\nt:\nendif\n\techo t\n", "t", "another branch"),
    ("t-%: X = 1\nt-a: ; echo $(X)\n.PHONY: t-a\n", "t-a", "fits its old name only"),
    ("all: t u\nt u: v ; echo $@\nv: ; echo v\n", "t u", "in two makes"),
    ("all: X = 1\nall: t\nt: ; echo $(X)\n", "t", "would not reach"),
    (".SECONDEXPANSION:\nW_t = v\nt: $$(W_$$@) ; echo $^\nv: ; echo v\n", "t", "second time"),
    ("f-%: ; echo $*\n", "f-%", "FORCE"),
    ("%-f: FORCE ; echo $*\nFORCE:\n", "%-f", "begins with %"),
    ("f-%: FORCE ; echo $*\nf-a: v\nv: ; echo v\nFORCE:\n", "f-%", "more prerequisites"),
    ("f-%: FORCE ; echo $(X)\nf-a: X = 1\nFORCE:\n", "f-%", "one of this family"),
    ("f-%: %.y FORCE ; echo $*\nf%: ; echo other $*\nFORCE:\n", "f-%", "same names"),
    ("out: ; touch $@\n", "out", "not .PHONY"),
    ("include t.mk\nt: ; echo t\n", "t", "another Makefile"),
    ("SHELL := /usr/bin/python3\nt: ; print(1)\n", "t", "else than a shell"),
    (".SHELLFLAGS := -eux -c\nt: ; echo t\n", "t", "shows what it runs"),
    ("define rule\nt: u\nendef\n$(eval $(rule))\nt: ; echo t\nu: ; echo u\n", "t", "$(eval)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "targets", "reason"), LEFT, ids=[reason for _, _, reason in LEFT])
def test_it_is_left_alone_with_its_line_and_the_reason(text: str, targets: str, reason: str) -> None:
    outcome = instrument(PHONY + text, targets.split(), included={"t.mk": "t: w\n"} if "include " in text else {})
    refused = list(outcome.refused.values())
    assert refused
    assert any(reason in one.why for one in refused)
    assert all(0 < one.number <= (PHONY + text).count("\n") for one in refused)
    if len(refused) == len(targets.split()):
        assert outcome.text == PHONY + text


TAKEN = [
    ("t: ; echo $$@ $@ ${@}\n", "t"),
    ("t: u | v\n\techo $< $^ '$|' $?\nu v: ; echo $@\n", "t"),
    ("ifneq ($(MAKECMDGOALS),clean)\nX = 1\nendif\nt: ; echo $(X)\n", "t"),
    ("export PATH := /opt/bin:$(PATH)\nt: ; echo t\n", "t"),
    ("MAKEFLAGS += --no-print-directory -s\nt: ; @echo t\n", "t"),
    ("ifdef X\nt: ; echo x\nelse\nt: ; echo y\nendif\n", "t"),
    ("u v: ; echo $@\nt: u\nt: v\n\techo $^\n", "t"),
    ("%: X = 1\nt: ; echo $(X)\n", "t"),
    ("t u: v ; echo $@\nv: ; echo v\n", "t u"),
    ("t u: %: %-x\n\techo $* $<\nt-x u-x: ; echo $@\n", "t u"),
    ("f-%: FORCE | v ## text\n\techo $* $@\nv: ; echo v\nFORCE:\n", "f-%"),
    ("t: export A = 1\nt: private B := 2\nt: u\n\techo $$A $(B)\nu: ; echo u $$A $(B)\n", "t"),
    ("SAY = echo $@\nt: ; echo t\nu: ; $(SAY)\n", "t"),
    ("SHELL := $(shell which bash)\n.SHELLFLAGS := -eu -o pipefail -c\nt: ; echo t\n", "t"),
    ("export\nt: ; echo $$MAKEFILE_LIST\n", "t"),
    ("NAME_t = tee\nt: ; echo $(NAME_$@)\n", "t"),
    ("t: ;\n", "t"),
    ("define text\nt: no rule\nendef\nt: ; echo t\n", "t"),
    ("all: t u\nt: v ; echo t\nu: ; echo u\nv: ; echo v\n", "t"),
    ("X = $(subst a,(b),aba) ${Y} $$(\nt: ; echo '$(X)' '{' \\\n  \"$$(echo 1)\"\n", "t"),
    ("t:\n\n\n# between\n\techo t\n# behind\n", "t"),
    ("t: u \\\n   v  ## text\n\techo $^\nu v: ; echo $@\n", "t"),
    ("t : u#tight\n\techo t\nu: ; echo u\n", "t"),
    ("  t:u;@echo $@\nu: ; echo u\n", "t"),
    ("VAR := $(shell echo 1)\nt: ; echo $(VAR)\n", "t"),
    (".DEFAULT_GOAL := u\nt: ; echo t\nu: ; echo u\n", "t u"),
    ("t:\nifdef X\n\techo x\nelse\n\techo y\nendif\n\techo z\n", "t"),
    ("t: ; @$(MAKE) --no-print-directory u\nu: ; @echo u\n", "t u"),
]


@pytest.mark.parametrize(("text", "targets"), TAKEN, ids=[text.splitlines()[0] for text, _ in TAKEN])
def test_it_is_done_and_does_the_same(tmp_path: Path, text: str, targets: str) -> None:
    outcome = instrument(PHONY + text, targets.split())
    assert outcome.done == targets.split()
    (tmp_path / "devtel.mk").write_text(fragment.render(None))
    for goal in ["", *(target.replace("%", "x") for target in targets.split()), *(["all"] if "all:" in text else [])]:
        assert _run(tmp_path, outcome.text, goal) == _run(tmp_path, PHONY + text, goal)


def _run(folder: Path, text: str, goal: str) -> tuple[int, str, str]:
    (folder / "Makefile").write_text(text)
    environ = {**os.environ, "DEVTEL_DISABLED": "1"}  # so that it is plain make
    done = subprocess.run(
        ["/usr/bin/make", *goal.split()], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    return (
        done.returncode,
        done.stdout.replace("make[1]: Nothing to be done for 'impl-", "make: Nothing to be done for '"),
        done.stderr,
    )


def test_an_unknown_target_comes_with_those_that_look_like_it() -> None:
    with pytest.raises(rewriting.UnknownTargetError) as fault:
        instrument("test: ; echo\nbuild: ; echo\n", ["tset"])
    assert fault.value.close == ["test"]


def test_a_help_text_stays_on_the_line_that_is_looked_at() -> None:
    text = instrument(".PHONY: t\nt: u  ## say it\n\techo\nu:\n", ["t"]).text
    assert [line for line in text.splitlines() if "##" in line] == ["t:  ## say it"]


def test_a_makefile_that_includes_devtel_already_includes_it_once() -> None:
    text = instrument("include devtel.mk\n.PHONY: t\nt: ; echo\n", ["t"]).text
    assert text.count("include devtel.mk") == 1


def test_what_hands_over_by_hand_is_left_as_it_is() -> None:
    by_hand = "include devtel.mk\nt u: ; +@$(DEVTEL)\nimpl-t: ; echo\n"
    outcome = instrument(by_hand, ["t"])
    assert (outcome.text, outcome.already) == (by_hand, ["t"])
