"""A make that notes when it began and when it ended, so that a wrapper is measured without changing it.

In C where there is a compiler: it begins within a fraction of a millisecond. Else in bash, whose
EPOCHREALTIME starts no process; the row "make itself" of each table shows what the stopwatch costs.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("stopwatch.c")
IN_BASH = """\
#!{bash}
began=$EPOCHREALTIME
"$STOPWATCH_MAKE" "$@"
status=$?
ended=$EPOCHREALTIME
echo "${{began/[.,]/}}000 ${{ended/[.,]/}}000" > "$STOPWATCH_FILE"
exit $status
"""


@dataclass(frozen=True)
class Stopwatch:
    """`make` is to be run in make's place; `now` reads the same clock in nanoseconds; `kind` says what it is."""

    make: Path
    file: Path
    real_make: str
    now: Callable[[], int]
    kind: str

    def environment(self) -> dict[str, str]:
        """What the stopwatch needs to know; wrappers pass it on."""
        return {"STOPWATCH_FILE": str(self.file), "STOPWATCH_MAKE": self.real_make}

    def read(self) -> tuple[int, int]:
        """When make began and ended in the run that just was."""
        began, ended = self.file.read_text().split()
        self.file.unlink()
        return int(began), int(ended)


def build(folder: Path, real_make: str) -> Stopwatch:
    """A stopwatch in `folder`. Ends the program where neither a C compiler nor bash is there."""
    make, file = folder / "make", folder / "times"
    compiler, bash = shutil.which("cc"), shutil.which("bash")
    if compiler:
        return Stopwatch(make, file, real_make, time.monotonic_ns, _compile(compiler, make))
    if bash:
        make.write_text(IN_BASH.format(bash=bash))
        make.chmod(0o700)
        return Stopwatch(make, file, real_make, time.time_ns, "bash script (no cc here)")
    sys.exit("bench: neither cc nor bash is here; one of them must stand in make's place to take the times")


def _compile(compiler: str, make: Path) -> str:
    """Static where the C library allows it: nothing to link before the clock is read."""
    for kind, flags in (("static C program", ["-static"]), ("C program", [])):
        done = subprocess.run([compiler, "-O2", *flags, "-o", make, SOURCE], check=False, capture_output=True)
        if done.returncode == 0:
            return kind
    sys.exit(f"bench: {compiler} cannot compile {SOURCE.name}:\n{done.stderr.decode()}")
