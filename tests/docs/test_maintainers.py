"""docs/maintainers.md: the three commands on a Makefile of fourteen targets, then the way of chosen targets."""

import subprocess
import time

import pexpect
import pytest

from tests.helpers import pages
from tests.helpers.developer import Developer, wait_for

COMMANDS = [command.text for command in pages.commands("docs/maintainers.md")]
INSTALLATION, INIT, COMMIT, *CHOSEN_TARGETS = COMMANDS
ANSWERS = {
    "Organisation": "Acme",
    "Purpose": "find slow targets",
    "Contact": "ci@acme.example",
    "Project name": "",
    "Report URL": "http://127.0.0.1:9/connections/1/report",
    "Default branch": "",
    "Targets": "-",
}
TARGETS = [*(f"step-{number}" for number in range(1, 11)), "build", "test", "lint", "dev.up"]
MAKEFILE = f".PHONY: {' '.join(TARGETS)}\n" + "".join(f"{target}: ; @echo {target} done\n" for target in TARGETS)
# A generous estimate of a person's time, in seconds.
PER_WORD_READ, PER_ANSWER, FOR_INSTALLING = 60 / 200, 20, 120


@pytest.fixture
def maintainer(developer: Developer) -> Developer:
    """A maintainer in a git repository with a name to commit under, and nothing of devtel."""
    (developer.project / ".devtel.toml").unlink()
    for words in (["init", "-q", "-b", "main"], ["config", "user.name", "a"], ["config", "user.email", "a@b"]):
        subprocess.run(["git", *words], cwd=developer.project, check=True)
    return developer


def at_a_terminal(maintainer: Developer, command: str, answers: dict[str, str]) -> str:
    """What a command prints at a terminal whose questions are answered as they come."""
    shell = {"cwd": str(maintainer.project), "env": maintainer.environ, "encoding": "utf-8", "timeout": 20}
    with pexpect.spawn("sh", ["-c", command], echo=False, **shell) as child:
        printed = ""
        for question, answer in answers.items():
            child.expect(f"{question}[^\n]*: $")
            printed += child.before + child.after
            child.sendline(answer)
        child.expect(pexpect.EOF)
        printed += child.before
    assert child.exitstatus == 0, printed
    return printed


def test_the_three_commands_take_less_than_ten_minutes_on_fourteen_targets(maintainer: Developer) -> None:
    assert INSTALLATION == "pipx install ."  # tests/docs/test_install.py runs it
    (maintainer.project / "Makefile").write_text(MAKEFILE)
    before = {target: maintainer.make(target).stdout for target in TARGETS}
    start = time.monotonic()
    printed = at_a_terminal(maintainer, INIT, ANSWERS) + at_a_terminal(maintainer, COMMIT, {})
    seconds = time.monotonic() - start
    assert {target: maintainer.make(target).stdout for target in TARGETS} == before
    maintainer.grant(every_target=True)
    assert maintainer.make("test").stdout == "test done\n"
    wait_for(maintainer.ends)  # a recorder beside make may write it
    seconds += FOR_INSTALLING + len(ANSWERS) * PER_ANSWER + len(printed.split()) * PER_WORD_READ
    print(f"{len(printed.split())} words printed, {seconds / 60:.1f} minutes")
    assert seconds < 600


def test_chosen_targets_lead_to_a_recorded_run(maintainer: Developer) -> None:
    before, after = (block.text for block in pages.blocks("docs/maintainers.md") if block.language == "make")
    (maintainer.project / "Makefile").write_text(before)
    for command in CHOSEN_TARGETS:
        if command == "devtel consent local":  # the page has its reader edit the Makefile before this
            (maintainer.project / "Makefile").write_text(after)
        done = maintainer.run("sh", "-c", command)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        if command == "make test":
            assert done.stdout == "building\ntesting\n"
    assert len(maintainer.ends()) == 1
