"""Starts one database server in its own folder, and stops it when no test process holds its lock any more.

    python db_keeper.py postgresql|mariadb FOLDER [durable]

A process of its own, since the test processes of a run end in any order, or are killed. Each of them holds
FOLDER/users shared; FOLDER/url appears when the server answers. Only a `durable` one waits for the disk.
"""

import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

START_SECONDS = 60
PLACES = [*os.environ.get("PATH", "").split(os.pathsep), "/usr/sbin", "/usr/lib/postgresql/{}/bin"]
VERSIONS = [str(number) for number in range(30, 12, -1)]
# Root may not run them; a machine without root has no other user to run them as.
UNPRIVILEGED = pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def find(program: str) -> str | None:
    """Where an installed program is, also where Debian hides it."""
    places = [place.format(version) for place in PLACES for version in (VERSIONS if "{}" in place else [""])]
    return shutil.which(program, path=os.pathsep.join(places))


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def postgresql(data: Path, port: int) -> tuple[list[str], list[str], str]:
    """How to make a cluster, how to run it, and its address."""
    make = [find("initdb") or "", "-D", str(data), "-U", "devtel", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
    sizes = ["-c", "max_connections=100", "-c", "shared_buffers=64MB", "-c", "unix_socket_directories="]
    serve = [find("postgres") or "", "-D", str(data), "-h", "127.0.0.1", "-p", str(port), *sizes]
    return make, serve, f"postgresql+psycopg://devtel@127.0.0.1:{port}/postgres"


def mariadb(data: Path, port: int) -> tuple[list[str], list[str], str]:
    """The same for MariaDB."""
    common = ["--no-defaults", f"--datadir={data}", f"--tmpdir={data.parent}"]
    make = [find("mariadb-install-db") or "", *common, "--auth-root-authentication-method=normal", "--skip-test-db"]
    serve = [find("mariadbd") or "", *common, f"--port={port}", "--bind-address=127.0.0.1", "--skip-name-resolve"]
    serve += [f"--socket={data.parent}/socket", f"--pid-file={data.parent}/pid", "--innodb-buffer-pool-size=64M"]
    serve += ["--innodb-log-file-size=16M", "--max-connections=200"]
    return make, serve, f"mariadb+pymysql://root@127.0.0.1:{port}/mysql"


KINDS = {"postgresql": postgresql, "mariadb": mariadb}
WITHOUT_FSYNC = {"postgresql": ["-F"], "mariadb": ["--innodb-flush-log-at-trx-commit=0"]}
# The quickest end that leaves no shared memory behind.
STOP_SIGNALS = {"postgresql": signal.SIGQUIT, "mariadb": signal.SIGKILL}


def main() -> None:
    """Create the server, run it, publish its address, wait for the last user, and remove everything."""
    kind, folder = sys.argv[1], Path(sys.argv[2])
    # Not inside the tests' folder: that is closed to any user but its own.
    place = Path(tempfile.mkdtemp(prefix=f"devtel-{kind}-"))
    if UNPRIVILEGED:
        os.chown(place, UNPRIVILEGED.pw_uid, UNPRIVILEGED.pw_gid)
    port = free_port()
    make, serve, url = KINDS[kind](place / "data", port)
    serve += [] if "durable" in sys.argv[3:] else WITHOUT_FSYNC[kind]
    unprivileged = (
        {"user": UNPRIVILEGED.pw_uid, "group": UNPRIVILEGED.pw_gid, "extra_groups": []} if UNPRIVILEGED else {}
    )
    with (folder / "log").open("wb") as log:
        options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "cwd": place, **unprivileged}
        try:
            subprocess.run(make, check=True, **options)
            server = subprocess.Popen(serve, **options)
            try:
                wait_until_it_answers(server, port)
                (folder / "url.new").write_text(url)
                (folder / "url.new").rename(folder / "url")
                with (folder / "users").open("rb") as users:
                    fcntl.flock(users, fcntl.LOCK_EX)
            finally:
                server.send_signal(STOP_SIGNALS[kind])
                server.wait()
        finally:
            shutil.rmtree(place, ignore_errors=True)


def wait_until_it_answers(server: "subprocess.Popen[bytes]", port: int) -> None:
    """Until the port accepts connections; clients check readiness themselves."""
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with socket.socket() as wire:
            if wire.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit("the server does not start")


if __name__ == "__main__":
    main()
