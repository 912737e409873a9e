"""The question at a terminal. The terminal's signals are off while it waits, and it is restored on every way out.

So Ctrl-C is an answer ("not now") and does not end the make that called devtel.
"""

import os
import select
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager

YES, LOCAL, NO, SHOW, NOT_NOW = "yes", "local", "no", "show", ""

SILENCE = 60.0  # seconds without a key that mean "not now"
_TRIES = 5
_ANSWERS = {
    "y": YES, "yes": YES, "l": LOCAL, "local": LOCAL, "n": NO, "no": NO, "s": SHOW, "show": SHOW, "show me": SHOW,
}  # fmt: skip
_CTRL_C, _CTRL_D, _CTRL_BACKSLASH, _BACKSPACES = 0x03, 0x04, 0x1C, (0x08, 0x7F)


def input_is_waiting() -> bool:
    """Whether input is waiting: it was typed for the build or for the shell, not as an answer."""
    with _raw_keys():
        return bool(select.select([0], [], [], 0)[0])


def ask(introduction: str, details: str, question: str) -> str:
    """Show `introduction` and ask. YES, LOCAL, NO, or NOT_NOW for everything else. SHOW prints `details`."""
    say(introduction)
    with _raw_keys():
        for _ in range(_TRIES):
            say(question)
            line = _line()
            if line is None or not line.strip():
                return NOT_NOW
            answer = _ANSWERS.get(line.strip().lower())
            if answer == SHOW:
                say(details)
            elif answer is not None:
                return answer
            else:
                say("Please answer yes, local, no or show; Enter means not now.\n")
    return NOT_NOW


def say(text: str) -> None:
    """Write to standard error."""
    os.write(2, text.encode("utf-8", "replace"))


def _line() -> str | None:
    """What is typed up to Enter; None for Ctrl-C, end of input, a lost terminal or a minute of silence."""
    typed = bytearray()
    quiet_until = time.monotonic() + SILENCE
    while (key := _key(quiet_until)) is not None:
        if key in b"\r\n":
            say("\n")
            return typed.decode("utf-8", "replace")
        if key[0] in (_CTRL_C, _CTRL_BACKSLASH) or (key[0] == _CTRL_D and not typed):
            break
        _edit(typed, key[0])
        quiet_until = time.monotonic() + SILENCE
    say("\n")
    return None


def _edit(typed: bytearray, key: int) -> None:
    if key in _BACKSPACES:
        if typed:
            typed.pop()
            say("\b \b")
    elif 0x20 <= key < 0x7F and len(typed) < 20:
        typed.append(key)
        say(chr(key))


def _key(until: float) -> bytes | None:
    """One byte typed before `until` on the monotonic clock; None for silence or end of input."""
    ready = select.select([0], [], [], max(0.0, until - time.monotonic()))[0]
    try:
        return (os.read(0, 1) or None) if ready else None
    except OSError:
        return None


@contextmanager
def _raw_keys() -> Iterator[None]:
    """Keys arrive one by one, without echo and signals. TCSANOW throughout: no typed input is discarded."""
    before = termios.tcgetattr(0)
    raw = termios.tcgetattr(0)
    raw[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG)
    raw[6][termios.VMIN], raw[6][termios.VTIME] = 1, 0
    try:
        termios.tcsetattr(0, termios.TCSANOW, raw)
        yield
    finally:
        termios.tcsetattr(0, termios.TCSANOW, before)
