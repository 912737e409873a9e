"""Every day at a local time, right across clock changes."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtelemetry_cli.cli.devlake.output import log_errors
from devtelemetry_cli.devlake.sync import daily
from devtelemetry_cli.errors import ConfigurationError, TryLaterError
from tests.helpers.devlake_operator import NOW, FakeClock

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ["Asia/Ho_Chi_Minh", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]


def _next(after: str, at: str, zone: str) -> str:
    moment = daily.next_occurrence(datetime.fromisoformat(after), time.fromisoformat(at), ZoneInfo(zone))
    return moment.strftime("%Y-%m-%dT%H:%MZ")


@pytest.mark.parametrize(
    ("after", "at", "zone", "expected"),
    [
        ("2026-11-22T10:59Z", "18:00", "Asia/Ho_Chi_Minh", "2026-11-22T11:00Z"),
        ("2026-11-22T11:00Z", "18:00", "Asia/Ho_Chi_Minh", "2026-11-23T11:00Z"),
        ("2026-03-28T12:00Z", "18:00", "Europe/Berlin", "2026-03-28T17:00Z"),
        ("2026-03-28T18:00Z", "18:00", "Europe/Berlin", "2026-03-29T16:00Z"),  # 23 clock later
        ("2026-10-24T16:00Z", "18:00", "Europe/Berlin", "2026-10-25T17:00Z"),  # 25 clock later
        ("2026-03-28T12:00Z", "02:30", "Europe/Berlin", "2026-03-29T01:30Z"),  # does not exist: 03:30 shows then
        ("2026-03-29T01:30Z", "02:30", "Europe/Berlin", "2026-03-30T00:30Z"),
        ("2026-10-24T12:00Z", "02:30", "Europe/Berlin", "2026-10-25T00:30Z"),  # exists twice: the first
        ("2026-10-25T00:30Z", "02:30", "Europe/Berlin", "2026-10-26T01:30Z"),  # not the second
    ],
)
def test_the_next_occurrence_is_a_clock_face_and_not_a_distance(after: str, at: str, zone: str, expected: str) -> None:
    assert _next(after, at, zone) == expected


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001  made aware below
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.sampled_from(ZONES),
)
def test_each_local_day_has_one_occurrence(after: datetime, at: time, zone: str) -> None:
    where = ZoneInfo(zone)
    first = daily.next_occurrence(after.replace(tzinfo=UTC), at, where)
    second = daily.next_occurrence(first, at, where)
    days = (second.astimezone(where).date() - first.astimezone(where).date()).days
    assert days == 1
    assert timedelta(hours=21) <= second - first <= timedelta(hours=27)


def test_work_is_done_each_day_and_never_twice_for_one() -> None:
    clock, done = FakeClock(), []

    def work() -> None:
        done.append(datetime.fromtimestamp(clock.now, UTC).strftime("%d %H:%M"))
        if len(done) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        daily.every_day(work, lambda _due: None, time(18), ZoneInfo("Asia/Ho_Chi_Minh"), clock.clock())
    assert done == ["22 11:00", "23 11:00", "24 11:00"]


def test_a_clock_that_is_set_back_a_little_gives_no_day_twice() -> None:
    clock = FakeClock()
    due: list[datetime] = []

    def work() -> None:
        clock.now -= 90
        if len(due) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        daily.every_day(work, due.append, time(18), ZoneInfo("UTC"), clock.clock())
    assert [moment.day for moment in due] == [22, 23, 24]


def test_a_clock_that_was_wrong_by_years_holds_nothing_up() -> None:
    clock = FakeClock(now=NOW + 400 * 86400)
    due: list[datetime] = []

    def work() -> None:
        clock.now = NOW
        if len(due) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        daily.every_day(work, due.append, time(18), ZoneInfo("UTC"), clock.clock())
    assert due[1] == datetime(2026, 11, 22, 18, tzinfo=UTC)


def test_an_occurrence_during_the_work_is_left_out() -> None:
    clock = FakeClock()
    due: list[datetime] = []

    def work() -> None:
        clock.now += 30 * 3600
        if len(due) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        daily.every_day(work, due.append, time(18), ZoneInfo("UTC"), clock.clock())
    assert [moment.day for moment in due] == [22, 24]


def test_a_machine_that_slept_notices_within_half_a_minute() -> None:
    clock = FakeClock()
    daily.wait_until(datetime.fromtimestamp(NOW + 3600, UTC), clock.clock())
    assert max(clock.waits) == daily.LONGEST_NAP
    assert clock.now == NOW + 3600


def test_a_day_that_fails_does_not_end_the_days(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise TryLaterError("A sync of this DevLake is still running.")

    def fill() -> int:
        raise OSError(28, "No space left on device", "/state")

    log_errors(fail)
    log_errors(fill)
    assert capsys.readouterr().err == (
        "devtel: A sync of this DevLake is still running.\ndevtel: /state: No space left on device.\n"
    )


@pytest.mark.parametrize("text", ["", "18", "18:0", "24:00", "18:60", "-1:00", "\u0660\u0661:\u0660\u0660", "18:00:00"])
def test_invalid_times_of_day_are_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  it is the only one
        daily.daily_time(text)


@pytest.mark.parametrize("name", ["", "Europe", "Nowhere/City", "/etc/passwd", "..", "a\0b"])
def test_unknown_zones_are_refused(name: str) -> None:
    with pytest.raises(ConfigurationError):
        daily.zone(name)
