"""The git context of a run, read while make runs by two cheap plumbing commands.

No branch, commit or path is recorded: only the kind of branch and the commit's age.
"""

import posix  # as in client/paths.py
import time

TYPE_CHECKING = False  # as typing has it, without importing typing
if TYPE_CHECKING:
    import signal as _signal
else:
    import _signal  # `signal` wraps the same numbers in enums, at 4 ms

_STOPS = (_signal.SIGTSTP, _signal.SIGTTIN, _signal.SIGTTOU)
_GIT = ("git", "-c", "core.fsmonitor=false")
_COMMIT_TIME = ("rev-list", "--timestamp", "-1", "HEAD")
_BRANCHES = ("rev-parse", "--symbolic-full-name", "HEAD", "refs/remotes/origin/HEAD")
_HEADS, _REMOTE = "refs/heads/", "refs/remotes/origin/"


class GitProbe:
    """Two running git commands. `wait` for their answers, then `context`; `close` always."""

    def __init__(self, environ: dict[str, str]) -> None:
        # A build that traces its git commands must not find these among them.
        untraced = {name: value for name, value in environ.items() if not name.startswith("GIT_TRACE")}
        self._environ = {**untraced, "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
        self._commands = [_Command(_COMMIT_TIME, self._environ), _Command(_BRANCHES, self._environ)]

    def wait(self, seconds: float) -> bool:
        """Whether both answered within `seconds`."""
        import select  # noqa: PLC0415  while git runs

        deadline = time.monotonic() + seconds
        while open_ones := [command.output for command in self._commands if command.output >= 0]:
            left = deadline - time.monotonic()
            if left < 0:
                return False
            for ready in select.select(open_ones, [], [], left)[0]:
                next(command for command in self._commands if command.output == ready).read()
        return True

    def context(self, now: float, default_branch: str) -> tuple[str | None, int | None]:
        """(kind of branch, age of the commit in whole days), None where git has no answer."""
        stamp, names = (bytes(command.answer).decode("utf-8", "replace") for command in self._commands)
        seconds = stamp.partition(" ")[0]
        age = max(0, int(now - int(seconds)) // 86400) if seconds.isdigit() else None
        kind = _branch_kind(names.split("\n"), default_branch)
        # Before the first commit git answers HEAD too, as if detached: from a commit that is not there.
        return (None if kind == "detached" and age is None else kind), age

    def close(self) -> None:
        """Leave no process and no descriptor behind, answered or not."""
        for command in self._commands:
            command.close()


def _branch_kind(names: list[str], default_branch: str) -> str | None:
    head = names[0]
    if head == "HEAD":
        return "detached"
    if not head.startswith(_HEADS):
        return None
    origin = names[1] if len(names) > 1 and names[1] != f"{_REMOTE}HEAD" else ""
    default = default_branch or origin.removeprefix(_REMOTE)
    if not default:
        return "unknown"
    return "default" if head.removeprefix(_HEADS) == default else "other"


def _kill_group(pid: int) -> None:
    try:  # noqa: SIM105  contextlib is one more import on the way of a run
        posix.killpg(pid, 9)
    except PermissionError:  # macOS: it has ended already
        pass


class _Command:
    def __init__(self, arguments: tuple[str, ...], environ: dict[str, str]) -> None:
        self.answer = bytearray()
        self.output, child_end = posix.pipe()
        try:
            self._pid = posix.posix_spawnp(
                "git",
                [*_GIT, *arguments],
                environ,
                setpgroup=0,  # so that what it started can be ended with it
                # Ctrl-Z is for make's group. Its SIGCONT does not reach this group, so git would stay stopped, and a
                # stop before the exec would block this process too.
                setsigmask=_STOPS,
                file_actions=[
                    (posix.POSIX_SPAWN_DUP2, child_end, 1),
                    (posix.POSIX_SPAWN_OPEN, 0, "/dev/null", posix.O_RDONLY, 0),
                    (posix.POSIX_SPAWN_OPEN, 2, "/dev/null", posix.O_WRONLY, 0),
                ],
            )
        except OSError:
            self._pid = 0
            self._hang_up()
        finally:
            posix.close(child_end)

    def read(self) -> None:
        chunk = posix.read(self.output, 4096)
        self.answer += chunk
        if not chunk or len(self.answer) > 4096:
            self._hang_up()

    def close(self) -> None:
        self._hang_up()
        if self._pid:
            if posix.waitpid(self._pid, posix.WNOHANG)[0] == 0:  # it may have answered, and still not leave
                _kill_group(self._pid)
                posix.waitpid(self._pid, 0)
            self._pid = 0

    def _hang_up(self) -> None:
        if self.output >= 0:
            posix.close(self.output)
            self.output = -1
