"""Makefiles made at random: rewriting loses no byte, says the same twice, comes back, and dry runs stay the same."""

import itertools
import re
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devtelemetry_cli import fragment
from devtelemetry_cli.instrument import reading, rewriting, undoing
from instrument.proving import plain

NAMES = ["test", "build", "dev.up", "lint-all", "a/b", "x"]

prerequisites = st.lists(st.sampled_from([*NAMES[:3], "|", "FORCE", "$(DEPS)", "other"]), max_size=2).map(" ".join)
spaces = st.sampled_from(["", " ", "  ", "\t"])
comments = st.sampled_from(["", "", "## do it", "# see \\#4", "## with $(DEPS)"])
commands = st.sampled_from(
    [
        "echo $@ and $$@",
        "@echo $< $^",
        "-false",
        "echo one \\\n\t  two",
        "# not make's",
        "${@}-x",
        "",
        "echo $(DEPS) $(MODE)",
    ]
)
recipes = st.lists(commands.map(lambda text: f"\t{text}\n"), max_size=3).map("".join)
others = st.sampled_from(
    [
        "\n",
        "# a remark: with a colon\n",
        "DEPS := other\n",
        "MODE ?= slow\n",
        "export MODE\n",
        "define blob\ntest: no rule\nendef\n",
        "ifdef MODE\nDEPS := other\nendif\n",
        "other: ; @echo other\n",
        "test: MODE = fast\n",
        "test: other\n",
        "FORCE:\n",
        "fam-%: FORCE ; echo $*\n",
        "ifeq ($(MODE),x)\nbuild: ; echo one\nelse\nbuild:\n\techo two\nendif\n",
        ".PHONY: test build\n",
        "-include none.mk\n",
        "sp-a sp-b: sp-%: other ## two\n\techo $* of $@\n",
    ]
)
rules = st.builds(
    "{}: {}{}{}\n{}".format, st.just("{name}"), prerequisites, spaces, comments, recipes
)  # fmt: skip
makefiles = st.builds(
    lambda names, made, more, phony, end, last: _finish(
        [text.replace("{name}", name) for name, text in zip(names, made, strict=False)], more, phony, end, last
    ),
    st.permutations(NAMES), st.lists(rules, min_size=1, max_size=6), st.lists(others, max_size=5),
    st.sampled_from([True, True, False]), st.sampled_from(["\n", "\n", "\r\n"]), st.booleans(),
)  # fmt: skip
chosen = st.lists(
    st.sampled_from([*NAMES, "fam-%", "sp-a", "sp-b", "other"]), min_size=4, max_size=10, unique=True
)  # fmt: skip
edits = st.sampled_from(["# later\n", "LATER := 1\n", "later: ; @echo later\n", "\n"])


def _finish(made: list[str], more: list[str], phony: bool, end: str, last: bool) -> str:
    mixed = [text for pair in itertools.zip_longest(made, more, fillvalue="") for text in pair]
    text = "".join([f".PHONY: {' '.join(NAMES)} sp-a sp-b\n" if phony else "", *mixed])
    return (text if last else text.removesuffix("\n")).replace("\n", end)


def known(text: str, names: list[str]) -> list[str]:
    """Those of the names that the Makefile has."""
    rules = {t for line in reading.read(text) if line.rule and not line.rule.variable for t in line.rule.targets}
    return [name for name in names if name in rules]


@given(makefiles)
def test_no_byte_is_lost_when_it_is_read(text: str) -> None:
    assert "".join(line.raw for line in reading.read(text)) == text


@given(st.text(alphabet="ab:=$@%#;\\ \t\n\r(){}|&.", max_size=60))
def test_whatever_the_text_it_is_read_whole_or_named_as_unreadable(text: str) -> None:
    try:
        lines = reading.read(text)
    except reading.UnreadableError as fault:
        lines = []
        number = fault.number
    else:
        number = 1
    assert "".join(line.raw for line in lines) in (text, "")
    assert 1 <= number <= text.count("\n") + 1


@given(st.text(alphabet="ab:=$@%#; \t\n|.", max_size=60), st.booleans())
def test_whatever_the_text_what_is_rewritten_comes_back(text: str, force: bool) -> None:
    try:
        names = known(text, ["a", "b", "aa", "ab"])
        outcome = rewriting.instrument(text, names, force_phony=force)
    except reading.UnreadableError:
        return
    assert undoing.undo(outcome.text).text == text


@given(makefiles, chosen, st.booleans())
def test_what_is_rewritten_comes_back_byte_for_byte_and_a_second_time_changes_nothing(
    text: str, names: list[str], force: bool
) -> None:
    outcome = rewriting.instrument(text, known(text, names), force_phony=force)
    again = rewriting.instrument(outcome.text, outcome.done, force_phony=force)
    assert (again.text, again.done, again.refused) == (outcome.text, [], {})
    undone = undoing.undo(outcome.text)
    assert undone.text == text
    assert not undone.refused


@given(makefiles, chosen, edits, edits)
def test_what_was_edited_elsewhere_since_stays_when_it_is_undone(
    text: str, names: list[str], first: str, last: str
) -> None:
    outcome = rewriting.instrument(text, known(text, names), force_phony=True)
    if not outcome.done or not text.endswith("\n"):
        return
    assert undoing.undo(first + outcome.text + last).text == first + text + last


@given(makefiles, chosen)
def test_targets_can_be_undone_one_after_another(text: str, names: list[str]) -> None:
    outcome = rewriting.instrument(text, known(text, names), force_phony=True)
    new = outcome.text
    for name in outcome.done:
        new = undoing.undo(new, [name]).text
    assert new == text


@settings(max_examples=40)
@given(makefiles, chosen, st.booleans())
def test_dry_runs_are_the_same_under_real_make(text: str, names: list[str], force: bool) -> None:
    _prove_dry_runs(text, names, force)


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(max_examples=1500)
@given(makefiles, chosen, st.booleans())
def test_dry_runs_of_many_are_the_same_under_real_make(text: str, names: list[str], force: bool) -> None:
    _prove_dry_runs(text, names, force)


def _prove_dry_runs(text: str, names: list[str], force: bool) -> None:
    outcome = rewriting.instrument(text, known(text, names), force_phony=force)
    goals = [goal for goal in outcome.done if "%" not in goal] + (["fam-x"] if "fam-%" in outcome.done else [])
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "devtel.mk").write_text(fragment.render(None))  # with -n it is plain make
        for goal in goals:
            assert _dry(folder, outcome.text, goal) == _dry(folder, text, goal)


def _dry(folder: str, text: str, goal: str) -> tuple[bool, list[str]]:
    Path(folder, "Makefile").write_text(text, newline="")
    done = subprocess.run(["/usr/bin/make", "-n", goal], cwd=folder, capture_output=True, text=True, check=False)
    idle = re.compile(r"make: (Nothing to be done for|'.*' is up to date)")  # names the implementation, if any
    said = [line for line in plain(done.stdout).splitlines() if not idle.match(line)]
    return done.returncode == 0, said
