"""Load the plug-in into a make for trial: the make must do its work, and the message of its end must arrive."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from devtelemetry_cli.client.plugin.approval import Make, is_literal, stamp
from devtelemetry_cli.errors import reason

_PATIENCE = 10.0  # seconds for one make
_STATUS = 2  # of make after a failed recipe
_OUTPUT = "recipe"
_FROM_MAKE = ("MAKE", "MFLAGS", "GNUMAKEFLAGS", "DEVTEL")  # variables with these prefixes would change the trial

_PROBE = """\
$(info $(MAKE_VERSION)|$(realpath /proc/self/exe)|$(filter load,$(.FEATURES)))
trial: ;
"""
_MAKEFILE = """\
devtel_python := {python}
devtel_main := {recorder}
devtel_plugin := {library}
devtel_makes := {make.entry}
load $(devtel_plugin)(devtel_gmk_setup)
trial: ; @echo {output}; exit 3
"""
# Takes the plug-in's two messages as the recorder does, and ends by itself.
_RECORDER = """\
import os, signal
signal.alarm(5)
os.read(3, 65536)
end = os.read(3, 65536)
with open(__file__ + ".new", "wb") as file:
    file.write(end)
os.rename(__file__ + ".new", __file__ + ".end")
"""


def try_make(command: str, library: Path) -> Make:
    """The result of loading `library` into the make that `command` runs; never raises."""
    from tempfile import TemporaryDirectory  # noqa: PLC0415  8 ms, and most commands find every make tried

    make = Make(command, stamp(command), "", "", "")
    try:
        with TemporaryDirectory(prefix="trial-", dir=library.parent) as name:
            return _try(command, library, Path(name))
    except (OSError, subprocess.SubprocessError, UnicodeError) as fault:
        return replace(make, refusal=f"the trial failed ({reason(fault)})")


def _try(command: str, library: Path, folder: Path) -> Make:
    (folder / "probe.mk").write_text(_PROBE, encoding="utf-8")
    answer = _run([command, "-f", "probe.mk"], folder).stdout.partition("\n")[0].split("|")
    version, program, loads = answer if len(answer) == 3 else ("", "", "")
    make = Make(command, stamp(command), program, version, stamp(program) if program else "")
    if not program or not is_literal(program) or not is_literal("/" + version):
        return replace(make, refusal="it does not say which program it is")
    if not loads:
        return replace(make, refusal="it cannot load plug-ins")
    return replace(make, refusal=_load(make, library, folder))


def _load(make: Make, library: Path, folder: Path) -> str:
    """The reason not to load the plug-in into `make`; "" after a trial that passed."""
    recorder = folder / "recorder.py"
    recorder.write_text(_RECORDER, encoding="utf-8")
    text = _MAKEFILE.format(python=sys.executable, recorder=recorder, library=library, make=make, output=_OUTPUT)
    (folder / "trial.mk").write_text(text, encoding="utf-8")
    done = _run([make.command, "-f", "trial.mk", "trial"], folder)
    if not done.stdout.startswith(f"{_OUTPUT}\n") or done.returncode != _STATUS:  # make 4.0 prints the failure there
        return f"it did not load the plug-in (it ended with {done.returncode})"
    end = _wait_for(recorder.with_name("recorder.py.end"))
    return "" if end.startswith(b"end %d " % _STATUS) else "the end of a trial call did not arrive"


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a make that may hang: in a session of its own, which is ended as a whole."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(_FROM_MAKE)}
    with subprocess.Popen(  # noqa: S603  a make of the developer's own PATH
        command,
        cwd=folder,
        env={**environ, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=_PATIENCE)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(command, process.returncode, output)


def _wait_for(file: Path) -> bytes:
    deadline = time.monotonic() + _PATIENCE / 2
    while time.monotonic() < deadline:
        if file.exists():
            return file.read_bytes()
        time.sleep(0.002)
    return b""


def commands(environ: dict[str, str]) -> list[str]:
    """The makes at hand, as absolute paths: DEVTEL_MAKE, and those on the PATH."""
    names = [environ.get("DEVTEL_MAKE", ""), "make", "gmake"]
    found = [shutil.which(name, path=environ.get("PATH")) for name in names if name]
    return list(dict.fromkeys(str(Path(path).absolute()) for path in found if path))
