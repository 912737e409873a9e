"""What a wrapped run costs, in system calls and modules of the wrapper: counts do not depend on the machine's speed."""

import shutil
import subprocess

import pytest

from tests.helpers.developer import DEVTEL, PYTHON, Developer
from tests.helpers.modules_loaded import modules_loaded

# docs/benchmarks.md has the measured counts; these bounds leave room for another libc or Python, not for another habit.
MOST = {"grant": 470, "local": 470, "decline": 260, "": 260}

# Modules of the standard library that take milliseconds; `os` comes with site, `enum` with `signal`, `re` and more.
SLOW_MODULES = {"os", "enum", "signal", "re", "subprocess", "json", "pathlib", "collections", "typing", "shutil"}
WHOLE_CALL = ("--every-target", "--make=make", "--makefile=Makefile", "--", "impl-work")


def calls(developer: Developer, *command: str) -> int:
    """The system calls of a command's own process."""
    trace = developer.folder / "trace"
    done = developer.run("strace", "-qq", "-o", str(trace), *command)
    assert done.returncode == 0, done.stderr
    return len(trace.read_text().splitlines())


@pytest.mark.parametrize("consent", list(MOST))
def test_a_run_makes_few_system_calls_more_than_an_interpreter_alone(developer: Developer, consent: str) -> None:
    if (
        shutil.which("strace") is None
        or subprocess.run(["strace", "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("strace is not usable here")
    if consent:
        developer.devtel("consent", consent)
    developer.makefile("impl-work:\n\t@true")
    for _ in range(2):  # modules are compiled, and the verdict is remembered
        developer.devtel("wrap", "work")
    bare = calls(developer, PYTHON, "-c", "pass")
    more = calls(developer, DEVTEL, "wrap", "work") - bare
    assert more <= MOST[consent]


@pytest.mark.parametrize("words", [("work",), WHOLE_CALL], ids=["a target", "a whole call"])
@pytest.mark.parametrize("ending", ["true", "false"])
def test_a_recorded_run_loads_no_slow_module(developer: Developer, words: tuple[str, ...], ending: str) -> None:
    developer.makefile(f"impl-work:\n\t@{ending}")
    developer.grant(every_target=True)
    for _ in range(2):  # consent is judged once, and remembered
        _, loaded = modules_loaded(developer, ("-I", "-S"), *words)
    assert "devtelemetry_cli.client.recorder" in loaded
    assert not loaded & SLOW_MODULES
