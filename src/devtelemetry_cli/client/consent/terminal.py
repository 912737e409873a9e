"""Whether a person can be asked, and how text looks there. Every run checks this, so almost nothing is imported."""

import posix  # as in client/paths.py

from devtelemetry_cli.client import switches

TYPE_CHECKING = False  # as typing has it, without importing typing
if TYPE_CHECKING:
    from collections.abc import Mapping

ASK, INVITE, NOBODY = "ask", "invite", ""


def prompt_mode(environ: dict[str, str]) -> str:
    """How a person could be reached: ASK at a terminal, INVITE by one line where only stderr is one, or NOBODY.

    Not in a make inside another make and not beside parallel jobs, whose input and output are under way.
    """
    if environ.get("MAKELEVEL", "") not in ("", "0", "1") or switches.is_parallel(environ.get("MAKEFLAGS", "")):
        return NOBODY
    if environ.get("TERM") == "dumb" or not _is_foreground_terminal(2):
        return NOBODY
    return ASK if _is_foreground_terminal(0) else INVITE


def prompt_limit(wrapped: list[str], goals: list[str]) -> str:
    """How a person may be reached after the wrapped goals in a call of make with all these goals.

    Standard input is read only when nothing of the call can follow: ASK after the only goal, INVITE after the last
    one. After a prerequisite, or in a call whose goals are not known, NOBODY.
    """
    if goals == wrapped:
        return ASK
    return INVITE if goals[-1:] == wrapped else NOBODY


def lesser(mode: str, limit: str) -> str:
    """The more careful of two modes."""
    return min(mode, limit, key=(NOBODY, INVITE, ASK).index)


def width(descriptor: int = 2) -> int:
    """The columns for text on a terminal: two fewer than it has, at least 20, and at most 100, which read well."""
    try:
        columns = posix.get_terminal_size(descriptor).columns
    except OSError:
        columns = 0
    return min(max((columns or 80) - 2, 20), 100)


def shows_colour(environ: "Mapping[str, str]", descriptor: int) -> bool:
    """Whether the descriptor is a terminal that shows colours, and NO_COLOR is not set."""
    return posix.isatty(descriptor) and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def _is_foreground_terminal(descriptor: int) -> bool:
    """Whether the descriptor is a terminal with this process in its foreground."""
    try:
        return posix.isatty(descriptor) and posix.tcgetpgrp(descriptor) == posix.getpgrp()
    except OSError:
        return False
