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
from pathlib import Path
from typing import TextIO, cast

from devtelemetry_cli.__main__ import main
from devtelemetry_cli.cli.group import COMMANDS

# Read by devtel as it runs. Any other variable may be read by Python at its start, or by a package that is imported.
_READ_LATER = ("DEVTEL", "MAKE", "MFLAGS", "XDG_", "CI", "DO_NOT_TRACK", "HOME", "http_proxy", "no_proxy", "SSL_CERT_")
_OWN_PROCESS = (("wrap",), ("profile",))  # what they do to processes and signals is the subject
_LONGEST = 50_000  # bytes of a request
_TIMED_OUT = 1000
_lock = threading.Lock()


def is_same(command: tuple[str, ...], environ: dict[str, str], usual: dict[str, str], enter: list[str]) -> bool:
    """Whether a forked process does the same as a real one; `usual` is an environment with nothing special.

    `enter` are the words before the command: setpriv, or none.
    """
    differing = [name for name in environ.keys() | usual.keys() if environ.get(name) != usual.get(name)]
    return (
        hasattr(os, "pidfd_open")
        and "COVERAGE_PROCESS_CONFIG" not in environ
        and enter[:1] in ([], ["setpriv"])
        and command[1:2] not in _OWN_PROCESS
        and all(name.startswith(_READ_LATER) for name in differing)
        and len(str((command, environ))) < _LONGEST
    )


def run(
    command: tuple[str, ...],
    environ: dict[str, str],
    enter: list[str],
    *,
    cwd: Path | str,
    given: str = "",
    timeout: float = 50,
) -> subprocess.CompletedProcess[str]:
    """As subprocess.run with captured output; `given` is standard input. Raises TimeoutExpired."""
    with _lock, _text_file() as stdin, _text_file() as stdout, _text_file() as stderr:
        stdin.write(given)
        stdin.seek(0)
        server = _server(tuple(enter))
        request = json.dumps([command, str(cwd), environ, timeout]).encode()
        socket.send_fds(server, [request], [file.fileno() for file in (stdin, stdout, stderr)])
        status = int(server.recv(100))
        for file in (stdout, stderr):
            file.seek(0)
        done = subprocess.CompletedProcess(command, status, stdout.read(), stderr.read())
    if status == _TIMED_OUT:
        raise subprocess.TimeoutExpired(command, timeout, done.stdout, done.stderr)
    return done


def _text_file() -> TextIO:
    return cast(TextIO, tempfile.TemporaryFile("w+", encoding="utf-8"))


@functools.cache
def _server(enter: tuple[str, ...]) -> socket.socket:
    """The connection to the process that forks; it ends when the connection is closed."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    environ = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": "/nonexistent"}
    command = [*enter, sys.executable, "-m", __name__, str(there.fileno())]
    with there:
        process = subprocess.Popen(
            command, cwd=Path(__file__).parents[2], env=environ, stdin=subprocess.DEVNULL, pass_fds=[there.fileno()]
        )
    atexit.register(process.wait)
    atexit.register(here.close)
    return here


def _serve(connection: socket.socket) -> None:
    """Fork for each request, and answer its exit status as subprocess has it."""
    while True:
        request, files, _, _ = socket.recv_fds(connection, 2 * _LONGEST, 3)
        if not request:
            return
        command, folder, environ, timeout = json.loads(request)
        child = os.fork()
        if child == 0:
            connection.close()
            _run(command, folder, environ, files)
        for file in files:
            os.close(file)
        connection.send(str(_status(child, timeout)).encode())


def _status(child: int, timeout: float) -> int:
    handle = os.pidfd_open(child)
    has_ended = bool(select.select([handle], [], [], timeout)[0])
    os.close(handle)
    if not has_ended:
        os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status if has_ended else _TIMED_OUT


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


def _preload() -> None:
    """Import what a command may import, except the server's and DevLake's."""
    for name in COMMANDS.keys() - {"serve", "devlake"}:
        importlib.import_module(f"devtelemetry_cli.cli.{name}")
    for name in ("devtelemetry_cli.cli.delivery_setup", "devtelemetry_cli.client.http_transport", "filelock", "git"):
        importlib.import_module(name)
    for name in ("psutil", "tomli_w", "uuid"):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a collection after the fork would copy every page


if __name__ == "__main__":
    _preload()
    sys.path[0] = str(Path(sys.executable).parent)  # as the start script has it
    os.chdir("/")
    _serve(socket.socket(fileno=int(sys.argv[1])))
