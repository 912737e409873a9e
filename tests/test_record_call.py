"""One call of make with the plug-in and the real recorder: recorded as the wrapper records, and only with consent."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import devtelemetry_cli
from devtelemetry_cli.client.plugin.approval import stamp
from tests.helpers import plugin_project
from tests.helpers.developer import DEVTEL, URL, Developer, wait_for
from tests.helpers.makes import FIRST, MAKES
from tests.helpers.plugin_project import has_recorder, recorders

MAIN = str(Path(devtelemetry_cli.__file__).with_name("__main__.py"))
MAKE = str(Path(MAKES[FIRST] or "/usr/bin/make").resolve())


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plugin_project.library(tmp_path_factory.mktemp("library"))


@pytest.fixture
def caller(developer: Developer, library: Path) -> Developer:
    """A developer whose project's make loads the plug-in."""
    load(developer, library)
    makefile(developer, "all:;@echo done\n")
    return developer


def load(developer: Developer, library: Path, make: str = MAKE, python: str = sys.executable, main: str = MAIN) -> None:
    values = {"python": python, "recorder": main, "library": library, "program": make, "stamp": stamp(make)}
    text = plugin_project.LOAD.format(**values) + plugin_project.INCLUDE
    (developer.project / "GNUmakefile").write_text(text)


def agree(developer: Developer) -> None:
    """Agree to every target; the plug-in is the test's own, so none is built for it."""
    developer.state.mkdir(exist_ok=True)
    developer.config.write_text('engine = "wrapper"\n')
    developer.grant(every_target=True)


def makefile(developer: Developer, text: str) -> None:
    (developer.project / "Makefile").write_text(text)


def mask(pid: int, name: str) -> set[int]:
    """The signals in a mask of /proc (SigIgn, SigBlk), without the two that belong to the C library."""
    bits = int((Path("/proc") / str(pid) / "status").read_text().split(f"{name}:")[1].split()[0], 16)
    return {number for number in signal.valid_signals() if bits >> (number - 1) & 1}


def settled(developer: Developer) -> None:
    """Wait until every recorder has ended."""
    wait_for(lambda: not has_recorder(developer.home))


def call(developer: Developer, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Call make, and wait for its recorder's end."""
    done = developer.run(MAKE, *arguments)
    settled(developer)
    return done


@contextmanager
def held(developer: Developer) -> Iterator[subprocess.Popen[str]]:
    """A call whose recipe runs until the block is left, with its start recorded; then until its recorder has ended."""
    makefile(developer, "all:;@until test -e go; do sleep 0.02; done; echo done; exit 1\n")
    with subprocess.Popen(
        [MAKE], cwd=developer.project, env=developer.environ, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as make:  # fmt: skip
        try:
            wait_for(developer.records)
            yield make
        finally:
            (developer.project / "go").touch()
    settled(developer)


def test_a_call_is_recorded_with_start_and_end(caller: Developer) -> None:
    agree(caller)
    makefile(caller, "lint test:;@sleep 0.1; exit $(words $(MAKECMDGOALS))\n")
    before = time.time()
    assert call(caller, "-s", "lint").returncode == 2
    start, end = caller.records()
    assert (start["target"], start["project"]) == ("lint", "shop")
    assert before - 0.1 <= float(str(start["time"])) <= time.time()
    assert (end["run"], end["exit"]) == (start["run"], 2)
    assert 0.1 <= float(str(end["duration"])) < 2
    assert float(str(end["cpu"])) > 0
    assert "interrupted" not in end
    assert "parent" not in start


def test_the_recorder_rests_while_make_exits(caller: Developer) -> None:
    """On two cores, the shell that waits for make would wait for the recorder as well."""
    agree(caller)
    call(caller)
    start, end = caller.records()
    assert float(str(end["time"])) - float(str(start["time"])) - float(str(end["duration"])) > 0.004


@pytest.mark.parametrize(
    ("goals", "name"),
    [([], "(default)"), (["a"], "a"), (["b", "a"], "b+a"), (["a", "b", "c", "d"], "(several)"), (["a b"], "a+b")],
)
def test_the_goals_name_the_call(caller: Developer, goals: list[str], name: str) -> None:
    agree(caller)
    makefile(caller, "a b c d a\\ b:;@:\n")
    call(caller, *goals)
    assert [record["target"] for record in caller.records() if record["event"] == "start"] == [name]


def test_git_is_asked_in_the_folder_of_make(caller: Developer) -> None:
    caller.run("git", "init", "-qb", "main")
    caller.run("git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "x")
    caller.project_file(default_branch="main")
    agree(caller)
    with held(caller):
        pass
    assert (caller.records()[0]["branch"], caller.records()[0]["age_days"]) == ("default", 0)


@pytest.mark.parametrize("decision", ["", "decline"])
def test_nothing_is_recorded_without_consent(caller: Developer, decision: str) -> None:
    if decision:
        agree(caller)
        assert caller.devtel("consent", decision).returncode == 0
    kept = caller.kept()
    assert call(caller).stdout == "done\n"
    assert caller.records() == []
    assert {name for name in caller.kept() - kept if not name.startswith("verdicts/")} == set()


def test_an_agreement_to_chosen_targets_does_not_cover_a_call(caller: Developer) -> None:
    caller.grant()
    assert call(caller).stdout == "done\n"
    assert caller.records() == []


def test_the_local_level_records_for_oneself(caller: Developer) -> None:
    assert caller.devtel("consent", "local").returncode == 0
    call(caller)
    assert [record["event"] for record in caller.records("*.local")] == ["start", "end"]


def test_an_agreement_for_another_destination_records_nothing_here(caller: Developer) -> None:
    agree(caller)
    caller.project_file(URL.replace("connections/1", "connections/2"))
    call(caller)
    assert caller.records() == []


@pytest.mark.parametrize("switch", ["DEVTEL_DISABLED", "DO_NOT_TRACK", "CI"])
def test_a_switch_in_the_environment_records_nothing(caller: Developer, switch: str) -> None:
    agree(caller)
    caller.environ[switch] = "1"
    assert call(caller).stdout == "done\n"
    assert caller.records() == []


@pytest.mark.parametrize(("name", "interrupted"), [("SIGINT", True), ("SIGTERM", True), ("SIGKILL", None)])
def test_a_call_that_a_signal_ends_has_an_end(caller: Developer, name: str, interrupted: bool | None) -> None:
    agree(caller)
    with held(caller) as make:
        os.killpg(make.pid, signal.Signals[name])
        make.wait()
    (end,) = caller.ends()
    if make.returncode == 2:  # make, with or without devtel, may see its recipe's death before its own signal
        assert end["exit"] == 2
    elif end["signal"] == signal.Signals[name]:
        assert end.get("interrupted") == interrupted
    else:  # before Linux 6.15 the system does not tell which signal it was
        assert (end["signal"], end["interrupted"]) == (signal.SIGTERM, True)


def test_the_recorder_leaves_the_session_of_make(caller: Developer) -> None:
    agree(caller)
    with held(caller):
        (recorder,) = recorders(caller.home)
        assert os.getsid(recorder) == os.getpgid(recorder) == recorder


def test_the_recorder_speaks_to_nobody(caller: Developer) -> None:
    agree(caller)
    with held(caller):
        (recorder,) = recorders(caller.home)
        descriptors = Path(f"/proc/{recorder}/fd")
        assert {str((descriptors / standard).readlink()) for standard in "012"} == {"/dev/null"}


@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGTSTP"])
def test_signals_to_the_process_group_reach_the_recorder_at_no_moment(caller: Developer, name: str) -> None:
    """It starts in make's process group, with all signals blocked."""
    agree(caller)
    makefile(caller, "all:;@trap '' HUP INT QUIT TERM TSTP; touch started; sleep 1; exit 1\n")
    with subprocess.Popen(
        ["sh", "-c", 'trap "" HUP INT QUIT TERM TSTP; exec "$@"', "sh", MAKE], cwd=caller.project, env=caller.environ,
        stderr=subprocess.DEVNULL, start_new_session=True,
    ) as make:  # fmt: skip
        wait_for(lambda: recorders(caller.home))
        while not caller.records() and make.poll() is None:
            os.killpg(make.pid, signal.Signals[name])
        make.wait()
    settled(caller)
    assert len(caller.ends()) == 1


def test_a_make_that_starts_itself_anew_is_one_run(caller: Developer) -> None:
    agree(caller)
    makefile(caller, "include made.mk\nmade.mk:;@sleep 0.1; echo 'X := 1' > $@\nall:;@echo $(X)$(MAKE_RESTARTS)\n")
    assert call(caller, "all").stdout == "11\n"
    assert [record["event"] for record in caller.records()] == ["start", "end"]
    assert float(str(caller.ends()[0]["duration"])) >= 0.1


def test_a_run_nested_in_a_call_names_it_though_no_variable_does(caller: Developer) -> None:
    agree(caller)
    wait = f"until test -e {caller.state}/calls/$$PPID; do sleep 0.02; done"
    makefile(caller, f"all:;@{wait}; $(DEVTEL) wrap --make=$(MAKE) -- inner\nimpl-inner:;@env | grep DEVTEL_RUN=\n")
    inner = call(caller, f"DEVTEL={DEVTEL}", "--no-print-directory").stdout
    starts = {str(record["target"]): record for record in caller.records() if record["event"] == "start"}
    assert starts["inner"]["parent"] == starts["(default)"]["run"]
    assert inner.startswith(f"DEVTEL_RUN={starts['inner']['run']}:")
    assert list((caller.state / "calls").iterdir()) == []


@pytest.mark.parametrize("fault", ["no python", "no program", "killed", "hangs", "fails"])
def test_a_recorder_that_does_not_work_is_never_noticed(caller: Developer, library: Path, fault: str) -> None:
    agree(caller)
    main = caller.folder / "main.py"
    texts = {"killed": "import os; os.kill(os.getpid(), 9)", "hangs": "import time; time.sleep(3)", "fails": "1/0"}
    main.write_text(texts.get(fault, ""))
    if fault == "no program":
        main.unlink()
    load(caller, library, python="/nonexistent/python" if fault == "no python" else sys.executable, main=str(main))
    began = time.monotonic()
    done = call(caller)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
    assert time.monotonic() - began < 4
    assert caller.records() == []


def test_the_process_of_a_run_is_make_s_own(caller: Developer) -> None:
    """So that a run whose recorder died counts as running while make runs."""
    agree(caller)
    with held(caller) as make:
        assert caller.records()[0]["pid"] == make.pid


def test_a_recorder_that_is_killed_leaves_a_lost_run(caller: Developer) -> None:
    agree(caller)
    with held(caller) as make:
        os.kill(recorders(caller.home)[0], signal.SIGKILL)
    assert make.returncode == 2
    assert [record["event"] for record in caller.records()] == ["start"]


def test_a_full_disk_is_counted_and_never_noticed(caller: Developer) -> None:
    agree(caller)
    shutil.rmtree(caller.state / "journal", ignore_errors=True)
    (caller.state / "journal").write_text("no folder")
    done = call(caller)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
    assert (caller.state / "dropped").read_text().strip("\n0 ") != ""


def test_a_stranger_cannot_end_a_call(caller: Developer) -> None:
    """Every process can send to an abstract address: only make's own message is taken."""
    agree(caller)
    space = Path("/proc").stat().st_dev
    with held(caller) as make, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(b"end 0 1.0 1.0 1", f"\0devtel/{os.geteuid()}/{space}/{make.pid}".ljust(108, "\0"))
        time.sleep(0.1)
        assert caller.ends() == []
    assert [end["exit"] for end in caller.ends()] == [2]


def test_started_by_hand_it_says_who_starts_it(developer: Developer) -> None:
    done = developer.devtel("record-call")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "devtel record-call: only devtel's plug-in for make starts this.\n"


def test_the_recorder_keeps_no_folder_busy(caller: Developer) -> None:
    agree(caller)
    with held(caller):
        link = Path(f"/proc/{recorders(caller.home)[0]}/cwd")
        wait_for(lambda: link.readlink() == Path("/"))


def test_sixty_four_calls_at_once_are_sixty_four_runs(caller: Developer) -> None:
    agree(caller)
    makefile(caller, "%:;@exit 1\n")
    calls = [
        subprocess.Popen([MAKE, f"g{number}"], cwd=caller.project, env=caller.environ, stderr=subprocess.DEVNULL)
        for number in range(64)
    ]
    assert {one.wait(50) for one in calls} == {2}
    settled(caller)
    starts = [record for record in caller.records() if record["event"] == "start"]
    assert sorted(str(start["target"]) for start in starts) == sorted(f"g{number}" for number in range(64))
    assert {end["run"] for end in caller.ends()} == {start["run"] for start in starts}


def in_a_container(*command: str) -> list[str]:
    """The command as process 1 of a PID namespace of its own, as in a container."""
    enter = ["unshare", "--fork", "--pid", "--mount-proc"]
    if shutil.which("unshare") is None or subprocess.run([*enter, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no PID namespace can be made here (unshare)")
    return [*enter, *command]


@pytest.mark.parametrize("status", [0, 2])
def test_make_as_process_1_of_a_container_is_recorded_whole(caller: Developer, status: int) -> None:
    agree(caller)
    started = f"ls {caller.state}/journal/*/*/*.jsonl >/dev/null 2>&1"
    makefile(caller, f"all:;@until {started}; do sleep 0.02; done; exit {status}\n")
    done = caller.run(*in_a_container(MAKE, "all"))
    assert done.returncode == status
    assert [end["exit"] for end in caller.ends()] == [status]


def test_two_containers_on_one_network_are_two_calls(caller: Developer) -> None:
    """Both makes are process 1, and abstract addresses belong to the network."""
    agree(caller)
    makefile(
        caller,
        f"%:;@for n in $$(seq 500); do cat {caller.state}/journal/*/*/*.jsonl | grep -c start | grep -q 2 && exit 2;"
        " sleep .02; done\n",
    )
    goals = ("one", "two")
    calls = [
        subprocess.Popen(in_a_container(MAKE, goal), cwd=caller.project, env=caller.environ, stderr=subprocess.DEVNULL)
        for goal in goals
    ]
    assert [one.wait(20) for one in calls] == [2, 2]
    assert sorted(str(record["target"]) for record in caller.records() if record["event"] == "start") == list(goals)
    assert [end["exit"] for end in caller.ends()] == [2, 2]


def test_make_as_process_1_does_not_wait_for_a_recorder_that_hangs(caller: Developer, library: Path) -> None:
    agree(caller)
    main = caller.folder / "main.py"
    main.write_text("import time; time.sleep(30)")
    load(caller, library, main=str(main))
    command = in_a_container(MAKE)
    began = time.monotonic()
    assert caller.run(*command).stdout == "done\n"
    assert time.monotonic() - began < 5


def test_without_a_null_device_nothing_is_started(caller: Developer) -> None:
    agree(caller)
    script = f"mount -t tmpfs none /dev && {MAKE}"
    enter = ["unshare", "--mount", "--propagation", "private", "sh", "-c"]
    if subprocess.run([*enter, "mount -t tmpfs none /dev"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespace can be made here (unshare)")
    assert caller.run(*enter, script).stdout == "done\n"
    time.sleep(0.3)
    assert caller.records() == []


def test_the_recorder_ignores_what_ends_a_build_and_blocks_no_signal(caller: Developer) -> None:
    agree(caller)
    makefile(caller, "all:;@touch started; until [ -e go ]; do sleep .01; done\n")
    with subprocess.Popen([MAKE], cwd=caller.project, env=caller.environ) as make:
        wait_for(lambda: (caller.project / "started").exists() and caller.records())
        (recorder,) = recorders(caller.home)
        ignored, blocked = mask(recorder, "SigIgn"), mask(recorder, "SigBlk")
        (caller.project / "go").touch()
    assert make.returncode == 0
    names = ("HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "TSTP", "TTIN", "TTOU", "PIPE", "XFSZ")
    assert ignored == {getattr(signal, f"SIG{name}") for name in names}
    assert blocked == set()
    settled(caller)
