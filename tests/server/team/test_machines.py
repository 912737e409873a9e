"""Kinds of machines: one division in groups of at least k developers, of which only ratios are shown."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devtelemetry_cli.model.histogram import bucket
from devtelemetry_cli.server.team import profile
from devtelemetry_cli.server.team.machines import Kind, Machine, MachineRows, over_weeks, together
from devtelemetry_cli.server.team.machines_page import label
from tests.helpers.team_factory import MONDAY, Runs, Team

BASE = 64


class Row(NamedTuple):
    """A row of a cell with its machine."""

    person: str
    os: str = "linux"
    architecture: str = "x86_64"
    memory_gib: int = 16
    cores: int = 8
    project: str = "shop"
    target: str = "test"


def counters(seconds: float = 10, runs: float = 20, failures: float = 0) -> dict[str, float]:
    return {"runs": runs, "failures": failures, f"d:{bucket(seconds)}": runs}


def kinds(*rows: tuple[Row, dict[str, float]], k: int = 3) -> dict[Machine, Kind]:
    collected = MachineRows()
    for row, measures in rows:
        collected.add(row, measures)
    return {it.machine: it for it in collected.kinds(k)}


def group(
    people: str, seconds: float = 10, failures: float = 0, **machine: object
) -> list[tuple[Row, dict[str, float]]]:
    """A row for each developer, a letter, on this machine."""
    return [(Row(person, **machine), counters(seconds, 20, failures)) for person in people]  # type: ignore[arg-type]


def test_durations_are_compared_with_those_of_the_same_targets() -> None:
    found = kinds(
        *group("abc", 10, memory_gib=32),
        *group("def", 40, memory_gib=8),
        *group("abc", 1000, memory_gib=32, target="slow"),  # which the small machines never run
    )
    large, small = found[Machine("linux x86_64", 32, 8)], found[Machine("linux x86_64", 8, 8)]
    assert small.duration_ratio == 2  # geometric: 40 against sqrt(10 * 40)
    assert large.duration_ratio == 0.7  # half of its runs as long as the mean, half half as long
    assert {label(it) for it in found} == {"linux x86_64, 32 GiB, 8 cores", "linux x86_64, 8 GiB, 8 cores"}


def test_failures_are_compared_with_those_of_the_same_targets() -> None:
    found = kinds(*group("abc", failures=2, cores=4), *group("def", failures=6, cores=16))
    assert {it.cores: kind.failure_ratio for it, kind in found.items()} == {4: 0.5, 16: 1.5}


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        (group("ab"), set()),
        (group("abc"), {Machine("linux x86_64", 16, 8)}),
        (group("abc") + group("de", os="darwin"), {Machine("")}),
        (
            group("abc") + group("def", os="darwin") + group("g", os="freebsd"),
            {Machine("linux x86_64", 16, 8), Machine("")},
        ),
        (
            group("abcd") + group("efg", os="darwin") + group("hij", os="freebsd") + group("k", os="aix"),
            {Machine("linux x86_64", 16, 8), Machine("freebsd x86_64", 16, 8), Machine("")},
        ),
        (group("abc", memory_gib=32) + group("de", memory_gib=8), {Machine("linux x86_64")}),
        (group("abc", cores=4) + group("de", cores=8), {Machine("linux x86_64", 16)}),
        (group("abc", memory_gib=0) + group("def"), {Machine("linux x86_64"), Machine("linux x86_64", 16, 8)}),
        (group("abc", os="", architecture="") + group("def"), {Machine(""), Machine("linux x86_64", 16, 8)}),
    ],
)
def test_kinds_of_fewer_than_k_developers_are_together(
    rows: list[tuple[Row, dict[str, float]]], shown: set[Machine]
) -> None:
    assert set(kinds(*rows)) == shown


MACHINES = st.tuples(st.sampled_from(["linux", "darwin", ""]), st.sampled_from([0, 8, 32]), st.sampled_from([4, 16]))


@settings(deadline=None, max_examples=60)
@given(people=st.lists(MACHINES, max_size=9), k=st.integers(2, 4))
def test_no_union_or_difference_of_kinds_is_about_fewer_than_k_developers(
    people: list[tuple[str, int, int]], k: int
) -> None:
    """Each developer's runs are a digit of their own: the digits of a sum are the developers that it is about."""
    rows = [
        (Row(str(number), os=os, memory_gib=memory, cores=cores), counters(runs=float(BASE**number)))
        for number, (os, memory, cores) in enumerate(people)
    ]
    completed = [int(kind.completed) for kind in kinds(*rows, k=k).values()]
    everybody = sum(BASE**number for number in range(len(people)))
    assert sum(completed) == (everybody if len(people) >= k else 0)
    for size in range(1, len(completed) + 1):
        for some in combinations(completed, size):
            assert _digits(sum(some)) >= k
            assert _digits(everybody - sum(some)) == 0 or _digits(everybody - sum(some)) >= k


def _digits(number: int) -> int:
    return sum(bool(number // BASE**digit % BASE) for digit in range(12))


def test_ratios_are_rounded_and_need_enough_runs() -> None:
    kind = Kind(Machine("linux"), 3, 19, 3.0, 5.0, 4.0)
    assert (kind.duration_ratio, kind.failure_ratio) == (None, None)
    kind = Kind(Machine("linux"), 3, 100, 31.0, 5.0, 0.9)
    assert (kind.duration_ratio, kind.failure_ratio) == (1.35, None)


def test_connections_are_added_and_weeks_take_the_fullest() -> None:
    one, other = Kind(Machine("linux"), 3, 20, 1.0, 2.0, 3.0), Kind(Machine("linux"), 6, 30, 2.0, 3.0, 4.0)
    assert together([one, other]) == Kind(Machine("linux"), 9, 50, 3.0, 5.0, 7.0)
    assert over_weeks([one, other]) == Kind(Machine("linux"), 6, 50, 3.0, 5.0, 7.0)


@pytest.fixture
def team(url: str) -> Iterator[Team]:
    team = Team.at(url)
    yield team
    team.database.close()


def test_machines_are_published_once_when_the_week_is_settled(team: Team) -> None:
    for developer in range(7):
        system = "Linux" if developer < 4 else "darwin"
        team.environments[developer] = {"os": system, "architecture": "arm64", "cores": 8, "memory_gib": 16}
        team.report(Runs(developer))
    team.publish()
    assert _stored(team) == []
    team.forget(6)
    team.publish(11)
    assert _stored(team) == [("", 6)]  # two with darwin are left, so that all are together
    team.report(*(Runs(i, day=1) for i in range(4)))
    team.publish(12)
    assert _stored(team) == [("", 6)]


def _stored(team: Team) -> list[tuple[str, int]]:
    found = team.database.read(profile.read(MONDAY, MONDAY + timedelta(weeks=1), team.k))
    return [(kind.machine.platform, kind.developers) for one in found for kind in one.profile.machines]
