"""Questions at a terminal. The terminal's signals are off while they wait, and it is restored on every way out.

So Ctrl-C is an answer ("not now") and does not end the make that called devtel.
"""

import os
import select
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager

from devtelemetry_cli.client import text
from devtelemetry_cli.client.consent import terminal

YES, LOCAL, NEVER, SHOW, NOT_NOW = "yes", "local", "never", "show", ""

SILENCE = 60.0  # seconds without a key that mean "not now"
_TRIES = 5
_ANSWERS = {
    "y": YES, "yes": YES, "l": LOCAL, "local": LOCAL, "local only": LOCAL, "n": NOT_NOW, "not now": NOT_NOW,
    "v": NEVER, "never": NEVER, "s": SHOW, "show": SHOW, "show all": SHOW,
}  # fmt: skip
_CHOICE = "Please answer y, l, n, v or s; Enter means not now."
_WHICH_NO = "No for now, or for good? Please answer n (not now) or v (never)."
_CTRL_C, _CTRL_D, _CTRL_BACKSLASH, _BACKSPACES = 0x03, 0x04, 0x1C, (0x08, 0x7F)
_WORD, _LONGEST = 20, 8192  # characters of an answer, and of a secret


def input_is_waiting() -> bool:
    """Whether input is waiting: it was typed for the build or for the shell, not as an answer."""
    with raw_keys():
        return bool(select.select([0], [], [], 0)[0])


def ask(introduction: str, details: str, question: str) -> str:
    """Show `introduction` and ask. YES, LOCAL, NEVER, or NOT_NOW for everything else. SHOW prints `details`."""
    say(introduction)
    with raw_keys():
        for _ in range(_TRIES):
            say(question)
            line = _line()
            if line is None or not line.strip():
                return NOT_NOW
            word = " ".join(line.lower().split())
            answer = _ANSWERS.get(word)
            if answer == SHOW:
                say(details)
            elif answer is not None:
                return answer
            else:
                tell(_WHICH_NO if word == "no" else _CHOICE)
    return NOT_NOW


def confirm(question: str) -> bool:
    """Whether the answer is yes, or Enter. Ctrl-C, silence and everything else mean no, and so does waiting input."""
    if input_is_waiting():
        return False
    say(f"{_fitting(question)} [Y/n]: ")
    with raw_keys():
        line = _line()
    return line is not None and line.strip().lower() in ("", "y", "yes")


def secret(question: str) -> str:
    """What is typed, without showing it; empty for Ctrl-C and silence, and where input is waiting."""
    if input_is_waiting():
        return ""
    say(f"{_fitting(question)}: ")
    with raw_keys():
        return (_line(is_shown=False) or "").strip()


def say(words: str) -> None:
    """Write to standard error."""
    os.write(2, words.encode("utf-8", "replace"))


def tell(sentence: str) -> None:
    """Write a line to standard error; at a terminal it is wrapped."""
    say(f"{_fitting(sentence)}\n")


def _fitting(sentence: str) -> str:
    return "\n".join(text.wrapped(sentence, terminal.width())) if os.isatty(2) else sentence


def _line(*, is_shown: bool = True) -> str | None:
    """What is typed up to Enter; None for Ctrl-C, end of input, a lost terminal or a minute of silence."""
    typed = bytearray()
    quiet_until = time.monotonic() + SILENCE
    while (key := _key(quiet_until)) is not None:
        if key in b"\r\n":
            say("\n")
            return typed.decode("utf-8", "replace")
        if key[0] in (_CTRL_C, _CTRL_BACKSLASH) or (key[0] == _CTRL_D and not typed):
            break
        _edit(typed, key[0], is_shown=is_shown)
        quiet_until = time.monotonic() + SILENCE
    say("\n")
    return None


def _edit(typed: bytearray, key: int, *, is_shown: bool) -> None:
    """Apply one key. A secret keeps every byte, so that one that cannot be a token is refused, not shortened."""
    if key in _BACKSPACES:
        echo = "\b \b" if typed else ""
        del typed[-1:]
    elif 0x20 <= key < (0x7F if is_shown else 0x100) and len(typed) < (_WORD if is_shown else _LONGEST):
        typed.append(key)
        echo = chr(key)
    else:
        return
    if is_shown:
        say(echo)


def _key(until: float) -> bytes | None:
    """One byte typed before `until` on the monotonic clock; None for silence or end of input."""
    ready = select.select([0], [], [], max(0.0, until - time.monotonic()))[0]
    try:
        return (os.read(0, 1) or None) if ready else None
    except OSError:
        return None


@contextmanager
def raw_keys() -> Iterator[None]:
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
