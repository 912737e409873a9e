"""A call of make with the plug-in loaded: nothing of it shows, and one start and one end arrive."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.developer import wait_for
from tests.helpers.plugin_project import RECORDER, PluginProject

CPUSETS = ("/sys/fs/cgroup/cpuset", "/sys/fs/cgroup")  # of cgroup version 1, of version 2
BOTH = pytest.mark.parametrize("parallel", ["", "-j8"])


def test_a_call_arrives_with_its_goals_folder_and_end(project: PluginProject) -> None:
    project.write("a b:;@echo $@\n")
    done, end = project.call("a", "b")
    began = project.events()[0]
    assert (done.returncode, done.stdout, done.stderr) == (0, "a\nb\n", "")
    assert (began["event"], began["goals"], began["folder"]) == ("began", "a b", str(project.folder))
    assert (end["event"], end["values"][0]) == ("end", 0)


@pytest.mark.parametrize(("recipe", "status"), [("exit 3", 2), ("true", 0), ("kill -9 $$$$", 2)])
def test_the_end_has_the_status_of_make(project: PluginProject, recipe: str, status: int) -> None:
    project.write(f"all:;@{recipe}\n")
    done, end = project.call()
    assert (done.returncode, end["values"][0]) == (status, status)


def test_a_makefile_with_an_error_ends_with_2(project: PluginProject) -> None:
    project.write("$(error no)\n")
    done, end = project.call()
    assert (done.returncode, end["values"][0]) == (2, 2)


def test_a_full_standard_output_ends_with_1(project: PluginProject) -> None:
    project.write("$(info text)\nall:;@true\n")
    with Path("/dev/full").open("w") as full:
        done, end = project.call(stdout=full, stderr=subprocess.DEVNULL, capture_output=False)
    assert (done.returncode, end["values"][0]) == (1, 1)


def test_a_closed_standard_output_is_no_failure(project: PluginProject) -> None:
    project.write("all:;@:\n")
    command = f"exec {' '.join(project.command())} >&-"
    done = subprocess.run(["sh", "-c", command], cwd=project.folder, env=project.environ(), check=False)
    wait_for(lambda: len(project.events()) == 2)
    assert (done.returncode, project.events()[-1]["values"][0]) == (0, 0)


def test_a_reader_who_has_gone_ends_make_as_ever(project: PluginProject) -> None:
    project.write("all:;@sleep 0.2; echo text; echo text\n")
    reading, writing = os.pipe()
    os.close(reading)
    bare = project.run(bare=True, stdout=writing, stderr=subprocess.DEVNULL, capture_output=False)
    done, end = project.call(stdout=writing, stderr=subprocess.DEVNULL, capture_output=False)
    os.close(writing)
    assert done.returncode == bare.returncode == end["values"][0]


def test_a_short_call_has_its_own_duration_not_that_of_the_recorder(project: PluginProject) -> None:
    project.write("all:;@sleep 0.1\n", "import time\ntime.sleep(0.4)\n" + RECORDER)
    _, end = project.call()
    assert 0.1 <= end["values"][1] - project.events()[0]["at"] < 0.35


def test_the_end_counts_the_time_and_memory_of_recipes(project: PluginProject) -> None:
    burn = f"{sys.executable} -S -c 'x = bytearray(60_000_000); s = sum(range(3_000_000))'"
    project.write(f"all:;@{burn}\n")
    _, end = project.call()
    _, _, cpu, peak = end["values"]
    assert cpu > 0.03
    assert 60_000 < peak < 200_000


def test_a_make_that_starts_itself_anew_is_one_call(project: PluginProject) -> None:
    project.write("include made.mk\nmade.mk:;@sleep 0.1; echo 'X := 1' > $@\nall:;@echo $(X) $(MAKE_RESTARTS)\n")
    done, end = project.call("all")
    time.sleep(0.1)
    assert done.stdout == "1 1\n"
    assert [event["event"] for event in project.events()] == ["began", "end"]
    assert end["values"][1] - project.events()[0]["at"] >= 0.1


def test_a_make_that_starts_itself_anew_before_its_recorder_runs_is_one_call(project: PluginProject) -> None:
    late = "import time\ntime.sleep(0.3)\n" + RECORDER
    project.write("include made.mk\nmade.mk:;@echo 'X := 1' > $@\nall:;@exit 1\n", late)
    done, end = project.call("all")
    assert [event["event"] for event in project.events()] == ["began", "end"]
    assert (done.returncode, end["values"][0]) == (2, 2)


NAMES = ["SIGHUP", "SIGINT", "SIGKILL", "SIGTERM", "SIGSEGV", "SIGABRT", "SIGPIPE", "SIGXCPU"]


@pytest.mark.parametrize("name", NAMES)
def test_a_make_that_a_signal_ended_is_seen_as_killed(project: PluginProject, name: str) -> None:
    project.write("all:;@touch reached; sleep 0.5\n")
    number = signal.Signals[name]
    assert _signalled(project, number, bare=True) == _signalled(project, number) == -number
    wait_for(lambda: len(project.events()) == 2)
    assert project.events()[-1]["event"] == "killed"


def test_after_quit_make_exits_by_itself(project: PluginProject) -> None:
    project.write("all:;@touch reached; sleep 0.5\n")
    assert _signalled(project, signal.SIGQUIT, bare=True) == _signalled(project, signal.SIGQUIT) == 1
    wait_for(lambda: len(project.events()) == 2)
    assert project.events()[-1]["values"][0] == 1


def _signalled(project: PluginProject, number: int, bare: bool = False) -> int:
    """How make ends that gets the signal while its recipe runs."""
    reached = project.folder / "reached"
    reached.unlink(missing_ok=True)
    command = ["sh", "-c", 'ulimit -c 0; exec "$@"', "sh", *project.command(bare=bare)]
    with subprocess.Popen(
        command, cwd=project.folder, env=project.environ(), stderr=subprocess.DEVNULL, start_new_session=True
    ) as make:
        wait_for(reached.exists)
        make.send_signal(number)
        return make.wait(20)


def test_a_recipe_that_forks_make_ends_only_once(project: PluginProject) -> None:
    """`$(shell)` runs in a child of make; one whose program is missing leaves by its own way."""
    project.write("X := $(shell /nonexistent/program; echo 1)\nY := $(shell ./missing)\nall:;@echo $(X)$(Y)\n")
    done, _ = project.call()
    assert done.stdout == "1\n"
    assert [event["event"] for event in project.events()] == ["began", "end"]


def test_a_thousand_recipes_side_by_side_are_as_without_the_plug_in(project: PluginProject) -> None:
    goals = " ".join(f"g{number}" for number in range(1000))
    project.write(f"all: {goals}\n{goals}:;@:\n.PHONY: {goals}\n")
    bare = project.run("-j8", bare=True)
    done, end = project.call("-j8")
    assert (done.returncode, done.stdout, done.stderr) == (bare.returncode, bare.stdout, bare.stderr)
    assert end["values"][0] == 0


@BOTH
def test_recipes_see_the_same_descriptors_signals_and_children(project: PluginProject, parallel: str) -> None:
    looks = (
        "ls /proc/$$$$/fd; readlink /proc/$$PPID/fd/* | sed 's/:.*//'; ls /proc/$$PPID/fd;"
        " cat /proc/$$PPID/task/*/children | wc -w; grep '^Sig[BIC]\\|^ShdPnd' /proc/$$PPID/status; env | sort"
    )
    project.write(f"all:;@{looks}\n")
    flags = [parallel] if parallel else []
    bare = project.run(*flags, bare=True)
    done, _ = project.call(*flags)
    assert _no_numbers(done.stdout) == _no_numbers(bare.stdout)


def _no_numbers(text: str) -> list[str]:
    """The lines, without the process number in the name of the jobserver of make 4.4."""
    return re.sub("GMfifo[0-9]+", "GMfifo", text).splitlines()


@pytest.mark.parametrize("chosen", [None, 1])
def test_make_its_recipes_and_the_recorder_have_the_cores_of_a_plain_call(
    project: PluginProject, chosen: int | None
) -> None:
    cores = sorted(os.sched_getaffinity(0))[:chosen]
    project.write("all:;@grep -h Cpus_allowed: /proc/$$PPID/status /proc/self/status\n")
    choose = (lambda: os.sched_setaffinity(0, cores)) if chosen else None
    bare = project.run(bare=True, preexec_fn=choose)
    done, _ = project.call(preexec_fn=choose)
    assert done.stdout == bare.stdout
    assert project.events()[0]["cores"] == cores


@pytest.fixture
def cpuset() -> Iterator[Path]:
    """A cpuset of one core, to which processes and the other core can be added."""
    try:
        controller = next(Path(name) for name in CPUSETS if (Path(name) / "cpuset.cpus").exists())
        folder = controller / f"devtel-test-{os.getpid()}"
        folder.mkdir()
    except (OSError, StopIteration):
        pytest.skip("no cpuset can be made here")
    try:
        if (folder / "cpuset.mems").read_text().strip() == "":
            (folder / "cpuset.mems").write_text((controller / "cpuset.mems").read_text())
        (folder / "cpuset.cpus").write_text(str(min(os.sched_getaffinity(0))))
        yield folder
        wait_for(lambda: not (folder / "cgroup.procs").read_text())
    finally:
        folder.rmdir()


def test_make_follows_a_change_of_its_cpuset(project: PluginProject, cpuset: Path) -> None:
    project.write(
        "all:;@touch reached; until test -e go; do sleep 0.01; done; grep Cpus_allowed: /proc/$$PPID/status\n"
    )
    enter = f'echo $$ > {cpuset}/cgroup.procs && exec "$@"'
    with subprocess.Popen(
        ["sh", "-c", enter, "sh", *project.command()], cwd=project.folder, env=project.environ(), text=True,
        stdout=subprocess.PIPE,
    ) as make:  # fmt: skip
        wait_for((project.folder / "reached").exists)
        (cpuset / "cpuset.cpus").write_text(",".join(map(str, os.sched_getaffinity(0))))
        (project.folder / "go").touch()
        output, _ = make.communicate(timeout=20)
    assert output.split()[1:] == re.findall(r"Cpus_allowed:\s*(\S+)", Path("/proc/self/status").read_text())
    wait_for(lambda: len(project.events()) == 2)


def test_the_recorder_starts_in_the_root_folder_with_four_descriptors(project: PluginProject) -> None:
    project.write("all:;@sleep 0.1\n")
    with Path("/dev/null").open() as extra:
        os.set_inheritable(extra.fileno(), True)
        project.call(close_fds=False)
    began = project.events()[0]
    listing = 4
    assert began["cwd"] == "/"
    assert began["descriptors"] == [0, 1, 2, 3, listing]
    assert began["argv"] == [str(project.recorder), "record-call", began["argv"][2]]


def test_the_recorder_starts_with_every_signal_blocked(project: PluginProject) -> None:
    project.write("all:;@sleep 0.1\n")
    project.call()
    blocked = int(str(project.events()[0]["blocked"]), 16)
    kept = {signal.SIGKILL, signal.SIGSTOP}  # which nothing blocks
    assert all(blocked >> (number - 1) & 1 for number in signal.valid_signals() - kept)


def test_the_end_of_the_process_group_does_not_end_the_recorder(project: PluginProject) -> None:
    """As a service manager ends all that a unit left behind: first TERM to the group."""
    # The recipe outlives its own signal: make exits by itself where it sees its recipe's end first.
    project.write("all:;@trap 'sleep 0.5; exit 1' TERM; touch reached; sleep 20 & wait\n")
    with subprocess.Popen(
        project.command(), cwd=project.folder, env=project.environ(), start_new_session=True, stderr=subprocess.DEVNULL
    ) as make:
        wait_for(lambda: (project.folder / "reached").exists() and project.events())
        recorder = int(str(project.events()[0]["pid"]))
        os.kill(recorder, signal.SIGTERM)
        os.killpg(make.pid, signal.SIGTERM)
    wait_for(lambda: len(project.events()) == 2)
    assert project.events()[-1]["event"] == "killed"


def test_long_goals_and_odd_goals_arrive_as_one_text(project: PluginProject) -> None:
    project.write("%:;@:\n")
    goals = [f"goal-{number}" for number in range(2000)]
    _, end = project.call(*goals)
    assert end["values"][0] == 0
    assert str(project.events()[0]["goals"]).startswith("goal-0 goal-1 ")
    assert len(str(project.events()[0]["goals"])) == 4096


def test_a_folder_that_is_gone_is_not_recorded(project: PluginProject) -> None:
    project.write("all:;@echo done\n")
    gone = project.folder.parent / "gone"
    gone.mkdir()
    script = f"cd {gone} && rmdir {gone} && exec {project.make} -f {project.folder}/GNUmakefile -I {project.folder}"
    done = subprocess.run(["sh", "-c", script], env=project.environ(), capture_output=True, text=True, check=False)
    assert done.stdout == "done\n"
    time.sleep(0.2)
    assert project.events() == []


@pytest.mark.parametrize("limit", [5, 6, 7, 8, 10, 12, 16])
def test_a_small_limit_of_descriptors_only_costs_the_record(project: PluginProject, limit: int) -> None:
    project.write("all:;@echo done\n")
    outcomes = []
    for bare in (True, False):
        command = f"ulimit -n {limit}; exec {' '.join(project.command(bare=bare))}"
        done = subprocess.run(
            ["bash", "-c", command], cwd=project.folder, env=project.environ(), capture_output=True, check=False
        )
        outcomes.append((done.returncode, done.stdout, done.stderr))
    assert outcomes[0] == outcomes[1]
    time.sleep(0.1)


def test_sixty_four_calls_at_once_are_sixty_four_records(project: PluginProject) -> None:
    project.write("all:;@sleep 0.1; exit $(N)\n")
    calls = [
        subprocess.Popen(
            project.command(f"N={number % 3}"), cwd=project.folder, env=project.environ(), stderr=subprocess.DEVNULL
        )
        for number in range(64)
    ]
    codes = sorted(call.wait(50) for call in calls)
    wait_for(lambda: len(project.events()) == 128)
    ends = sorted(int(event["values"][0]) for event in project.events() if event["event"] == "end")
    assert ends == codes
    assert codes.count(2) == 42


def test_a_large_environment_and_argument_list_is_no_failure(project: PluginProject) -> None:
    project.write("all:;@echo done\n")
    large = project.environ() | {f"V{number}": "x" * 100_000 for number in range(15)}
    done = subprocess.run(project.command(), cwd=project.folder, env=large, capture_output=True, check=False)
    assert done.stdout == b"done\n"


def test_the_makes_of_a_recipe_are_no_calls_of_their_own(project: PluginProject) -> None:
    project.write("all:;@$(MAKE) -f Makefile inner\ninner:;@echo inner\n")
    done, _ = project.call("--no-print-directory")
    assert done.stdout == "inner\n"
    assert len(project.events()) == 2


def test_make_has_nothing_to_do_says_the_same(project: PluginProject) -> None:
    project.write("all:\n")
    assert project.call()[0].stdout.replace("'", "`") == project.run(bare=True).stdout.replace("'", "`")


@pytest.mark.slow
def test_a_signal_at_any_moment_ends_make_as_without_the_plug_in(project: PluginProject) -> None:
    """At 50 moments of the first 25 ms: no other exit codes, and nobody waits."""
    project.write("all:;@sleep 0.1\n")
    moments = [step * 0.0005 for step in range(50)]
    # make itself answers Ctrl-C with 2 now and then: where it sees its recipe's end before its own signal. Without the
    # plug-in too, it crashes where a signal comes while it sets itself up: 6 of 4,800 calls of 4.3 in their first 6 ms.
    crash = -signal.SIGSEGV
    for bare in (True, False):
        codes = [_signalled_after(project, moment, bare) for moment in moments]
        assert set(codes) <= {-signal.SIGINT, 0, 2, crash}
        assert codes.count(crash) <= 2


def _signalled_after(project: PluginProject, seconds: float, bare: bool) -> int:
    with subprocess.Popen(
        project.command(bare=bare), cwd=project.folder, env=project.environ(), stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as make:  # fmt: skip
        time.sleep(seconds)
        os.killpg(make.pid, signal.SIGINT)
        return make.wait(10)
