"""Completion in real shells, of commands and of the Makefile's targets after `wrap`."""

import shutil
import time

import pexpect
import pytest

from tests.helpers.developer import Developer


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


@pytest.mark.parametrize("words", [("stats", "--target"), ("init", "--target"), ("profile",)])
def test_target_names_are_completed_where_a_target_is_asked(developer: Developer, words: tuple[str, ...]) -> None:
    (developer.project / "GNUmakefile").write_text("# GNUmakefile: written by devtel\ntest.generated: ;\n")
    (developer.project / "Makefile").write_text("test: lib\n\ttrue\ntest.all build:\nimpl-test.slow:\ntestx := 1\n")
    assert completions(developer, *words, "te") == ["test", "test.all", "test.slow"]


ENDLESS = {"lines": "a\n" * 400_000, "a word": "a" * 800_000, "words": "a b" * 200_000, "a device": None}


@pytest.mark.parametrize("content", ENDLESS.values(), ids=ENDLESS)
def test_no_makefile_holds_a_completion_up(developer: Developer, content: str | None) -> None:
    makefile = developer.project / "GNUmakefile"
    makefile.write_text(content) if content else makefile.symlink_to("/dev/zero")
    developer.makefile("impl-test:\n\t@true")
    before = time.monotonic()
    assert completions(developer, "stats", "--target", "te") == ([] if content else ["test"])
    assert time.monotonic() - before < 10


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


MAKEFILE = "impl-test:\n\t@true\nimpl-tests.slow:\n\t@true\nimpl-build:\n\t@true\n"
# Each shell as a person starts it, with no files of its own.
SHELLS = {
    "bash": (["bash", "--norc", "-i"], 'eval "$(devtel completion bash)"'),
    "zsh": (["zsh", "-f", "-i"], 'autoload -Uz compinit && compinit -D; eval "$(devtel completion zsh)"'),
    "fish": (["fish", "--no-config", "-i"], "devtel completion fish | source"),
}


@pytest.mark.parametrize(("typed", "whole"), [("flu", "flush"), ("wrap bu", "build"), ("consent dec", "decline")])
@pytest.mark.parametrize("shell", SHELLS)
def test_a_tab_completes_the_word_in_a_real_shell(developer: Developer, shell: str, typed: str, whole: str) -> None:
    words, loading = SHELLS[shell]
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    developer.makefile(MAKEFILE)
    seen = developer.folder / "seen"
    environ = {**developer.environ, "PS1": "> ", "INPUTRC": "/dev/null", "XDG_CONFIG_HOME": str(developer.home)}
    child = pexpect.spawn(words[0], words[1:], cwd=str(developer.project), env=environ, timeout=30, encoding="utf-8")
    child.sendline(f"{loading}; echo rea''dy")
    child.expect_exact("ready")
    child.send(f"devtel {typed}\t")
    child.expect_exact(whole.removeprefix(typed.rpartition(" ")[2]))
    child.send(f"\x01echo \x05> {seen}\r")  # written down instead of run
    child.sendline("exit")
    child.expect(pexpect.EOF)
    child.close()
    assert seen.read_text().split()[-1] == whole


def test_an_unknown_shell_is_a_usage_error(developer: Developer) -> None:
    assert developer.devtel("completion", "tcsh").returncode == 2
