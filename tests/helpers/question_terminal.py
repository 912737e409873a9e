"""The consent question at a pseudo-terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

import pexpect

from tests.helpers.developer import Developer

PROMPT = "[s]how all > "
SCHEDULE = "[Y/n]: "


@contextmanager
def terminal(developer: Developer, command: str, *arguments: str, columns: int = 80) -> Iterator[pexpect.spawn]:
    """A command at a pseudo-terminal of its own."""
    child = pexpect.spawn(
        command,
        list(arguments),
        cwd=str(developer.project),
        env=developer.environ,
        timeout=20,
        encoding="utf-8",
        dimensions=(24, columns),
    )
    child.ptyproc.delayafterclose = 0  # seconds; a command that has ended needs no time to notice
    try:
        yield child
    finally:
        child.close(force=True)


def end(child: pexpect.spawn) -> str:
    """What is left on the terminal when the command has ended."""
    child.expect(pexpect.EOF)
    child.wait()
    return str(child.before)
