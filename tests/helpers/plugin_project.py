"""A project whose make loads the plug-in, with a recorder that writes down what it receives."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from devtelemetry_cli.client.plugin import build
from devtelemetry_cli.client.plugin.approval import stamp
from tests.helpers.developer import wait_for

SOURCE = Path(build.__file__).with_name("devtel.c")
WARNINGS = [
    "-pedantic", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Wstrict-prototypes", "-Wmissing-prototypes",
    "-Wcast-qual", "-Wpointer-arith", "-Wformat=2", "-Wundef", "-Werror",
]  # fmt: skip

LOAD = """\
# GNUmakefile: of a test
ifeq ($(MAKELEVEL),0)
devtel_python := {python}
devtel_main := {recorder}
devtel_plugin := {library}
devtel_makes := |version|{program}|{stamp}|
-load $(devtel_plugin)(devtel_gmk_setup)
$(devtel_plugin): ;
endif
"""
# make leaves the folder open in which it found GNUmakefile, until all of it is read.
INCLUDE = """\
GNUmakefile: ;
devtel_read_folder := $(wildcard [G]NUmakefile)
.DEFAULT_GOAL :=
include Makefile
"""

# Speaks the recorder's side of the protocol, and lives as long as the make that it belongs to.
RECORDER = """\
import json, os, select, sys
os.setsid()
descriptors = sorted(int(n) for n in os.listdir("/proc/self/fd"))
pid = int(sys.argv[2])
log = os.open(__file__ + ".log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
def note(**values):
    os.write(log, json.dumps(values).encode() + b"\\n")
try:
    make = os.pidfd_open(pid)
except ProcessLookupError:
    make = -1
head, folder, goals = os.read(3, 65536).decode("utf-8", "replace").split("\\0")
note(event=head.split()[0], at=float(head.split()[1]), folder=folder, goals=goals, argv=sys.argv, cwd=os.getcwd(),
     descriptors=descriptors, pid=os.getpid(), cores=sorted(os.sched_getaffinity(0)),
     blocked=open("/proc/self/status").read().split("SigBlk:")[1].split()[0])
while True:
    ready = select.select([3] if make < 0 else [3, make], [], [], 0 if make < 0 else None)[0]
    if 3 in ready:
        word, *values = os.read(3, 65536).decode().split()
        note(event=word, values=[float(value) for value in values])
        break
    if make in ready or not ready:
        note(event="killed")
        break
"""


def has_recorder(folder: Path) -> bool:
    """Whether a recorder of such calls runs, or a process that may become one: make goes on before execve has put the
    recorder's words where /proc finds them. Asked in this order, since it has no words first and then has them.
    """
    return any(_is_starting(process) for process in Path("/proc").glob("[0-9]*")) or bool(recorders(folder))


def _is_starting(process: Path) -> bool:
    try:
        return bool(process.joinpath("exe").readlink()) and not process.joinpath("cmdline").read_bytes()
    except OSError:  # it has ended, or is the kernel's
        return False


def recorders(folder: Path) -> list[int]:
    """The recorders of calls whose environment names something in `folder`, running now."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_one = b"\0record-call\0" in (process / "cmdline").read_bytes()
            if is_one and f"={folder}".encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found


@cache
def library(folder: Path, *flags: str) -> Path:
    """The plug-in, compiled once for each set of further flags."""
    file = folder / f"devtel{len(list(folder.iterdir()))}.so"
    subprocess.run(build.command("cc", SOURCE, file, *WARNINGS, *flags), check=True, timeout=60)
    return file


@dataclass
class PluginProject:
    """A folder with a Makefile, and the GNUmakefile that loads the plug-in before it."""

    folder: Path
    make: str
    library: Path

    @property
    def recorder(self) -> Path:
        """The script that is started as the recorder."""
        return self.folder.parent / "recorder.py"

    @property
    def log(self) -> Path:
        """What the recorders of all calls received, as lines of JSON."""
        return self.folder.parent / "recorder.py.log"

    def write(self, makefile: str, recorder: str = RECORDER, **values: str) -> None:
        """Write the Makefile, and GNUmakefile, with other `values` where given; `without` is it without the plug-in."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "Makefile").write_text(makefile)
        self.recorder.write_text(recorder)
        known = {
            "python": sys.executable,
            "recorder": str(self.recorder),
            "library": str(self.library),
            "program": os.path.realpath(self.make),
            "stamp": stamp(self.make),
        }
        (self.folder / "GNUmakefile").write_text(LOAD.format(**{**known, **values}) + INCLUDE)
        (self.folder / "without").write_text(INCLUDE)

    def command(self, *arguments: str, bare: bool = False) -> list[str]:
        """A call of make, `bare` with all but the plug-in."""
        return [self.make, *(["-f", "without"] if bare else []), *arguments]

    def run(self, *arguments: str, bare: bool = False, **options: object) -> subprocess.CompletedProcess[str]:
        """Call make in the project."""
        settings: dict[str, object] = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, **options}
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            self.command(*arguments, bare=bare),
            cwd=self.folder,
            env=self.environ(),
            check=False,
            timeout=50,
            **settings,
        )

    def environ(self) -> dict[str, str]:
        """The environment of every call."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder.parent), "LC_ALL": "C"}

    def events(self) -> list[dict[str, object]]:
        """What the recorders have received so far."""
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def call(self, *arguments: str, **options: object) -> tuple[subprocess.CompletedProcess[str], dict[str, object]]:
        """Call make, and wait until its recorder knows the end: what make answered, and the last event."""
        already = len(self.events())
        done = self.run(*arguments, **options)  # type: ignore[arg-type]
        wait_for(lambda: len(self.events()) >= already + 2)
        return done, self.events()[-1]
