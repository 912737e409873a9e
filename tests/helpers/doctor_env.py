"""For the tests of the doctor: a developer with a schedule, an endpoint that answers GET, and findings."""

import json
import time
from contextlib import chdir
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from devtelemetry_cli.commands.doctor import runner
from devtelemetry_cli.commands.doctor.environment import Environment
from tests.helpers.developer import DEVTEL, Developer

REPORT = "/plugins/developer_telemetry/connections/1/report"
CONNECTION = '{"id": 1, "name": "shop"}'
SYSTEMCTL = "#!/bin/sh\nexit 0\n"
CRONTAB = "#!/bin/sh\necho 'no crontab for me' >&2; exit 1\n"


class ReadOnlyEndpoint:
    """An endpoint that answers from `answers` (status, body, headers by path) and records each request."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, str, dict[str, str]]] = {}
        self.asked: list[str] = []
        self.keys: dict[str, str] = {}
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                endpoint.asked.append(f"{self.command} {self.path}")
                endpoint.keys[self.path] = self.headers.get("Authorization", "")
                status, body, headers = endpoint.answers.get(self.path, (404, "404 page not found", {}))
                self.send_response_only(status)
                for name, value in ({"Date": self.date_time_string()} | headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815  their names are http.server's

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.url = f"{self.base}{REPORT}"
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def answer(self, path: str, status: int = 200, body: str = CONNECTION, **headers: str) -> None:
        """Set the answer of a path."""
        self.answers[path] = (status, body, {name.replace("_", "-"): value for name, value in headers.items()})

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def equip(developer: Developer) -> None:
    """A systemd that accepts every call, and no crontab."""
    folder = Path(developer.environ["PATH"].split(":")[0])
    for name, text in (("systemctl", SYSTEMCTL), ("crontab", CRONTAB)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)


def run_doctor(developer: Developer, *arguments: str) -> tuple[int, list[dict[str, object]]]:
    """Exit code and findings; never a traceback, and `healthy` agrees with the exit code."""
    done = developer.devtel("doctor", "--json", *arguments)
    assert "Traceback" not in done.stderr + done.stdout
    answer = json.loads(done.stdout)
    assert answer["healthy"] == (done.returncode == 0)
    assert answer["healthy"] == all(finding["level"] != "problem" for finding in answer["findings"])
    return done.returncode, answer["findings"]


def findings(developer: Developer, offline: bool = False) -> list[dict[str, object]]:
    """The findings in the project, without a process for each call."""
    with chdir(developer.project):
        env = Environment(developer.context, time.time(), DEVTEL, offline)
        return [asdict(finding) for finding in runner.examine(env)]


def problems(found: list[dict[str, object]]) -> list[str]:
    """The messages of all problems; each has advice."""
    faults = [finding for finding in found if finding["level"] == "problem"]
    assert all(finding["advice"] for finding in faults)
    return [str(finding["message"]) for finding in faults]


def as_text(found: list[dict[str, object]]) -> str:
    """All messages, one per line."""
    return "\n".join(f"{finding['level']} {finding['check']} {finding['message']}" for finding in found)
