"""A devtel server that answers with recorded pages, and DevLake's way of running the plugin."""

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Optional
from urllib.parse import parse_qs, urlsplit

from sqlmodel import Session, SQLModel, create_engine, select

import devtel.main  # noqa: F401  registers every table
from devtel.models import scope_id

HERE = Path(__file__).resolve().parent.parent
ANSWERS = json.loads((HERE / "tests" / "answers.json").read_text())
TOKEN = "a-view-token-of-16"


class Server(ThreadingHTTPServer):
    """Answers as the recorded server did; `status` overrides every answer, `rows` replaces the figures."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.rows: list[dict[str, Any]] = list(ANSWERS["team-metrics"]["rows"])
        self.min_developers = ANSWERS["team-metrics"]["minDevelopers"]
        self.status: list[int] = []
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, path: str, query: dict[str, list[str]], authorization: Optional[str]) -> tuple[int, Any]:
        """Status and body of one request."""
        if self.status:
            return self.status.pop(0), {"success": False, "message": "injected"}
        if authorization != f"Bearer {TOKEN}":
            return (403 if authorization else 401), {"success": False, "message": "no"}
        if path == "/devtel/v1/projects":
            names = sorted({row["project"] for row in self.rows})
            return 200, self._page([{"project": name} for name in names], query)
        project = query["project"][0]
        rows = [row for row in self.rows if row["project"] == project]
        if path != "/devtel/v1/team-metrics" or not rows:
            return 404, {"success": False, "message": "unknown project"}
        return 200, self._page(rows, query)

    def _page(self, rows: list[dict[str, Any]], query: dict[str, list[str]]) -> dict[str, Any]:
        size, page = int(query["pageSize"][0]), int(query.get("page", ["1"])[0])
        part = rows[(page - 1) * size : page * size]
        return {"count": len(rows), "minDevelopers": self.min_developers, "rows": part}


class Handler(BaseHTTPRequestHandler):
    """Hands every GET to its server."""

    server: Server

    def do_GET(self) -> None:
        """Answer one request."""
        parts = urlsplit(self.path)
        self.server.asked.append(self.path)
        query = parse_qs(parts.query, keep_blank_values=True)
        status, body = self.server.answer(parts.path, query, self.headers.get("Authorization"))
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status == 429:
            self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


class Lake:
    """DevLake's database, and the plugin's commands as DevLake runs them: JSON arguments, answers on descriptor 3."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self.server = server
        self.url = os.environ.get("DEVTEL_PLUGIN_DB_URL") or f"sqlite:///{folder}/lake.db"
        self.engine = create_engine(self.url)
        SQLModel.metadata.drop_all(self.engine)
        SQLModel.metadata.create_all(self.engine)

    def context(self, project: str, token: str) -> dict[str, Any]:
        """The context of a subtask for one project."""
        return {
            "db_url": self.url,
            "connection": {"id": 1, "name": "team", "endpoint": self.server.url, "token": token},
            "scope": {"id": scope_id(project), "name": project, "project": project, "connectionId": 1},
            "scope_config": None,
            "options": {},
        }

    def command(self, *words: str) -> subprocess.CompletedProcess:
        """One command of the plugin; its answers are in `answers`."""
        answers = str(self.folder / "answers")
        line = [sys.executable, "-m", "devtel.main", *words]
        return subprocess.run(
            ["sh", "-c", 'exec "$@" 3>"$0"', answers, *line], cwd=HERE, capture_output=True, text=True, check=False
        )

    @property
    def answers(self) -> list[Any]:
        """The JSON lines of the last command."""
        return [json.loads(line) for line in (self.folder / "answers").read_text().splitlines()]

    def step(self, verb: str, project: str = "shop", token: str = TOKEN) -> subprocess.CompletedProcess:
        """`collect`, `extract` or `convert` of the stream."""
        words = (verb, '{"log_level":"info"}', json.dumps(self.context(project, token)), '"targetweeks"')
        return self.command(*words)

    def run(self, project: str = "shop") -> None:
        """All three steps."""
        for verb in ("collect", "extract", "convert"):
            done = self.step(verb, project)
            assert done.returncode == 0, done.stderr[-800:]

    def rows(self, model: type) -> list[Any]:
        """Every row of a table."""
        with Session(self.engine) as session:
            return session.exec(select(model)).all()
