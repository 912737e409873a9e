"""The recorder's side of the plug-in's socket: the beginning and the end of one call of make.

The two messages are those of devtel.c. Loaded for every recorded call, so it imports only small modules.
"""

import _socket  # `socket` takes 10 ms to import, and could reach a network
import posix  # as in client/paths.py
import select
import sys
import time

from devtelemetry_cli.client.paths import fsdecode, lexists
from devtelemetry_cli.client.process import ExitResult

TYPE_CHECKING = False  # as typing has it, without importing typing
if TYPE_CHECKING:
    import signal as _signal
else:
    import _signal  # `signal` wraps the same numbers in enums, at 4 ms

_DESCRIPTOR = 3
_MESSAGE = 16384  # bytes; the first message has at most two paths' worth of text
_CREDENTIALS = 12  # bytes: process, user and group of the sender
_GET_INFO, _INFO_SIZE, _EXIT_FLAG, _EXIT_AT = 0xC040FF0B, 64, 1 << 3, 60  # PIDFD_GET_INFO: linux/pidfd.h of 6.15
_REST = 0.005  # seconds in which make exits, and a shell that waits for it wakes up: neither finds its core taken
_REAPING = 0.05  # seconds in which make's parent takes note of its death
_LOOK = 0.2  # seconds between two looks at the process, before Linux 5.3
_BY_A_PERSON = (_signal.SIGINT, _signal.SIGQUIT, _signal.SIGHUP, _signal.SIGTERM)


class Channel:
    """One call of make: its process, its folder and goals, and `began`, the monotonic clock at the plug-in's load."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._handle = _open_process(pid)
        self._socket = _socket.socket(fileno=_DESCRIPTOR)
        moment, folder, goals = self._receive().split(b"\0")
        self.began = float(moment.split()[1])
        self.folder = fsdecode(folder)
        self.goals = goals.decode("utf-8", "replace").split()

    def over(self) -> bool:
        """Whether make has ended already."""
        return self._wait(0)

    def end(self) -> ExitResult:
        """Wait for make's end: its message, or its death without one."""
        while True:
            while not self._wait(_LOOK):
                pass
            try:
                message = self._receive(_socket.MSG_DONTWAIT)
            except BlockingIOError:
                return self._death()
            if message.startswith(b"end "):
                if self.pid != 1:  # of a container: that make waits for the recorder
                    time.sleep(_REST)
                return self._reported(message)

    def _wait(self, seconds: float) -> bool:
        """Whether a message came or the process died within `seconds`."""
        watched = [_DESCRIPTOR] if self._handle < 0 else [_DESCRIPTOR, self._handle]
        return bool(select.select(watched, [], [], seconds)[0]) or not lexists(f"/proc/{self.pid}")

    def _receive(self, flags: int = 0) -> bytes:
        """The next message, empty if its sender is not this make: every process of the machine can send one."""
        message, ancillary, _, _ = self._socket.recvmsg(_MESSAGE, _socket.CMSG_SPACE(_CREDENTIALS), flags)
        for _, kind, data in ancillary:
            sender = tuple(int.from_bytes(data[at : at + 4], sys.byteorder) for at in (0, 4))
            if kind == _socket.SCM_CREDENTIALS and sender == (self.pid, posix.geteuid()):
                return message
        return b""

    def _reported(self, message: bytes) -> ExitResult:
        status, moment, cpu, peak = message.split()[1:5]
        return ExitResult(int(status) << 8, float(moment) - self.began, float(cpu), int(peak), interrupted=False)

    def _death(self) -> ExitResult:
        """A death without a message is one by a signal; a system that does not tell which counts as SIGTERM."""
        duration = time.monotonic() - self.began
        status = self._wait_status()
        if status is None:
            status = _signal.SIGTERM
        interrupted = posix.WIFSIGNALED(status) and posix.WTERMSIG(status) in _BY_A_PERSON
        return ExitResult(status, duration, 0.0, 0, interrupted=interrupted)

    def _wait_status(self) -> int | None:
        """The wait status of the dead process; None before Linux 6.15, and while its parent does not reap it."""
        from fcntl import ioctl  # noqa: PLC0415  only where make was killed

        deadline = time.monotonic() + _REAPING
        while self._handle >= 0 and time.monotonic() < deadline:
            info = bytearray(_INFO_SIZE)
            info[0] = _EXIT_FLAG
            try:
                ioctl(self._handle, _GET_INFO, info)
            except OSError:  # ESRCH until it is reaped, or an older kernel
                info[0] = 0
            if info[0] & _EXIT_FLAG:
                return int.from_bytes(info[_EXIT_AT : _EXIT_AT + 4], sys.byteorder)
            time.sleep(0.001)
        return None


def _open_process(pid: int) -> int:
    """A descriptor that is ready when the process is dead; -1 where it is dead already, or the system has none."""
    try:
        return posix.pidfd_open(pid)
    except (AttributeError, OSError):
        return -1
