"""devtel's commands without the time that Python takes to start and import them: a process that has them loaded forks.

A command still runs in a process of its own, with its own arguments, environment, folder and files. Only start, imports
and Python's own end are saved, which are nine tenths of a short command. A real process is used where a variable may
change those (`is_same`), for `wrap` and `profile`, and where coverage is measured; tests/cli/test_start.py starts every
command for real.
"""

import atexit
import functools
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO, cast

from devtelemetry_cli.__main__ import main
from devtelemetry_cli.cli.group import COMMANDS
from tests.helpers.installation import of_this_checkout

# Read by devtel as it runs. Any other variable may be read by Python at its start, or by a package that is imported.
_READ_LATER = (
    *("DEVTEL", "_DEVTEL", "COMP_", "MAKE", "MFLAGS", "XDG_", "CI", "DO_NOT_TRACK", "HOME"),
    *("http_proxy", "no_proxy", "all_proxy", "SSL_CERT_"),
)
_OWN_PROCESS = (("wrap",), ("profile",))  # what they do to processes and signals is the subject
_LONGEST = 50_000  # bytes of a request
_lock = threading.Lock()

# What is loaded: for a developer's commands, and for `devtel serve`. prometheus_client is not: it reads a variable.
CLIENT = (
    *(f"devtelemetry_cli.cli.{name}" for name in COMMANDS if name not in ("serve", "devlake")),
    *("devtelemetry_cli.cli.delivery_setup", "devtelemetry_cli.client.http_transport"),
    *("git", "httpcore", "psutil", "tomli_w", "uuid"),
)
SERVER = ("devtelemetry_cli.cli.serve", "devtelemetry_cli.server.main", "sqlalchemy.dialects.sqlite", "alembic.command")


class Process:
    """A started command, with the methods of Popen that the tests use."""

    def __init__(self, connection: socket.socket, command: Sequence[str], pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._connection = connection
        self._command = command
        self._handle = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """The exit status as Popen has it; None while the command runs."""
        if self.returncode is None and select.select([self._handle], [], [], 0)[0]:
            self.returncode = int(_ask(self._connection, self.pid))
            os.close(self._handle)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit status. Raises TimeoutExpired."""
        if self.returncode is None:
            select.select([self._handle], [], [], timeout)
        status = self.poll()
        if status is None:
            raise subprocess.TimeoutExpired(list(self._command), timeout or 0)
        return status

    def send_signal(self, number: int) -> None:
        """Send a signal, if the command still runs."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._handle, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


def is_same(command: tuple[str, ...], environ: dict[str, str], usual: dict[str, str], enter: list[str]) -> bool:
    """Whether a forked process does the same as a real one; `usual` is an environment with nothing special.

    `enter` are the words before the command: setpriv, or none.
    """
    differing = [name for name in environ.keys() | usual.keys() if environ.get(name) != usual.get(name)]
    return (
        enter[:1] in ([], ["setpriv"])
        and command[1:2] not in _OWN_PROCESS
        and all(name.startswith(_READ_LATER) for name in differing)
        and len(str((command, environ))) < _LONGEST
    )


def start(
    command: Sequence[str],
    environ: dict[str, str],
    files: Sequence[int],
    *,
    cwd: Path | str = "/",
    enter: Sequence[str] = (),
    modules: tuple[str, ...] = CLIENT,
) -> Process | subprocess.Popen[bytes]:
    """Start a command; `files` are the descriptors of its standard input, output and error.

    As a real process where this system cannot fork so, and where coverage is measured.
    """
    if not hasattr(os, "pidfd_open") or "COVERAGE_PROCESS_CONFIG" in environ:
        stdin, stdout, stderr = files
        return subprocess.Popen([*enter, *command], cwd=cwd, env=environ, stdin=stdin, stdout=stdout, stderr=stderr)
    connection = _server(tuple(enter), modules)
    return Process(connection, command, int(_ask(connection, [command, str(cwd), environ], files)))


def run(
    command: Sequence[str],
    environ: dict[str, str],
    *,
    given: str = "",
    timeout: float = 50,
    cwd: Path | str = "/",
    enter: Sequence[str] = (),
    modules: tuple[str, ...] = CLIENT,
) -> subprocess.CompletedProcess[str]:
    """As subprocess.run with captured output; `given` is standard input. Raises TimeoutExpired."""
    with _text_file() as stdin, _text_file() as stdout, _text_file() as stderr:
        stdin.write(given)
        stdin.seek(0)
        files = [file.fileno() for file in (stdin, stdout, stderr)]
        process = start(command, environ, files, cwd=cwd, enter=enter, modules=modules)
        try:
            status = process.wait(timeout)
        except BaseException:
            process.kill()
            process.wait()
            raise
        for file in (stdout, stderr):
            file.seek(0)
        return subprocess.CompletedProcess(list(command), status, stdout.read(), stderr.read())


def _text_file() -> TextIO:
    return cast(TextIO, tempfile.TemporaryFile("w+", encoding="utf-8"))


def _ask(connection: socket.socket, request: object, files: Sequence[int] = ()) -> str:
    with _lock:
        socket.send_fds(connection, [json.dumps(request).encode()], files)
        return connection.recv(100).decode()


@functools.cache
def _server(enter: tuple[str, ...], modules: tuple[str, ...]) -> socket.socket:
    """The connection to the process that forks; it ends when the connection is closed."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    environ = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": "/nonexistent"}
    command = [*enter, str(of_this_checkout().python), "-m", __name__, str(there.fileno()), *modules]
    with there:
        process = subprocess.Popen(
            command, cwd=Path(__file__).parents[2], env=environ, stdin=subprocess.DEVNULL, pass_fds=[there.fileno()]
        )
    atexit.register(process.wait)
    atexit.register(here.close)
    return here


def _serve(connection: socket.socket) -> None:
    """Answer each request: a command with its folder and environment by a process, a process by its exit status."""
    while True:
        request, files, _, _ = socket.recv_fds(connection, 2 * _LONGEST, 3)
        if not request:
            return
        asked = json.loads(request)
        if isinstance(asked, int):
            answer = os.waitstatus_to_exitcode(os.waitpid(asked, 0)[1])
        else:
            answer = os.fork()
            if answer == 0:
                connection.close()
                _run(*asked, files)
            for file in files:
                os.close(file)
        connection.send(str(answer).encode())


def _run(command: list[str], folder: str, environ: dict[str, str], files: list[int]) -> None:
    """Run devtel in this process, and end with its status."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    sys.argv = command
    status: object = 0
    try:
        main()
    except SystemExit as ended:
        status = ended.code or 0
    except BaseException:
        traceback.print_exc()
        status = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else 1)


if __name__ == "__main__":
    for module in sys.argv[2:]:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()  # a collection after the fork would copy every page
    sys.path[0] = str(Path(sys.executable).parent)  # as the start script has it
    os.chdir("/")
    _serve(socket.socket(fileno=int(sys.argv[1])))
