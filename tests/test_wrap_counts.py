"""What a wrapped run costs, in system calls of the wrapper alone: a count does not depend on the machine's speed."""

import shutil
import subprocess

import pytest

from tests.helpers.developer import BIN, DEVTEL, Developer

# docs/benchmarks.md has the measured counts; these bounds leave room for another libc or Python, not for another habit.
MOST = {"grant": 470, "local": 470, "decline": 260, "": 260}


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
    bare = calls(developer, str(BIN / "python"), "-c", "pass")
    more = calls(developer, DEVTEL, "wrap", "work") - bare
    assert more <= MOST[consent]
