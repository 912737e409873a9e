"""`devtel record-call PID`: record one call of make from outside, while make runs (client/plugin/devtel.c).

The plug-in starts it in the folder `/`, with its socket as standard input, output and error too; the null device takes
their place here, and a session of its own that of make's. Everything about consent, git and the journal is the
wrapper's. It cannot ask: where nothing was decided, nothing happens.
"""

import posix  # as in client/paths.py
import time

from devtelemetry_cli import direct_import
from devtelemetry_cli.client import process, switches
from devtelemetry_cli.client.context import Context, Run
from devtelemetry_cli.client.plugin import calls
from devtelemetry_cli.client.plugin.channel import Channel
from devtelemetry_cli.wrap import ErrorGuard

TYPE_CHECKING = False  # as typing has it, without importing typing
if TYPE_CHECKING:
    import signal as _signal

    from devtelemetry_cli.observe import Observation
else:
    import _signal  # as in client/process.py

# Signals that end or stop a build do not end its recorder, nor does a debugging signal to its processes.
_IGNORED = frozenset(
    getattr(_signal, f"SIG{name}")
    for name in ("HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "TSTP", "TTIN", "TTOU", "PIPE", "XFSZ")
)


def main(words: list[str]) -> None:
    """Record the call of make with the process ID that is the only word; does not return."""
    _leave_session()
    guard = ErrorGuard()
    try:
        channel = Channel(int(words[0]))
    except (IndexError, ValueError, OSError):  # started by hand
        posix.write(2, b"devtel record-call: only devtel's plug-in for make starts this.\n")
        posix._exit(2)
    if not _use_null_device():
        posix._exit(1)
    observed = guard.run(_begin, channel, guard)
    if observed is not None and (result := guard.run(channel.end)) is not None:
        for step in observed.after:
            guard.run(step, result)
    if guard.state is not None:
        calls.withdraw(guard.state, channel.pid)
    posix._exit(0)


def _leave_session() -> None:
    """Leave make's session, choose a disposition for every signal, and unblock them: the plug-in blocked all.

    A signal that make's process group got before is ignored with the later ones.
    """
    try:  # noqa: SIM105  contextlib is one more import for every call
        posix.setsid()
    except OSError:  # started by hand, as the leader of its group
        pass
    for number in _signal.valid_signals() - {_signal.SIGKILL, _signal.SIGSTOP}:
        _signal.signal(number, _signal.SIG_IGN if number in _IGNORED else _signal.SIG_DFL)
    _signal.pthread_sigmask(_signal.SIG_SETMASK, [])


def _use_null_device() -> bool:
    """Whether the null device is standard input, output and error now: not where it is missing, or a file."""
    try:
        null = posix.open("/dev/null", posix.O_RDWR)
    except OSError:
        return False
    for standard in (0, 1, 2):
        posix.dup2(null, standard)
    return posix.fstat(null).st_rdev != 0


def _begin(channel: Channel, guard: ErrorGuard) -> "Observation | None":
    """Write the call's start where consent allows it, from make's own folder and with its time."""
    environ = process.environment()
    if switches.switched_off(environ):
        return None
    now = time.time() - (time.monotonic() - channel.began)
    posix.chdir(channel.folder)
    try:
        context = Context.load(environ, every_target=True)
        guard.state = context.state
        if not context.should_observe(now):
            return None
        run = Run(posix.urandom(8).hex(), channel.pid, now)
        if value := context.run_env_value(run):
            calls.announce(context.state, channel.pid, value)
        direct_import.load(direct_import.OBSERVE)
        from devtelemetry_cli import observe  # noqa: PLC0415  not without consent

        return observe.begin(channel.goals, context, run, channel.over, lambda: "")
    finally:
        posix.chdir("/")  # a recipe may unmount or remove make's folder
