"""`devtel wrap`: stand where make would stand. make starts first; all else happens while it runs.

Until make runs, only modules that the interpreter has loaded anyway are imported, and our own smallest ones;
`recording` and all that it needs come after.
"""

import os
import sys
import time

from devtelemetry_cli.client import make_call, process, switches, whole_call
from devtelemetry_cli.client.context import Context

TYPE_CHECKING = False  # as typing has it, without importing typing
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from devtelemetry_cli.client.paths import StateDir
    from devtelemetry_cli.client.recorder import RunRecorder

    T = TypeVar("T")

HELP = """\
usage: devtel wrap [--make MAKE] [--makefile FILE] [--prefix PREFIX] [--as-called] [--] TARGET [MAKE ARGUMENTS]...

Runs `make --no-print-directory impl-TARGET` and ends as it ends.

  --make MAKE      the make to run; else $DEVTEL_MAKE, else make
  --makefile FILE  handed to make as -f FILE
  --prefix PREFIX  what the implementation's name begins with (impl-)
  --as-called      hand -W, -o and several -f of the calling make on, which make itself does not
"""


AS_CALLED = "--as-called"


class UsageError(Exception):
    """The words after `devtel wrap` are off; the text says how."""


class Request:
    """What `devtel wrap` was asked to run."""

    def __init__(self, words: list[str], environ: dict[str, str]) -> None:
        options = {"--make": environ.get("DEVTEL_MAKE") or "make", "--makefile": "", "--prefix": "impl-", AS_CALLED: ""}
        rest = _take_options(words, options)
        if not rest or not rest[0]:
            raise UsageError("the target is missing")
        self.target, self.arguments = rest[0], rest[1:]
        goal = options["--prefix"] + self.target
        if goal.startswith("-"):
            raise UsageError(f"{goal} would be an option of make, not a target")
        file = ["-f", options["--makefile"]] if options["--makefile"] else []
        if options[AS_CALLED]:
            called = make_call.of_parent() or []
            named = make_call.makefiles(called)
            file = [*(named if len(named) > 2 else file), *make_call.old_and_new(called)]
        self.command = [*_make_words(options["--make"]), "--no-print-directory", *file, goal, *self.arguments]

    @staticmethod
    def environment(environ: dict[bytes, bytes]) -> dict[bytes, bytes]:
        """What this process was given -> what make is given."""
        return environ

    def end_parent(self, status: int) -> None:
        """The make that called us sees this process end as make ended, and goes on."""


class ErrorGuard:
    """The one net around telemetry: no fault of ours reaches the build, and each is counted."""

    def __init__(self) -> None:
        self.state: StateDir | None = None

    def run(self, step: "Callable[..., T]", *arguments: object) -> "T | None":
        """What `step` returns, or None where it failed."""
        try:
            return step(*arguments)
        except Exception:  # whatever it is, the build goes on
            self._count()
            return None

    def _count(self) -> None:
        try:
            from devtelemetry_cli.client.journal import dropped  # noqa: PLC0415  only on this way

            if self.state is not None:
                dropped.count(self.state)
        except Exception:  # noqa: S110  a disk so broken that not even this is possible: status looks for itself
            pass


def main(words: list[str]) -> None:
    """Run the target and end as it ends; does not return."""
    environ = dict(os.environ)
    _put_last(environ.get("PYTHONPATH", ""))
    if words[:1] in (["--help"], ["-h"]):
        os.write(1, HELP.encode())
        os._exit(0)
    try:
        request = _request(words, environ)
    except UsageError as fault:
        _say(f"{fault}.\n{HELP}")
        os._exit(2)
    try:
        if switches.switched_off(environ) or switches.is_dry_run(environ.get("MAKEFLAGS", ""), request.arguments):
            process.exec_make(request.command, request.environment)
        _run(request, environ)
    except process.StartError as fault:
        _say(f"{fault}. Is it installed? DEVTEL_MAKE or --make name another make.\n")
        os._exit(fault.exit_code)


def _request(words: list[str], environ: dict[str, str]) -> "Request | whole_call.WholeCall":
    if words[:1] != [whole_call.OPTION]:
        return Request(words, environ)
    try:
        return whole_call.WholeCall(words)
    except (KeyError, ValueError):
        raise UsageError(f"{whole_call.OPTION} is for GNUmakefile only") from None


def _run(request: "Request | whole_call.WholeCall", environ: dict[str, str]) -> None:
    child = process.Child()
    net = ErrorGuard()
    run, now = os.urandom(8).hex(), time.time()
    place = net.run(Context, environ)
    handed_on = request.environment(process.given_environment(request.command[0]))
    if place is not None:
        net.state = place.state
        if run_env_value := net.run(place.run_env_value, run, now):
            handed_on[b"DEVTEL_RUN"] = run_env_value.encode()
    child.start(request.command, handed_on)
    part = place is not None and place.should_observe(now)
    recording = net.run(_begin, request.target, place, child, run, now) if part else None
    ending = child.wait()
    if recording is not None:
        net.run(recording.end, ending)
        net.run(recording.ask, ending)
    net.run(request.end_parent, ending.status)
    process.exit_like(ending.status)


def _begin(target: str, place: Context, child: process.Child, run: str, now: float) -> "RunRecorder | None":
    from devtelemetry_cli.client import recorder  # noqa: PLC0415  make runs already

    return recorder.begin(target, place, child.over, run, now, os.getpid())


def _put_last(python_path: str) -> None:
    """Look for modules in PYTHONPATH only after our own installation.

    It is the project's: its `resource.py` or `select.py` would run in the place of Python's own.
    """
    if python_path:
        theirs = {_absolute(folder) for folder in python_path.split(os.pathsep)}
        sys.path.sort(key=theirs.__contains__)


def _absolute(folder: str) -> str:
    try:
        return os.path.abspath(folder)  # noqa: PTH100  as Python made it; pathlib costs a run 9 ms
    except OSError:
        return folder  # the working directory is gone


def _make_words(make: str) -> list[str]:
    """`$(MAKE)` as a recipe without us has it, unquoted: `make MAKE='make -s'` is two words. A file's name is one."""
    if " " not in make or os.access(make, os.F_OK):
        return [make]
    return make.split() or [make]


def _take_options(words: list[str], options: dict[str, str]) -> list[str]:
    """Read the leading options into `options`; what follows them, without the `--`."""
    rest = list(words)
    while rest and rest[0].startswith("-"):
        word = rest.pop(0)
        if word == "--":
            break
        if word == AS_CALLED:
            options[word] = word
            continue
        name, equals, value = word.partition("=")
        if name not in options:
            raise UsageError(f"unknown option {word}")
        if not equals and not rest:
            raise UsageError(f"{name} wants a value")
        options[name] = value if equals else rest.pop(0)
    return rest


def _say(text: str) -> None:
    if sys.stderr is not None:
        os.write(2, f"devtel wrap: {text}".encode("utf-8", "surrogateescape"))
