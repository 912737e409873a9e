"""`devtel serve --demo`: pages full of made-up data, and nothing left of it."""

import socket
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.report_server import ReportServer, run, start_server


@pytest.mark.slow
def test_the_demonstration_is_marked_on_every_page_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    home = tmp_path / "home"
    home.mkdir()
    with start_server(home, "--demo") as server:
        for path in ("/", "/target?project=shop&target=test"):
            assert "every number here was made up" in server.client.get(path).raise_for_status().text
        rows = server.client.get("/devtel/v1/team-metrics").raise_for_status().json()["rows"]
        assert {row["project"] for row in rows} == {"shop", "search", "billing"}
        tells_its_story(server)
        assert list(tmp_path.glob("devtel-demo-*/reports.db"))
        assert server.stop() == 0
        assert "making up a year of a team's reports" in server.log.read_text()
    assert list(tmp_path.iterdir()) == [home]
    assert not (home / "devtel" / "reports.db").exists()


def tells_its_story(server: ReportServer) -> None:
    """Each part of the pages has something to show: a slowdown, a fix, an event, machines, versions, a year."""

    def read(path: str) -> Any:
        return server.client.get(f"/devtel/v1/{path}").raise_for_status().json()

    week = read("digest")
    assert "dev.up" in [one["target"] for one in week["slower"]]
    assert "lint" in [one["target"] for one in week["faster"]]
    assert [event["text"] for event in week["events"]] == ["the base image was updated"]
    assert len(read("adoption")["weeks"]) > 50
    assert set(read("adoption")["versions"]["devtel"]) == {"0.1.0", "0.2.0"}
    ratios = [one["duration_ratio"] for one in read("machines")["rows"]]
    assert (min(ratios) < 0.9, max(ratios) > 1.3) == (True, True)
    text = server.client.get("/target?project=shop&target=dev.up").text
    assert "the base image was updated" in text
    assert "slower: " in text
    assert "GiB" in server.client.get("/machines").text
    assert "was updated" in server.client.get("/events").text


def test_the_port_is_taken_before_data_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = run(tmp_path, "--demo", "--port", taken.getsockname()[1])
    assert ended.returncode == 78
    assert "making up" not in ended.stderr
    assert "cannot be listened on" in ended.stderr


def test_the_demonstration_never_fills_a_database_of_yours(tmp_path: Path) -> None:
    ended = run(tmp_path, "--demo", "--database", f"sqlite:///{tmp_path}/mine.db")
    assert ended.returncode != 0
    assert "--demo makes a database of its own" in ended.stderr
    assert not (tmp_path / "mine.db").exists()
