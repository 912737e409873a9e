"""What a newcomer meets first: the help of every command, whole sentences, by -h as well as by --help."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.helpers.developer import Developer

ROOT = Path(__file__).parents[2]
GROUPS = ["", "consent", "schedule", "token"]


@pytest.mark.parametrize("group", GROUPS)
def test_no_sentence_in_a_list_of_commands_is_cut_off(developer: Developer, group: str) -> None:
    listed = developer.devtel(*group.split(), "-h").stdout.partition("Commands:\n")[2]
    assert listed.count("\n") >= 2
    assert [line for line in listed.splitlines() if not line.endswith(".") or line.endswith("...")] == []


def test_the_reference_tells_of_the_short_way_to_ask_for_help() -> None:
    assert "-h, --help" in (ROOT / "docs/cli.md").read_text()


def test_no_man_page_has_a_name_line_that_is_cut_off() -> None:
    names = [file.read_text().splitlines()[2] for file in sorted((ROOT / "man").glob("*.1"))]
    assert names
    assert [name for name in names if name.endswith("...")] == []


@pytest.mark.parametrize("command", ["", "wrap", "consent", "consent grant", "show", "schedule install"])
def test_both_ways_to_ask_for_help_say_the_same(developer: Developer, command: str) -> None:
    short, long = (developer.devtel(*command.split(), flag) for flag in ("-h", "--help"))
    assert (short.returncode, short.stderr) == (0, "")
    assert short.stdout == long.stdout


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("flus", "flush"), ("consent grnt", "grant"), ("schedule instal", "install"), ("show --explan", "--explain")],
)
def test_what_is_misspelt_gets_a_proposal(developer: Developer, typed: str, meant: str) -> None:
    done = developer.devtel(*typed.split())
    assert done.returncode == 2
    assert f"Did you mean '{meant}'?" in done.stderr


def test_the_version_is_told_on_one_line(developer: Developer) -> None:
    done = developer.devtel("--version")
    assert done.stdout.startswith("devtel, version ")
    assert done.stdout.count("\n") == 1


def test_a_reader_who_has_seen_enough_hears_nothing_more(developer: Developer) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = developer.devtel("show", "--fields", capture_output=False, stdout=writing, stderr=subprocess.PIPE)
    finally:
        os.close(writing)
    assert done.stderr == ""
