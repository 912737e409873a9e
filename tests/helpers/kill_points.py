"""Kill a command at each of its system calls that change something, by strace's injection of signals.

Only the command's own process is traced and killed, never its children: they are left as a real SIGKILL leaves them.
"""

import re
import shutil
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.helpers.developer import Developer

CHANGES = (
    "open,openat,creat,write,pwrite64,writev,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,"
    "mkdir,mkdirat,rmdir,truncate,ftruncate,fsync,fdatasync,chmod,fchmod,fchmodat,flock,sendto,sendmsg,recvfrom"
)
Point = tuple[str, int]  # a system call's name, and which one of that name

# A file that is only read, and what is said to a person, change nothing.
_PASSED_OVER = re.compile(r'(open(at)?\((?!.*O_(CREAT|TRUNC|WRONLY|RDWR))|write\([12],|openat\(.*"/dev/)')


def strace(*options: str) -> list[str]:
    """The words that trace a command; skips the test where that is not possible."""
    tool = shutil.which("strace")
    if tool is None or subprocess.run([tool, "-o", "/dev/null", "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace is not installed, or may not trace here")
    return [tool, "-qq", "--signal=none", *options]


def points(developer: Developer, log: Path, *command: str) -> list[Point]:
    """Run a command to its end, and give back where it may be killed."""
    done = developer.run(*strace("-o", str(log), "-e", f"trace=?{CHANGES.replace(',', ',?')}"), *command)
    assert done.returncode == 0, done.stderr
    seen: Counter[str] = Counter()
    found = []
    for line in log.read_text(errors="replace").splitlines():
        name = line.partition("(")[0]
        seen[name] += 1
        if not _PASSED_OVER.match(line):
            found.append((name, seen[name]))
    return found


def kill_at(developer: Developer, point: Point, *command: str) -> bool:
    """Run a command and kill it at a point, before that call is made; whether it came so far."""
    name, number = point
    inject = f"inject={name}:signal=KILL:when={number}"
    done = developer.run(*strace("-o", "/dev/null", "-e", f"trace={name}", "-e", inject), *command)
    return done.returncode == -signal.SIGKILL
