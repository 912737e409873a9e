"""Clocks that jump, midnight, summer time, time zones, and dates that have not come yet."""

import json
import shutil
from datetime import date, datetime, timedelta

import pytest

from tests.helpers import tools
from tests.helpers.developer import DEVTEL, Developer
from tests.helpers.file_damage import TODAY, YESTERDAY
from tests.helpers.held_build import sent_runs, write_makefile
from tests.helpers.report_endpoint import Endpoint

# make, as the wrapper starts it: with the real clock, and free to set the wrapper's.
MAKE = """\
#!/bin/sh
unset LD_PRELOAD FAKETIME_TIMESTAMP_FILE FAKETIME_NO_CACHE
{act}
"""
BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"  # Europe/Berlin, also where no zone files are installed


@pytest.fixture
def worker(developer: Developer, endpoint: Endpoint) -> Developer:
    developer.project_file(endpoint.url)
    developer.grant()
    write_makefile(developer)
    return developer


def libfaketime() -> str:
    """The library that fakes the clock; skips the test where it is not installed."""
    found = tools.find("faketime/libfaketime.so.1")
    if not found or shutil.which("faketime") is None:
        pytest.skip("libfaketime is not installed (Debian: apt-get install faketime)")
    return str(found[0])


class Clock:
    """The wall clock of the wrapper, and of nobody else: a file that the make it runs may write."""

    def __init__(self, developer: Developer, zone: str = "UTC") -> None:
        self.developer = developer
        self.file = developer.folder / "clock"
        self.environ = {
            **developer.environ,
            "TZ": zone,
            "LD_PRELOAD": libfaketime(),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def run(self, start: str, end: str) -> None:
        """A run of a bit more than 0.2 s at whose start the clock says `start`, and at whose end `end`."""
        self.file.write_text(f"@{start}")
        make = self.developer.folder / "make"
        act = f"sleep 0.2; echo '@{end}' > {self.file}.new; mv {self.file}.new {self.file}"
        make.write_text(MAKE.format(act=act))
        make.chmod(0o755)
        done = self.developer.run(DEVTEL, "wrap", "--make", str(make), "work", env=self.environ)
        assert (done.returncode, done.stderr) == (0, "")


def the_run(developer: Developer) -> tuple[dict[str, object], dict[str, object], str]:
    """Start, end, and the date of the one file that holds both."""
    (file,) = developer.state.glob("journal/*/*/*.jsonl")
    start, end = developer.records()
    return start, end, file.stem


@pytest.mark.parametrize("jump", [timedelta(hours=3), timedelta(days=-400)])
def test_a_duration_is_right_when_the_clock_jumps(worker: Developer, jump: timedelta) -> None:
    noon = datetime(TODAY.year, TODAY.month, TODAY.day, 12)  # noqa: DTZ001  libfaketime reads the local time
    Clock(worker).run(str(noon), str(noon + jump))
    start, end, day = the_run(worker)
    assert 0.15 <= float(str(end["duration"])) < 5
    assert abs(float(str(end["time"])) - float(str(start["time"])) - jump.total_seconds()) < 60
    assert day == TODAY.isoformat()


def test_a_run_over_midnight_belongs_to_the_day_of_its_start(worker: Developer, endpoint: Endpoint) -> None:
    Clock(worker).run(f"{YESTERDAY} 23:59:58", f"{TODAY} 00:00:02")
    assert the_run(worker)[2] == YESTERDAY.isoformat()
    worker.devtel("flush")
    body = json.loads(endpoint.requests[0].body)
    assert (body["date"], body["metrics"]["active_hours"]) == (YESTERDAY.isoformat(), 1)
    assert sent_runs(endpoint.requests) == {YESTERDAY.isoformat(): [1]}


CHANGES = {
    "to summer time": (date(2026, 3, 29), "01:59:59", "03:00:01", 3600, 7200),
    "to winter time": (date(2026, 10, 25), "01:30:00", "04:00:00", 7200, 3600),
}


@pytest.mark.parametrize(("day", "start", "end", "before", "after"), CHANGES.values(), ids=CHANGES)
def test_a_run_over_a_change_of_the_clock_adds_up(
    worker: Developer, day: date, start: str, end: str, before: int, after: int
) -> None:
    Clock(worker, BERLIN).run(f"{day} {start}", f"{day} {end}")
    first, last, its_day = the_run(worker)
    assert (first["offset"], last["offset"], its_day) == (before, after, day.isoformat())
    assert 0.15 <= float(str(last["duration"])) < 5


def sent_under(developer: Developer, endpoint: Endpoint, zone: str) -> list[bytes]:
    """The bodies of a flush in a time zone."""
    endpoint.requests.clear()
    assert developer.devtel("flush", env={**developer.environ, "TZ": zone}).returncode == 0
    return [request.body for request in endpoint.requests]


def test_another_time_zone_sends_the_same_bytes(worker: Developer, endpoint: Endpoint) -> None:
    worker.add_runs(YESTERDAY - timedelta(days=1), 3)
    preview = [
        worker.devtel("flush", "--dry-run", env={**worker.environ, "TZ": zone}).stdout
        for zone in ("UTC", BERLIN, "XXX-14")
    ]
    assert len(set(preview)) == 1
    assert [preview[0].encode()] == [body + b"\n" for body in sent_under(worker, endpoint, "XXX-14")]
    assert sent_under(worker, endpoint, "XXX12") == []


def test_a_day_that_has_not_come_waits_for_it_and_holds_back_no_other(worker: Developer, endpoint: Endpoint) -> None:
    future = TODAY + timedelta(days=3)
    worker.add_runs(future, 2)
    worker.add_runs(YESTERDAY)
    assert worker.devtel("flush", "--verbose").returncode == 0
    assert sent_runs(endpoint.requests) == {YESTERDAY.isoformat(): [1]}
    assert f"{future} is in the future" in str(worker.status()["troubles"])


def test_a_day_that_has_come_is_told(worker: Developer, endpoint: Endpoint) -> None:
    tomorrow = TODAY + timedelta(days=1)
    worker.add_runs(tomorrow, 2)
    worker.devtel("flush")
    assert endpoint.requests == []
    libfaketime()
    worker.run("faketime", f"{tomorrow} 12:00:00", DEVTEL, "flush")
    assert sent_runs(endpoint.requests) == {tomorrow.isoformat(): [2]}


def test_records_of_the_future_in_a_file_of_today_count_as_what_they_are(worker: Developer, endpoint: Endpoint) -> None:
    later = datetime.now().astimezone() + timedelta(days=800)
    worker.add_runs(YESTERDAY)
    (file,) = worker.state.glob(f"journal/*/*/{YESTERDAY}.jsonl")
    lines = [json.loads(line) for line in file.read_text().splitlines() if line]
    file.write_text("".join(json.dumps({**line, "time": later.timestamp()}) + "\n" for line in lines))
    worker.devtel("flush")
    assert sent_runs(endpoint.requests) == {YESTERDAY.isoformat(): [1]}
    assert worker.status()["damaged_records"] == 0


def test_a_flush_under_a_clock_that_is_ahead_gives_nothing_up_for_good(worker: Developer, endpoint: Endpoint) -> None:
    libfaketime()
    worker.add_runs(YESTERDAY, 2)
    worker.run("faketime", f"{TODAY + timedelta(days=200)} 12:00:00", DEVTEL, "flush")
    assert endpoint.requests == []
    assert worker.status()["days_expired"] == [YESTERDAY.isoformat()]
    worker.devtel("flush")
    assert sent_runs(endpoint.requests) == {YESTERDAY.isoformat(): [2]}


def test_a_clock_that_went_back_holds_no_run_back(worker: Developer, endpoint: Endpoint) -> None:
    Clock(worker).run(f"{TODAY} 12:00:00", f"{YESTERDAY} 12:00:00")
    worker.devtel("flush")
    assert sent_runs(endpoint.requests) == {TODAY.isoformat(): [1]}
