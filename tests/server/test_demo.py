"""`devtel serve --demo`: pages full of made-up data, and nothing left of it."""

from pathlib import Path

import pytest

from tests.helpers.report_server import run, start_server


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
        assert list(tmp_path.glob("devtel-demo-*/reports.db"))
        assert server.stop() == 0
        assert "making up a team's reports" in server.log.read_text()
    assert list(tmp_path.iterdir()) == [home]
    assert not (home / "devtel" / "reports.db").exists()


def test_the_demonstration_never_fills_a_database_of_yours(tmp_path: Path) -> None:
    ended = run(tmp_path, "--demo", "--database", f"sqlite:///{tmp_path}/mine.db")
    assert ended.returncode != 0
    assert "--demo makes a database of its own" in ended.stderr
    assert not (tmp_path / "mine.db").exists()
