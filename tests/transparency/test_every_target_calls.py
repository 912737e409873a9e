"""Whole calls of make: every flag, one reading of the Makefile, signals at any moment, completion, real Makefiles."""

import os
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.helpers.makes import FIRST, MAKES
from tests.helpers.transparency_cases import Case
from tests.helpers.transparency_runner import EveryTargetWorkshop

pytestmark = pytest.mark.skipif(not MAKES[FIRST], reason="no GNU make that is known here is installed")

RULES = "x: made b\n\t@echo x $(V)\nmade: ; echo made >$@\nb: ; @echo b\n"
# A value for each option that takes one. An option of `make --help` that is missing here and below fails the test.
VALUES = {
    "directory": ".", "file": "Makefile", "makefile": "Makefile", "include-dir": ".", "old-file": "b",
    "assume-old": "b", "what-if": "b", "new-file": "b", "assume-new": "b", "eval": "V=1", "jobs": "1",
    "load-average": "90", "max-load": "90", "output-sync": "target", "shuffle": "none", "jobserver-style": "pipe",
}  # fmt: skip
FLAGS = {
    "always-make", "environment-overrides", "help", "ignore-errors", "keep-going", "check-symlink-times", "just-print",
    "dry-run", "recon", "question", "no-builtin-rules", "no-builtin-variables", "silent", "quiet", "no-silent",
    "no-keep-going", "stop", "touch", "trace", "version", "print-directory", "no-print-directory",
    "warn-undefined-variables",
}  # fmt: skip
PRINTS_MAKEFILES = {"debug", "print-data-base"}  # of which GNUmakefile is one
RECORDED = {"always-make", "environment-overrides", "ignore-errors", "keep-going", "no-builtin-rules", "silent", "jobs"}


@pytest.fixture
def workshop(every_target_workshops: dict[str, EveryTargetWorkshop]) -> EveryTargetWorkshop:
    return every_target_workshops[FIRST]


def options(make: str) -> set[str]:
    """The long options of a make, by its own help."""
    return set(
        re.findall(r"--([a-z-]+)", subprocess.run([make, "--help"], capture_output=True, text=True, check=False).stdout)
    )


def test_no_option_of_make_help_is_missing_here(workshop: EveryTargetWorkshop) -> None:
    assert options(workshop.make) <= VALUES.keys() | FLAGS | PRINTS_MAKEFILES


@pytest.mark.parametrize("name", sorted(VALUES.keys() | FLAGS))
def test_every_option_of_make_help_is_the_same_or_plain(workshop: EveryTargetWorkshop, name: str) -> None:
    if name not in options(workshop.make):
        pytest.skip("this make does not have it")
    option = f"--{name}={VALUES[name]}" if name in VALUES else f"--{name}"
    case = Case(name, RULES, (option, "x"))
    plain, measured = workshop.plain(case, "granted"), workshop.wrapped(case, "granted")
    assert plain.differences(measured) == []
    assert measured.recorded or name not in RECORDED


@pytest.mark.parametrize("goals", [("x",), ("MAKE_VERSION=9.9", "x"), ("-j2", "x"), ("-k", "x", "b"), ()])
def test_the_makefile_is_read_once_and_recipes_run_once(workshop: EveryTargetWorkshop, goals: tuple[str, ...]) -> None:
    case = Case("once", f"READ := $(shell echo read >>reads)\n{RULES}", goals)
    for state in ("granted", "declined"):
        outcome = workshop.wrapped(case, state)
        assert outcome.files["project/reads"][1] == b"read\n"
        assert outcome.out.count(b"echo made") == 1
    assert workshop.wrapped(Case("v", RULES, ("MAKE_VERSION=9.9", "x")), "granted").recorded is False


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_at_any_moment_ends_the_call_as_it_ends_the_bare_one(
    workshop: EveryTargetWorkshop, number: signal.Signals
) -> None:
    case = Case("x", "x: ; @sleep 5\n")
    statuses: dict[bool, set[int]] = {True: set(), False: set()}
    for wrapped in (True, False):
        (workshop.wrapped if wrapped else workshop.plain)(Case("files", "x: ; @true\n"), "granted")
        (workshop.project / "Makefile").write_text(case.bare())
        chance = random.Random(7)  # noqa: S311
        for _ in range(50):
            process = subprocess.Popen(
                ["make", "x"], cwd=workshop.project, env=workshop.environ, start_new_session=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            time.sleep(0.03 + chance.random() * 0.22)
            os.killpg(process.pid, number)
            statuses[wrapped].add(process.wait(10))
    assert statuses[True] <= statuses[False] | {2, -number}


def test_completion_lists_the_same_targets_and_records_nothing(workshop: EveryTargetWorkshop) -> None:
    # What the completions of bash, zsh and fish read: make's data base, in which a rule begins a line.
    lists = []
    for words in ("-npq : 2>/dev/null", "-nsp --no-print-directory -f GNUmakefile . 2>/dev/null", "-pRrq :"):
        case = Case("list", RULES, script=f"make {words} | sed -n 's/^\\([a-z][a-z.]*\\):.*/\\1/p' | sort -u; true")
        plain, measured = workshop.plain(case, "granted"), workshop.wrapped(case, "granted")
        lists.append((plain.out, measured.out, measured.recorded))
    for plain_list, measured_list, recorded in (lists[0], lists[2]):
        assert measured_list == plain_list
        assert plain_list.split() >= [b"b", b"made", b"x"]
        assert not recorded
    assert not lists[1][2]


# In the manner of what is found in repositories; the tools are stubs.
FAMILIES = """\
.DEFAULT_GOAL := help
SERVICES := web db
export TAG := $(TAG)-dev
.PHONY: help up $(addprefix up.,$(SERVICES))
help: ## this help
\t@grep -hE '^[a-z.%]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\\t/'
up: $(addprefix up.,$(SERVICES)) ## start all
up.%: ## start one
\t@echo docker compose up -d $* --tag $(TAG)
-include local.mk
"""
COMPOSE = """\
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --warn-undefined-variables
ENV ?= dev
ifeq ($(ENV),prod)
FLAGS := -f prod.yml
else
FLAGS := -f dev.yml
endif
build: out/image
out/image: Dockerfile
\tmkdir -p out
\techo "docker build $(FLAGS)" | tee $@
fail:
\tfalse
\techo never
"""
GENERATED = """\
.SECONDEXPANSION:
GO ?= echo go
BINARIES := manager agent
VERSION := $(shell cat VERSION)
.PHONY: all test lint
all: lint test $(BINARIES)
lint test: ; @$(GO) $@ ./... $(VERSION)
$(BINARIES): $$(wildcard cmd/$$@/*.go) | bin ; @$(GO) build -o bin/$@ ./cmd/$@ $^
bin: ; @mkdir -p $@
include Makefile.common
Makefile.common: ; @echo 'common: ; @echo common' >$@
"""
REAL = [
    Case("families", FAMILIES, (), environ={"TAG": "v1"}),
    Case("families, two", FAMILIES, ("up.web", "up.db"), environ={"TAG": "v1"}),
    Case("families, all", FAMILIES, ("up",), environ={"TAG": "v1"}, files={"local.mk": "export MORE = 1\n"}),
    Case("compose", COMPOSE, ("build",), files={"Dockerfile": ""}),
    Case("compose, prod", COMPOSE, ("build", "ENV=prod"), files={"Dockerfile": ""}),
    Case("compose, failing", COMPOSE, ("fail",)),
    Case("generated", GENERATED, (), files={"VERSION": "1.2\n", "cmd/agent/a.go": "", "cmd/manager/m.go": ""}),
    Case("generated, in parts", GENERATED, ("lint", "common"), files={"VERSION": "1.2\n"}),
    Case("generated, missing", GENERATED, ("nothing",), files={"VERSION": "1.2\n"}),
]


@pytest.mark.parametrize("case", REAL, ids=lambda case: case.name)
def test_makefiles_as_they_are_found_build_the_same(workshop: EveryTargetWorkshop, case: Case) -> None:
    for state in ("granted", "declined"):
        plain, measured = workshop.plain(case, state), workshop.wrapped(case, state)
        assert plain.differences(measured) == []
        assert measured.recorded is (state == "granted")


def test_the_example_for_every_target_is_a_makefile_that_works() -> None:
    example = Path(__file__).parents[2] / "examples" / "every-target"
    done = subprocess.run(["make", "-n", "test"], cwd=example, capture_output=True, text=True, check=True)
    assert "grep -q" in done.stdout
