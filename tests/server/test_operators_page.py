"""The commands of docs/operators.md are run as they stand, but for the tests' own addresses and names.

tests/docs/test_commands.py runs the commands of devtel in blocks, with those of the other pages.
"""

import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import tomllib
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from devtelemetry_cli.client import settings_reference
from tests.helpers import pages
from tests.helpers.databases import Store, database
from tests.helpers.db_server import new_database
from tests.helpers.developer import DEVTEL
from tests.helpers.report_server import TODAY, environment, start_server, token_file

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/operators.md").read_text()
PROGRAMS = ("pip", "devtel", "sqlite3", "pg_dump", "pg_restore", "mariadb", "mariadb-dump")
UNIT = (ROOT / "examples/operate/devtel.service").read_text()

# What is shown and not run, and why.
NOT_RUN = {
    "devtel serve --withdraw-developer ID": "team/test_withdrawal.py runs it",
    "devtel digest": "api/test_digest.py runs it",
    "pip install '.[server]'": "make release installs the wheel; the extras are compared below",
}
RUN_HERE = {
    "devtel serve --migrate-only",
    'sqlite3 reports.db ".backup /backup/reports.db"',
    "pg_dump -Fc devtel > devtel.dump",
    "pg_restore -d devtel devtel.dump",
    "mariadb-dump --single-transaction devtel > devtel.sql",
    "mariadb devtel < devtel.sql",
}


def shown() -> set[str]:
    """Every command with arguments that the page shows, on a line of its own or within a sentence."""
    code = re.findall(r"`([^`\n]+)`", PAGE) + [line for line in PAGE.splitlines() if line.startswith(PROGRAMS)]
    commands = {re.split(r"\s{2,}#?", line)[0] for line in code}
    return {one for one in commands if one.partition(" ")[0] in PROGRAMS and " " in one and one != "devtel serve"}


def by_the_other_pages_test() -> set[str]:
    return {re.split(r"\s{2,}#?", line)[0] for line in PAGE.splitlines() if line.startswith("devtel ")}


def test_every_command_that_is_shown_is_run_or_named_with_a_reason() -> None:
    assert shown() - by_the_other_pages_test() == RUN_HERE | NOT_RUN.keys()


def test_the_extras_that_are_installed_are_those_of_the_package() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = set(re.findall(r"'\.\[(\w+)\]'|add \[(\w+)\] or \[(\w+)\]", PAGE)[0]) | {"postgresql", "mysql"}
    assert named - {""} <= extras.keys()


def reports(url: str) -> int:
    """How many reports a database holds."""
    return int(Store(url).select("SELECT count(*) AS found FROM devtel_reports")[0]["found"])


def filled(url: str, home: Path) -> None:
    """Store one report there through a server."""
    with start_server(home, database=url) as server:
        path = server.connect()
        metrics = {"active_hours": 1, "schema": 1, "revision": 1, "targets": []}
        answer = server.client.post(
            f"{path}/report", json={"date": TODAY.isoformat(), "developer": "d-1", "metrics": metrics}
        )
        assert answer.status_code == 200, answer.text


def shell(command: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """A command as an operator types it."""
    program = command.partition(" ")[0]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    return subprocess.run(
        ["sh", "-c", command], cwd=folder, env=environment(folder) | more, capture_output=True, text=True, check=False
    )


def named(command: str, name: str) -> str:
    """The page's command about the database `name`."""
    assert command in RUN_HERE, command
    return re.sub(r"(?<= )devtel(?= |$)", name, command)


def test_the_event_of_the_page_is_accepted(tmp_path: Path) -> None:
    (command,) = (one.text for one in pages.commands("docs/operators.md") if one.text.startswith("curl "))
    token_file(tmp_path, "the-admins-own-token").rename(tmp_path / "admin.token")
    with start_server(tmp_path, "--admin-token-file", tmp_path / "admin.token") as server:
        address = str(server.client.base_url)
        done = shell(command.replace("https://devtel.example.com", address.rstrip("/")), tmp_path)
        assert (done.returncode, json.loads(done.stdout)["text"]) == (0, "cache moved to S3")


def test_migrating_alone_ends_well(tmp_path: Path) -> None:
    done = shell(f"{shlex.quote(DEVTEL)} serve --migrate-only", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "devtel").exists()


def test_a_backup_of_sqlite_is_whole_while_the_server_runs(tmp_path: Path) -> None:
    command = 'sqlite3 reports.db ".backup /backup/reports.db"'
    assert command in RUN_HERE
    filled(f"sqlite:///{tmp_path}/reports.db", tmp_path)
    (tmp_path / "backup").mkdir()
    done = shell(command.replace("/backup", f"{tmp_path}/backup"), tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    with closing(sqlite3.connect(tmp_path / "backup/reports.db")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert reports(f"sqlite:///{tmp_path}/backup/reports.db") == 1


@pytest.mark.parametrize(
    ("kind", "dump", "restore"),
    [
        ("postgresql", "pg_dump -Fc devtel > devtel.dump", "pg_restore -d devtel devtel.dump"),
        ("mariadb", "mariadb-dump --single-transaction devtel > devtel.sql", "mariadb devtel < devtel.sql"),
    ],
)
def test_what_is_dumped_is_restored(
    kind: str, dump: str, restore: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with database(kind, tmp_path_factory) as url:
        filled(url, tmp_path)
        to = make_url(url)
        login = log_in(kind, url, tmp_path)
        done = shell(named(dump, str(to.database)), tmp_path, **login)
        assert (done.returncode, done.stderr) == (0, "")
        with new_database(url) as anew:
            done = shell(named(restore, str(make_url(anew).database)), tmp_path, **login)
            assert (done.returncode, done.stderr) == (0, "")
            assert reports(anew) == 1


def log_in(kind: str, url: str, home: Path) -> dict[str, str]:
    """The environment for the database's own programs to find the tests' server, which the page leaves open."""
    to = make_url(url)
    login = {"host": to.host or "", "port": str(to.port), "user": to.username or "", "password": str(to.password or "")}
    if kind == "postgresql":
        return {f"PG{name.upper()}": value for name, value in login.items() if value}
    lines = ["[client]", "protocol = tcp", *(f"{name} = {value}" for name, value in login.items() if value)]
    (home / ".my.cnf").write_text("\n".join(lines) + "\n")
    return {"MYSQL_HOME": str(home)}


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    (tmp_path / "environment").touch(0o600)
    unit = UNIT.replace("/opt/devtel/bin/devtel", DEVTEL).replace("/etc/devtel/", f"{tmp_path}/")
    (tmp_path / "devtel.service").write_text(unit)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / "devtel.service")],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "devtel.service" not in done.stderr, done.stderr


def test_the_unit_starts_a_server_that_ends_with_0_when_it_is_stopped(tmp_path: Path) -> None:
    (started,) = re.findall(r"^ExecStart=/opt/devtel/bin/devtel (.*)$", UNIT, re.MULTILINE)
    (settings,) = re.findall(r"^Environment=(.*)$", UNIT, re.MULTILINE)
    token_file(tmp_path, "the-admins-own-token").rename(tmp_path / "admin")
    environ = environment(tmp_path) | dict(word.split("=", 1) for word in settings.split())
    environ |= {"DEVTEL_ADMIN_TOKEN_FILE": environ["DEVTEL_ADMIN_TOKEN_FILE"].replace("%d", str(tmp_path))}
    environ |= {"DEVTEL_HOME": str(tmp_path / "home"), "DEVTEL_SERVE_PORT": "0"}
    with subprocess.Popen([DEVTEL, *shlex.split(started)], env=environ, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            first = server.stderr.readline()
            assert "listening on http://127.0.0.1:" in first
        finally:
            server.terminate()
    assert server.returncode == 0


def test_every_variable_that_the_unit_sets_is_a_setting() -> None:
    listed = settings_reference.names(settings_reference.ENVIRONMENT)
    assert set(re.findall(r"DEVTEL_[A-Z_]+", UNIT)) <= listed
    assert os.path.isabs(re.findall(r"DEVTEL_HOME=(\S+)", UNIT)[0])  # noqa: PTH117  a path of another machine
