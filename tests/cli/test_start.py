"""Every command starts in a process of its own, and loads no package that it does not use."""

import pytest

from devtelemetry_cli.cli.group import COMMANDS
from tests.helpers.developer import DEVTEL, Developer


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_starts(developer: Developer, name: str) -> None:
    done = developer.run(DEVTEL, name, "-h")
    assert (done.returncode, done.stderr) == (0, "")


# Each of these takes longer to import than most commands take in all.
HEAVY = {"httpx", "rich", "asyncio", "tempfile", "urllib.request", "plistlib", "git", "psutil", "concurrent.futures"}
USED = {
    ("status",): {"plistlib"},
    ("consent", "show"): set(),
    ("consent", "list"): set(),
    ("stats",): set(),
    ("show",): {"psutil"},
    ("makefile", "--output", "-"): set(),
}


@pytest.mark.parametrize(("words", "used"), USED.items(), ids=map(" ".join, USED))
def test_a_command_loads_no_heavy_module_that_it_does_not_use(
    developer: Developer, words: tuple[str, ...], used: set[str]
) -> None:
    developer.grant()
    done = developer.run(DEVTEL, *words, env={**developer.environ, "PYTHONPROFILEIMPORTTIME": "1"})
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "import time" in line}
    assert "click" in loaded
    assert HEAVY & loaded <= used
