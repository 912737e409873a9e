"""`devtel wrap --every-target`: the whole call of make whose GNUmakefile started us, made again by a make below.

That make must print and count as the first one, so it gets the environment as it was before the call.
"""

import os

from devtelemetry_cli.client import make_call
from devtelemetry_cli.model import target_names

OPTION = "--every-target"
_ASSIGNMENTS = b"-- "


class WholeCall:
    """The call as `devtel wrap` runs it; `words` are those that GNUmakefile writes after OPTION."""

    def __init__(self, words: list[str]) -> None:
        options, goals = words[: words.index("--")], words[words.index("--") + 1 :]
        values = dict(option.partition("=")[::2] for option in options)
        self._parent, called = os.getppid(), make_call.of_parent() or []
        self._reverse = "--reverse" in options
        goals = _as_typed(goals, called)
        keep_going = ["-k"] if "-k" in options else []
        self.target = target_names.from_goals(goals)
        self.arguments: list[str] = []
        self.command = [
            values["--make"], *make_call.old_and_new(called), *keep_going, "-f", values["--makefile"], *goals,
        ]  # fmt: skip

    def environment(self, environ: dict[bytes, bytes]) -> dict[bytes, bytes]:
        """What make gave to its recipe -> what make was given."""
        given = {name: value for name, value in environ.items() if name != b"MAKELEVEL"}
        given[b"MAKEFLAGS"] = _flags_as_given(environ.get(b"MAKEFLAGS", b""), self._reverse)
        if not given[b"MAKEFLAGS"]:
            del given[b"MAKEFLAGS"]
            given.pop(b"MFLAGS", None)
        return given

    def end_parent(self, status: int) -> None:
        """Where make was killed, kill the make that started us by the same signal: it is the one that was called."""
        if not os.WIFSIGNALED(status) or os.getppid() != self._parent:
            return
        import resource  # noqa: PLC0415  only on this way out

        if hasattr(resource, "prlimit"):  # one core is dumped already
            resource.prlimit(self._parent, resource.RLIMIT_CORE, (0, 0))
        os.kill(self._parent, os.WTERMSIG(status))


def _as_typed(goals: list[str], called: list[str]) -> list[str]:
    """The goals as they were typed: `make 'a b'` reaches GNUmakefile as two."""
    typed = make_call.goals(called)
    return typed if " ".join(typed) == " ".join(goals) else goals


def _flags_as_given(flags: bytes, reverse: bool) -> bytes:
    """MAKEFLAGS without what the make above has done (`w`) or was only given for itself (`S`).

    make 4 hands assignments on in reverse order, and would reverse them again.
    """
    first, space, rest = flags.partition(b" ")
    if first and not first.startswith(b"-") and b"=" not in first:
        first = first.replace(b"w", b"").replace(b"S", b"")
    before, dashes, assignments = rest.partition(_ASSIGNMENTS)
    if reverse:
        assignments = b" ".join(reversed(_split(assignments)))
    return first + space + before + dashes + assignments


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
