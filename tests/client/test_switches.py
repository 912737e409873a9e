"""What the environment alone decides, held against what a real make says."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtelemetry_cli.client import switches

MAKEFILE = """\
say: ; +@printf '%s' "$$MAKEFLAGS" >seen
sub: ; +@$(MAKE) --no-print-directory say
"""

# Options of make, each entry one command line; the file `n` exists.
PRETENDING = [
    "-n", "-q", "-t", "-nk", "-kn", "-sknB", "--dry-run", "--just-print", "--recon", "--question", "--touch",
    "--dry", "-n V=x", "-n --trace", "-n -I n", "-nj2", "--no-print-directory -n", "-kn V=qt", "-n --eval=X=1",
    "-tOtarget",
]  # fmt: skip
WORKING = [
    "--", "V=n", "V=-n", "n=1", "-k V=nqt", "-I n", "-In", "-I nqt -k", "--no-print-directory", "-j4", "-kj2",
    "-l 3", "-Onone", "-Otarget", "-s", "-w", "--trace", "-B -i -e -S", "-r -R", "--warn-undefined-variables",
    "-W n", "-o n", "--eval=n=1", "-E n=1", "-C .", "--debug=n", "--silent", "--print-directory",
    "-k --no-print-directory V=t",
]  # fmt: skip
ARGUMENTS = [
    "--", "-n", "-q", "-t", "-kn", "-snB", "--dry-run", "--recon", "--just-print", "--question", "--touch", "V=n",
    "-k", "-In", "-Cn/..", "-C n/..", "-fMakefile", "-Wnqt", "-onqt", "-kInqt", "-j2", "-j2 -n", "-l9", "-Onone",
    "-kOnone", "--no-print-directory", "--silent", "-s -- V=t", "--trace -t", "-En=1", "-skEn=1", "-d -q",
    "-B V=-n", "--dry", "--que", "--to", "--jobs", "--quiet",
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "on"),
    [("1", True), ("yes", True), ("true", True), (" ", True), ("2", True), ("no", True)]
    + [(off, False) for off in ("", "0", "false", "False", "FALSE")],
)
@pytest.mark.parametrize("name", ["DEVTEL_DISABLED", "DO_NOT_TRACK", "CI"])
def test_a_switch_is_on_for_anything_but_empty_zero_and_false(name: str, value: str, on: bool) -> None:
    assert switches.switched_off({name: value}) == (name if on else None)


def test_without_a_switch_devtel_is_on() -> None:
    assert switches.switched_off({"HOME": "/", "DISABLED": "1"}) is None


def makeflags(folder: Path, *words: str) -> str:
    """MAKEFLAGS as a recipe of a real make sees it."""
    (folder / "Makefile").write_text(MAKEFILE)
    for name in ("n", "nqt"):
        (folder / name).touch()
    environ = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    subprocess.run(["make", *words], cwd=folder, env=environ, capture_output=True, check=False)
    return (folder / "seen").read_text()


@pytest.mark.parametrize("goal", ["say", "sub"])
@pytest.mark.parametrize("words", PRETENDING)
def test_a_make_that_pretends_is_seen_by_its_recipes(tmp_path: Path, words: str, goal: str) -> None:
    assert switches.is_dry_run(makeflags(tmp_path, *words.split(), goal), [])


@pytest.mark.parametrize("goal", ["say", "sub"])
@pytest.mark.parametrize("words", WORKING)
def test_a_make_that_works_is_not_taken_for_one_that_pretends(tmp_path: Path, words: str, goal: str) -> None:
    assert not switches.is_dry_run(makeflags(tmp_path, *words.split(), goal), [])


@pytest.mark.parametrize("words", ARGUMENTS)
def test_arguments_are_read_as_make_reads_them(tmp_path: Path, words: str) -> None:
    (tmp_path / "n").mkdir()
    (tmp_path / "Makefile").write_text("say: ; @echo it ran\n")
    done = subprocess.run(["make", "say", *words.split()], cwd=tmp_path, capture_output=True, text=True, check=False)
    ran = "\nit ran" in f"\n{done.stdout}"
    assert ran or "No rule" not in done.stderr
    assert switches.is_dry_run("", words.split()) is not ran


@pytest.mark.parametrize(
    ("flags", "pretends"),
    [
        ("n", True),
        ("kn", True),
        ("-n", False),
        ("V=n", False),
        ("--no-print-directory", False),
        ("", False),
        (" n", False),
    ],
)
def test_only_the_first_word_of_makeflags_holds_letters(flags: str, pretends: bool) -> None:
    assert switches.is_dry_run(flags, []) is pretends


@given(st.text(), st.lists(st.text()))
def test_no_text_makes_it_raise(flags: str, arguments: list[str]) -> None:
    assert switches.is_dry_run(flags, arguments) in (True, False)
    assert switches.is_parallel(flags) in (True, False)


@pytest.mark.parametrize(
    ("words", "parallel"), [("", False), ("-k", False), ("V=-j", False), ("-j2", True), ("-kj2", True)]
)
def test_parallel_jobs_are_seen_by_recipes(tmp_path: Path, words: str, parallel: bool) -> None:
    assert switches.is_parallel(makeflags(tmp_path, *words.split(), "sub")) is parallel
