"""`devtel wrap --every-target`: the whole call of make whose GNUmakefile started us, made again by a make below.

That make must print and count as the first one, so it gets the environment as it was before the call.
"""

import posix  # as in client/paths.py
import time

from devtelemetry_cli.client import make_call

TYPE_CHECKING = False  # as typing has it, without importing typing
if TYPE_CHECKING:
    import signal as _signal
else:
    import _signal  # as in client/process.py


class WholeCall:
    """The call as `devtel wrap` runs it; `words` are those that GNUmakefile writes after --every-target."""

    every_target = True

    def __init__(self, words: list[str]) -> None:
        options, goals = words[: words.index("--")], words[words.index("--") + 1 :]
        values = dict(option.partition("=")[::2] for option in options)
        self._parent, called = posix.getppid(), make_call.of_parent() or []
        self.goals = _as_typed(goals, called)
        keep_going = ["-k"] if "-k" in options else []
        self.arguments: list[str] = []
        self.command = [
            values["--make"], *make_call.old_and_new(called), *keep_going, "-f", values["--makefile"], *self.goals,
        ]  # fmt: skip

    def prompt_limit(self) -> str:
        """A person may be asked: nothing of the call follows."""
        from devtelemetry_cli.client.consent import terminal  # noqa: PLC0415  only where a person is there

        return terminal.ASK

    def environment(self, environ: dict[bytes, bytes]) -> dict[bytes, bytes]:
        """What make gave to its recipe -> what make was given."""
        given = {name: value for name, value in environ.items() if name != b"MAKELEVEL"}
        given[b"MAKEFLAGS"] = _flags_as_given(environ.get(b"MAKEFLAGS", b""))
        if not given[b"MAKEFLAGS"]:
            del given[b"MAKEFLAGS"]
            given.pop(b"MFLAGS", None)
        return given

    def end_parent(self, status: int) -> None:
        """Where make was killed, kill the make that started us by the same signal: it is the one that was called."""
        number = posix.WTERMSIG(status) if posix.WIFSIGNALED(status) else 0
        if posix.WIFEXITED(status) and posix.WEXITSTATUS(status) == 1:
            number = _signal.SIGQUIT  # make's answer to it, and otherwise only to an output that cannot be written
        if not number or posix.getppid() != self._parent:
            return
        # One of these that it does not catch any more it is obeying already. At any other that it catches it would
        # print something, so it ends with 2 instead.
        silent = number in (_signal.SIGTERM, _signal.SIGINT, _signal.SIGHUP, _signal.SIGQUIT)
        if _catches(self._parent, number) in (silent, None):
            _kill(self._parent, number)


def _kill(parent: int, number: int) -> None:
    """Kill the make above, and wait until it knows."""
    import resource  # noqa: PLC0415  only on this way out

    if hasattr(resource, "prlimit"):  # one core is dumped already
        resource.prlimit(parent, resource.RLIMIT_CORE, (0, 0))
    posix.kill(parent, number)
    # A make that finds its child gone before it handles the signal reports "No child processes".
    deadline = time.monotonic() + 0.1
    while _catches(parent, number) and time.monotonic() < deadline:
        time.sleep(0.001)


def _as_typed(goals: list[str], called: list[str]) -> list[str]:
    """The goals as they were typed: `make 'a b'` reaches GNUmakefile as two."""
    typed = make_call.goals(called)
    return typed if " ".join(typed).split() == goals else goals


def _flags_as_given(flags: bytes) -> bytes:
    """MAKEFLAGS without what the make above has done (`w`) or was only given for itself (`S`).

    make hands assignments on in reverse order, and would reverse them again.
    """
    first, space, rest = flags.partition(b" ")
    if first and not first.startswith(b"-"):
        if b"=" in first:  # no flags at all: make 3.81 writes no `--` then
            return _reversed(flags)
        first = first.replace(b"w", b"").replace(b"S", b"")
    before, dashes, assignments = rest.partition(b"-- ")
    return first + space + before + dashes + _reversed(assignments)


def _reversed(assignments: bytes) -> bytes:
    return b" ".join(reversed(_split(assignments)))


def _split(assignments: bytes) -> list[bytes]:
    """The words between blanks; a backslash keeps the next character in its word."""
    words, word, escaped = [], b"", False
    for byte in (assignments[index : index + 1] for index in range(len(assignments))):
        if byte == b" " and not escaped:
            words.append(word)
            word = b""
            continue
        word += byte
        escaped = byte == b"\\" and not escaped
    return [*words, word]


def _catches(pid: int, number: int) -> bool | None:
    """Whether a process handles a signal; None where there is no /proc to look at."""
    try:
        text = make_call.read(f"/proc/{pid}/status")
    except OSError:
        return None
    caught = text.partition(b"SigCgt:\t")[2].split(b"\n", 1)[0]
    return bool(int(caught or b"0", 16) >> (number - 1) & 1)
