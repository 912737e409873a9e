"""Whether somebody is there to be asked. Every run looks, so next to nothing is imported."""

import os

from devtelemetry_cli.client import switches

ASK, INVITE, NOBODY = "ask", "invite", ""


def prompt_mode(environ: dict[str, str]) -> str:
    """How a person could be reached: ASK at a terminal, INVITE by one line where only stderr is one, or NOBODY.

    Not in a make inside another make and not beside parallel jobs: others' output or input is under way there.
    """
    if environ.get("MAKELEVEL", "") not in ("", "0", "1") or switches.is_parallel(environ.get("MAKEFLAGS", "")):
        return NOBODY
    if environ.get("TERM") == "dumb" or not _is_our_terminal(2):
        return NOBODY
    return ASK if _is_our_terminal(0) else INVITE


def _is_our_terminal(descriptor: int) -> bool:
    """Whether the descriptor is a terminal on which we are in the foreground."""
    try:
        return os.isatty(descriptor) and os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:
        return False
