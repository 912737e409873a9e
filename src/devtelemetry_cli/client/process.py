"""make as a child process: signals, environment and end as if make had been started directly.

The rules are in docs/make-and-processes.md. Loaded before make starts, so it imports next to nothing.
"""

import posix  # as in client/paths.py
import sys
import time

from devtelemetry_cli.client.paths import fsdecode, fsencode

TYPE_CHECKING = False  # as typing has it, without importing typing
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")
else:
    import _signal  # `signal` wraps the same calls in enums, at 4 ms

_NOTED = (_signal.SIGINT, _signal.SIGQUIT, _signal.SIGHUP)
_ENDING = (*_NOTED, _signal.SIGTERM)
# Python ignores these two from its start, and forgets whether they had been ignored before.
_PYTHON_IGNORES: list[int] = [_signal.SIGPIPE, _signal.SIGXFSZ]
# Programs that pass ignored signals on. Others, like Python, ignore SIGPIPE for themselves only.
_PASSES_ON = frozenset({b"make", b"gmake", b"gnumake", b"remake", b"sh", b"dash", b"bash", b"ash", b"ksh", b"zsh"})
_SHELL = "/bin/sh"
GRACE = 0.05  # seconds of the processor's time
_ENOEXEC = 8  # everywhere; importing errno for it would come before make's start
_COERCED = (b"C.UTF-8", b"C.utf8", b"UTF-8")


class StartError(Exception):
    """make cannot be run; `exit_code` is the shell's for the same reason: 127 not found, 126 not executable."""

    def __init__(self, make: str, fault: OSError) -> None:
        super().__init__(f"{make} cannot be run: {fault.strerror}")
        self.exit_code = 127 if isinstance(fault, FileNotFoundError) else 126


class Child:
    """One make. INT, QUIT and HUP are noted, TERM is passed on, ignored signals stay ignored."""

    def __init__(self) -> None:
        self.interrupted = False
        self._seen = 0
        self._pid = 0
        self._ended_at: float | None = None

    def start(self, command: list[str], environ: dict[bytes, bytes]) -> None:
        """Run `command` with this process' descriptors and ignored signals. Raises StartError."""
        to_default = _not_ignored()
        mask = _signal.pthread_sigmask(_signal.SIG_BLOCK, _ENDING)
        if self._seen:  # make is not started yet: the signal would have ended it
            _signal.pthread_sigmask(_signal.SIG_SETMASK, mask)
            exit_like(self._seen)
        self._started_at = time.monotonic()
        try:
            self._pid = _spawn(command, environ, mask, to_default)
        except OSError as fault:
            raise StartError(command[0], fault) from None
        finally:
            missed = _signal.sigpending()
            _signal.pthread_sigmask(_signal.SIG_SETMASK, mask)
        for number in missed.intersection(_NOTED):  # arrived while make was being started; TERM was passed on already
            posix.kill(self._pid, number)
        import resource  # noqa: F401, PLC0415  posix.wait4 imports it for its result: better now than after make's end

    def is_over(self) -> bool:
        """Whether make has ended already."""
        return self._ended_at is not None

    def wait(self) -> "ExitResult":
        """Wait for make's end."""
        pid = self._pid
        if hasattr(posix, "waitid"):
            posix.waitid(posix.P_PID, pid, posix.WEXITED | posix.WNOWAIT)
        self._pid = 0  # the PID may be reused from here on: nothing is passed on any more
        _, status, used = posix.wait4(pid, 0)
        duration = (self._ended_at or time.monotonic()) - self._started_at
        peak_kib = used.ru_maxrss // (1024 if sys.platform == "darwin" else 1)  # bytes there
        return ExitResult(status, duration, used.ru_utime + used.ru_stime, peak_kib, interrupted=self.interrupted)

    def note(self, number: int, _frame: object) -> None:
        """Handler: note a signal that make receives by itself."""
        self.interrupted = True
        self._seen = number

    def pass_on(self, number: int, frame: object) -> None:
        """Handler: note a signal, and send it to make."""
        self.note(number, frame)
        if self._pid:
            posix.kill(self._pid, number)

    def look(self, _number: int, _frame: object) -> None:
        """Handler: note the time of make's end, which may come while the run is still being recorded."""
        if self._ended_at is not None or not self._pid or not hasattr(posix, "waitid"):
            return
        if posix.waitid(posix.P_PID, self._pid, posix.WEXITED | posix.WNOWAIT | posix.WNOHANG) is not None:
            self._ended_at = time.monotonic()


def install_handlers(child: Child) -> None:
    """Handle signals as make would: INT, QUIT and HUP are noted, TERM is passed on, ignored ones stay ignored."""
    for number in _NOTED:
        _handle(number, child.note)
    _handle(_signal.SIGTERM, child.pass_on)
    _handle(_signal.SIGUSR1, _ignore)  # make prints debugging output on it; its default would end this process
    _signal.signal(_signal.SIGCHLD, child.look)


class TooSlowError(Exception):
    """A step was still going on when make had ended."""


def interruptible(is_over: "Callable[[], bool]", step: "Callable[..., T]", *arguments: object) -> "T":
    """The result of `step`, which may go on for GRACE seconds of the processor's time after make's end, no longer.

    The processor's time, since a busy machine must not cost a record. Raises TooSlowError.
    """

    def tick(_number: int, _frame: object) -> None:
        if is_over():
            raise TooSlowError

    before = _signal.signal(_signal.SIGPROF, tick)
    _signal.setitimer(_signal.ITIMER_PROF, GRACE, GRACE)
    try:
        return step(*arguments)
    finally:
        _signal.setitimer(_signal.ITIMER_PROF, 0)
        _signal.signal(_signal.SIGPROF, before)


class ExitResult:
    """The end of make: the wait status, the seconds it took, and whether signals were seen meanwhile.

    `cpu_seconds` and `peak_kib` are of make and of all the processes it waited for; the peak is the largest one's.
    """

    __slots__ = ("cpu_seconds", "duration", "interrupted", "peak_kib", "status")

    def __init__(self, status: int, duration: float, cpu_seconds: float, peak_kib: int, *, interrupted: bool) -> None:
        self.status = status
        self.duration = duration
        self.cpu_seconds = cpu_seconds
        self.peak_kib = peak_kib
        self.interrupted = interrupted


def exec_make(command: list[str], adapt: "Callable[[dict[bytes, bytes]], dict[bytes, bytes]]") -> None:
    """Replace this process by make, in an adapted environment. Returns only by raising StartError."""
    for number in _not_ignored():
        _signal.signal(number, _signal.SIG_DFL)
    environ = adapt(given_environment(command[0]))
    try:
        try:
            import os  # noqa: PLC0415  plain calls only

            os.execvpe(command[0], command, environ)  # noqa: S606  no shell, as without devtel
        except OSError as fault:
            if fault.errno != _ENOEXEC:
                raise
            posix.execve(_SHELL, _as_script(command), environ)
    except OSError as fault:
        raise StartError(command[0], fault) from None


def exit_like(status: int) -> None:
    """End as make ended: by the same signal, without a second core dump, or with the same exit code."""
    if posix.WIFSIGNALED(status):
        import resource  # noqa: PLC0415  only on this way out

        number = posix.WTERMSIG(status)
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        if number != _signal.SIGKILL:
            _signal.signal(number, _signal.SIG_DFL)
        posix.kill(posix.getpid(), number)
    posix._exit(posix.WEXITSTATUS(status))


def environment() -> dict[str, str]:
    """The environment of this process as text, as os.environ has it."""
    return {fsdecode(name): fsdecode(value) for name, value in posix.environ.items()}


def given_environment(make: str) -> dict[bytes, bytes]:
    """The environment that `make` would have received: without the LC_CTYPE that Python adds in a C locale.

    bash sets `_` to the program that it starts: here to devtel or its interpreter, without devtel to make.
    """
    environ = dict(posix.environ)
    if environ.get(b"_") in (fsencode(sys.argv[0]), fsencode(sys.executable)):
        environ[b"_"] = fsencode(_found(make))
    if environ.get(b"LC_CTYPE") in _COERCED and not environ.get(b"LC_ALL"):
        del environ[b"LC_CTYPE"]
        given = _given_lc_ctype()
        if given is not None:
            environ[b"LC_CTYPE"] = given
    return environ


def _spawn(command: list[str], environ: dict[bytes, bytes], mask: "set[int]", to_default: list[int]) -> int:
    try:
        return posix.posix_spawnp(command[0], command, environ, setsigmask=mask, setsigdef=to_default)
    except OSError as fault:
        if fault.errno != _ENOEXEC:
            raise
        return posix.posix_spawn(_SHELL, _as_script(command), environ, setsigmask=mask, setsigdef=to_default)


def _as_script(command: list[str]) -> list[str]:
    """The command for a make that is a script without `#!`: shells and make itself let a shell read it."""
    return [_SHELL, _found(command[0]), *command[1:]]


def _found(name: str) -> str:
    """The file that a shell would run as `name`; the name itself where there is none."""
    if "/" not in name:
        for folder in fsdecode(posix.environ.get(b"PATH", b"/bin:/usr/bin")).split(":"):
            file = f"{folder or '.'}/{name}"
            if _is_program(file):
                return file
    return name


def _is_program(file: str) -> bool:
    from _stat import S_ISREG  # noqa: PLC0415  only for a call from bash

    try:
        return posix.access(file, posix.X_OK) and S_ISREG(posix.stat(file).st_mode)
    except OSError:
        return False


def _ignore(_number: int, _frame: object) -> None:
    pass


def _handle(number: int, handler: "Callable[[int, object], None]") -> None:
    if _signal.getsignal(number) != _signal.SIG_IGN:  # ignored by nohup, or by a shell for its background job
        _signal.signal(number, handler)


def _not_ignored() -> list[int]:
    """The signals ignored by Python itself, which a recipe must find at their default.

    A service manager may ignore SIGPIPE for everything it starts; make and its recipes then ignore it too. This is
    read from the parent process. Where it passes no ignored signals on, or /proc is missing, none were ignored.
    """
    try:
        descriptor = posix.open(f"/proc/{posix.getppid()}/status", posix.O_RDONLY)
        try:
            text = posix.read(descriptor, 65536)
        finally:
            posix.close(descriptor)
    except OSError:
        return _PYTHON_IGNORES
    lines = dict(line.split(b":\t", 1) for line in text.split(b"\n") if b":\t" in line)
    ignored = int(lines.get(b"SigIgn", b"0"), 16) if lines.get(b"Name") in _PASSES_ON else 0
    return [number for number in _PYTHON_IGNORES if not ignored >> (number - 1) & 1]


def _given_lc_ctype() -> bytes | None:
    """The LC_CTYPE that this process was started with; None where it was unset or /proc is missing."""
    try:
        descriptor = posix.open("/proc/self/environ", posix.O_RDONLY)
    except OSError:
        return None
    text = b""
    while chunk := posix.read(descriptor, 65536):
        text += chunk
    posix.close(descriptor)
    for entry in text.split(b"\0"):
        if entry.startswith(b"LC_CTYPE="):
            return entry.removeprefix(b"LC_CTYPE=")
    return None
