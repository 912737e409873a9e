"""`devtel serve --dashboards`: the Grafana dashboards, written from the installed package."""

import json
from pathlib import Path

from tests.helpers.grafana import FOLDER
from tests.helpers.report_server import run

NAMES = [f"devtel{board}-{kind}.json" for board in ("-dora", "") for kind in ("mysql", "postgresql")]


def test_the_dashboards_are_written_into_a_new_folder(tmp_path: Path) -> None:
    folder = tmp_path / "grafana" / "boards"
    done = run(tmp_path, "--dashboards", folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [str(folder / name) for name in NAMES]
    for name in NAMES:
        assert (folder / name).read_bytes() == (FOLDER / name).read_bytes()
        assert json.loads((folder / name).read_text())["panels"]


def test_an_older_dashboard_is_replaced_and_other_files_stay(tmp_path: Path) -> None:
    for name in ("devtel-mysql.json", "mine.json"):
        (tmp_path / name).write_text("{}")
    assert run(tmp_path, "--dashboards", tmp_path).returncode == 0
    assert (tmp_path / "devtel-mysql.json").read_bytes() == (FOLDER / "devtel-mysql.json").read_bytes()
    assert (tmp_path / "mine.json").read_text() == "{}"


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run(tmp_path, "--dashboards", tmp_path / "file" / "boards")
    assert (done.returncode, done.stderr) == (1, f"devtel: {tmp_path}/file/boards: Not a directory.\n")
