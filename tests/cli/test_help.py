"""The help of every command: whole sentences, by -h, --help and `help`, and fast."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from devtelemetry_cli import __version__
from devtelemetry_cli.cli.group import COMMANDS
from tests.helpers.developer import Developer

ROOT = Path(__file__).parents[2]
GROUPS = ["", "consent", "schedule", "token"]


@pytest.mark.parametrize("group", GROUPS)
def test_no_sentence_in_a_list_of_commands_is_cut_off(developer: Developer, group: str) -> None:
    _, _, listed = developer.devtel(*group.split(), "-h").stdout.partition("Show this message and exit.\n")
    lines = [line for line in listed.splitlines() if line.startswith("  ")]
    assert len(lines) >= 2
    assert [line for line in lines if not line.endswith((".", ").")) or line.endswith("...")] == []


def test_the_help_lists_every_command_and_imports_none(developer: Developer) -> None:
    code = "import sys; from devtelemetry_cli.__main__ import main\ntry: main()\nfinally: print(*sys.modules)"
    done = developer.run(sys.executable, "-P", "-c", code, "--help")
    listed, _, modules = done.stdout.rstrip("\n").rpartition("\n")
    assert [name for name in COMMANDS if f"  {name} " not in listed] == []
    commands = {f"devtelemetry_cli.cli.{name}" for name in COMMANDS}
    assert ({"httpx", "psutil", "msgspec", "tomllib", "subprocess", "importlib.metadata"} | commands).isdisjoint(
        modules.split()
    )


def test_the_word_help_works_as_the_option_does(developer: Developer) -> None:
    for words in ("", "consent", "consent grant"):
        assert developer.devtel("help", *words.split()).stdout == developer.devtel(*words.split(), "--help").stdout


def test_the_reference_lists_the_short_help_option() -> None:
    assert "-h, --help" in (ROOT / "docs/cli.md").read_text()


def test_no_man_page_has_a_name_line_that_is_cut_off() -> None:
    names = [file.read_text().splitlines()[2] for file in sorted((ROOT / "man").glob("*.1"))]
    assert names
    assert [name for name in names if name.endswith("...")] == []


SECTIONS = ("EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES")


@pytest.mark.parametrize("page", sorted(path.name for path in (ROOT / "man").glob("*.1")))
def test_every_man_page_has_the_customary_sections(page: str) -> None:
    text = (ROOT / "man" / page).read_text()
    assert [title for title in SECTIONS if f".SH {title}\n" not in text] == []


def test_the_man_page_of_wrap_lists_its_options_and_exit_codes() -> None:
    text = (ROOT / "man/devtel-wrap.1").read_text()
    for word in ("\\-\\-make MAKE", "\\-\\-makefile FILE", "126, 127"):
        assert word in text


def test_every_man_page_is_valid() -> None:
    if shutil.which("man") is None:
        pytest.skip("man is not installed")
    for page in (ROOT / "man").glob("*.1"):
        done = subprocess.run(
            ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", str(page)], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), page


@pytest.mark.parametrize("command", ["", "wrap", "consent", "consent grant", "show", "schedule install"])
def test_both_help_options_print_the_same(developer: Developer, command: str) -> None:
    short, long = (developer.devtel(*command.split(), flag) for flag in ("-h", "--help"))
    assert (short.returncode, short.stderr) == (0, "")
    assert short.stdout == long.stdout


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("flus", "flush"), ("consent grnt", "grant"), ("schedule instal", "install"), ("show --explan", "--explain")],
)
def test_a_misspelt_word_gets_a_proposal(developer: Developer, typed: str, meant: str) -> None:
    done = developer.devtel(*typed.split())
    assert done.returncode == 2
    assert f"Did you mean '{meant}'?" in done.stderr


@pytest.mark.parametrize(
    ("typed", "meant"), [("agree", "consent grant"), ("opt-out", "consent decline"), ("send", "flush")]
)
def test_a_common_word_for_a_command_leads_to_it(developer: Developer, typed: str, meant: str) -> None:
    done = developer.devtel(typed)
    assert done.returncode == 2
    assert done.stderr.endswith(f"Error: No such command '{typed}'. Did you mean `devtel {meant}`?\n")


def test_the_version_is_printed_on_one_line(developer: Developer) -> None:
    done = developer.devtel("--version")
    assert done.stdout == f"devtel, version {__version__}\n" == developer.devtel("-V").stdout


def test_a_closed_pipe_ends_the_output_silently(developer: Developer) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = developer.devtel("show", "--fields", capture_output=False, stdout=writing, stderr=subprocess.PIPE)
    finally:
        os.close(writing)
    assert done.stderr == ""
