"""From `make` to a row: the example's targets at a terminal, a flush as under cron, the rows read by SQL."""

import json
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest

from tests.helpers.developer import DEVTEL, Developer, wait_for

EXAMPLES = Path(__file__).parent.parent / "examples"


@contextmanager
def serving(developer: Developer, database: Path, token: Path) -> Iterator[str]:
    """`devtel serve` with one connection that requires a token; yields its report URL."""
    where = ["--database", f"sqlite:///{database}"]
    path = developer.devtel("serve", *where, "--add-connection", "shop", "--token-file", str(token)).stdout.strip()
    log = developer.folder / "server.log"
    with log.open("w") as file:
        server = subprocess.Popen([DEVTEL, "serve", *where, "--port", "0"], env=developer.environ, stderr=file)
    try:
        wait_for(lambda: "listening on" in log.read_text())
        found = re.search(r"listening on (\S+)", log.read_text())
        assert found
        yield f"{found[1]}{path}"
    finally:
        server.terminate()
        assert server.wait(20) == 0


@pytest.fixture
def token(developer: Developer) -> Path:
    """A token in a file."""
    file = developer.folder / "token"
    file.touch(0o600)
    file.write_text("a-token-of-the-team\n")
    return file


@pytest.fixture
def shop(developer: Developer) -> Developer:
    """A developer whose project is the example."""
    shutil.copytree(
        EXAMPLES, developer.project, dirs_exist_ok=True, ignore=shutil.ignore_patterns("build", "__pycache__")
    )
    developer.run("git", "init", "-q", "-b", "main")
    developer.run("git", "add", ".")
    developer.run("git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "The shop")
    return developer


def report_to(shop: Developer, url: str) -> None:
    """Let the example's `.devtel.toml` name this address."""
    file = shop.project / ".devtel.toml"
    file.write_text(
        re.sub("^report_url = .*", f'report_url = "{url}"\ndefault_branch = "main"', file.read_text(), flags=re.M)
    )
    assert shop.devtel("makefile").returncode == 0


def at_the_terminal(shop: Developer, goal: str, answers: dict[str, str] | None = None) -> int:
    """Run make at a pseudo-terminal, answering its questions as they come; make's exit status."""
    child = pexpect.spawn("make", [goal], cwd=str(shop.project), env=shop.environ, timeout=50, encoding="utf-8")
    questions = list(answers or {})
    while (found := child.expect([pexpect.EOF, *map(re.escape, questions)])) > 0:
        child.send((answers or {})[questions[found - 1]])
    child.close()
    return int(child.exitstatus)


def opt_in(shop: Developer, token: str = "") -> int:
    """Agree by the example's own target: yes, the token or none yet, and no schedule."""
    answers = {"[s]how all > ": "yes\r", "(Enter: later): ": f"{token}\r", "[Y/n]: ": "n\r"}
    return at_the_terminal(shop, "opt-in", answers)


def rows(database: Path, query: str) -> list[tuple[object, ...]]:
    """The result of a query."""
    connection = sqlite3.connect(database)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_from_make_to_a_row_and_back(shop: Developer, token: Path, tmp_path: Path) -> None:
    database = tmp_path / "reports.db"
    with serving(shop, database, token) as url:
        report_to(shop, url)
        assert opt_in(shop, token.read_text().strip()) == 0
        assert [at_the_terminal(shop, goal) for goal in ("hello", "dev.up", "dev.up.web", "check", "ci")] == [
            0,
            0,
            0,
            2,
            0,
        ]
        cron = {name: shop.environ[name] for name in ("HOME", "DEVTEL_HOME")} | {"PATH": "/usr/bin:/bin"}
        flushed = shop.devtel("flush", env=cron, cwd="/")
        assert (flushed.returncode, flushed.stdout, flushed.stderr) == (0, "", "")

        anonymous = shop.status()["anonymous_id"]
        ((developer, hours, commands, projects),) = rows(
            database, "SELECT developer_id, active_hours, command_counts, project_context FROM _tool_developer_metrics"
        )
        assert str(developer).startswith(f"{anonymous}.")
        assert hours in (1, 2)
        assert json.loads(str(commands)) == {
            "make build": 1, "make check": 1, "make ci": 1, "make dev.up": 1, "make dev.up.web": 1, "make hello": 1,
            "make test": 1,
        }  # fmt: skip
        assert json.loads(str(projects)) == ["shop"]
        targets = rows(database, "SELECT target, runs, failures, checkouts FROM devtel_target_metrics ORDER BY target")
        assert [(target, runs, failures) for target, runs, failures, _ in targets] == [
            ("build", 1, 0), ("check", 1, 1), ("ci", 1, 0), ("dev.up", 1, 0), ("dev.up.web", 1, 0), ("hello", 1, 0),
            ("test", 1, 0),
        ]  # fmt: skip
        assert json.loads(str(targets[0][3]))[0] | {"runs": 0} == {
            "branch": "default", "age_days": "0", "runs": 0, "failures": 0,
        }  # fmt: skip
        waited = dict(rows(database, "SELECT target, waited_seconds FROM devtel_target_metrics"))
        assert waited["build"] == 0, "it ran inside ci, whose time includes it"
        assert float(str(waited["ci"])) > 2

        shop.devtel("consent", "decline")
        assert "confirmed the erasure of 1 daily report." in shop.devtel("flush", "--verbose").stderr
        assert rows(database, "SELECT count(*) FROM _tool_developer_metrics") == [(0,)]
        assert rows(database, "SELECT count(*) FROM devtel_target_metrics") == [(0,)]


def test_runs_are_recorded_from_the_agreement_on(shop: Developer) -> None:
    assert at_the_terminal(shop, "hello") == 0
    assert opt_in(shop) == 0
    assert shop.records() == []
    assert at_the_terminal(shop, "hello") == 0
    assert [record["event"] for record in shop.records()] == ["start", "end"]


def test_the_example_works_where_devtel_is_not_installed(shop: Developer) -> None:
    shop.environ["PATH"] = "/usr/bin:/bin"
    done = shop.make("hello", "dev.up.web")
    assert done.returncode == 0
    assert done.stdout.endswith("web is up\n")


def test_a_wrong_key_is_reported_and_nothing_is_lost(shop: Developer, token: Path, tmp_path: Path) -> None:
    with serving(shop, tmp_path / "reports.db", token) as url:
        report_to(shop, url)
        shop.grant()
        shop.make("hello")
        assert shop.devtel("flush", "--verbose").returncode == 77
        shop.devtel("token", "set", input="wrong\n")
        assert shop.devtel("flush", "--verbose").returncode == 77
        shop.devtel("token", "set", "--file", str(token))
        assert shop.devtel("flush", "--verbose").returncode == 0
