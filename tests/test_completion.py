"""Completion in real shells, of commands and of the Makefile's targets after `wrap`."""

import shutil

import pytest

from support import Developer


def completions(developer: Developer, *words: str) -> list[str]:
    """What click answers to bash for a line whose last word is being typed."""
    developer.environ |= {
        "_DEVTEL_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(("devtel", *words)),
        "COMP_CWORD": str(len(words)),
    }
    return [line.partition(",")[2] for line in developer.devtel().stdout.split()]


def test_commands_are_completed(developer: Developer) -> None:
    assert completions(developer, "flu") == ["flush"]


def test_the_targets_of_the_makefile_are_completed_after_wrap(developer: Developer) -> None:
    developer.makefile(
        "impl-test:\n\t@true\nimpl-tests.slow other: dep\n\t@true\nimpl-build := x\nimpl-dev.%:\n\t@true"
    )
    assert completions(developer, "wrap", "te") == ["test", "tests.slow"]


def test_without_a_makefile_nothing_is_offered(developer: Developer) -> None:
    assert completions(developer, "wrap", "te") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_accepts_its_script(developer: Developer, shell: str) -> None:
    script = developer.devtel("completion", shell).stdout
    assert "_DEVTEL_COMPLETE" in script
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = developer.run(shell, "-n" if shell != "fish" else "--no-execute", input=script)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_unknown_shell_is_a_usage_error(developer: Developer) -> None:
    assert developer.devtel("completion", "tcsh").returncode == 2
