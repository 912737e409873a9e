"""The project's pages as a reader uses them: their blocks of code, and the commands in these."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FILES = [
    *ROOT.glob("*.md"),
    *(file for name in ("contract", "docs", "plugins") for file in (ROOT / name).rglob("*.md")),
]
PAGES = sorted(str(file.relative_to(ROOT)) for file in _FILES)
SHELL = {"", "sh", "console"}  # what a block of code without a language, or with one of these, holds


@dataclass
class Block:
    """A block of code: its language, empty for an indented or unnamed one, and its lines."""

    language: str
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The lines as one text."""
        return "".join(f"{line}\n" for line in self.lines)


@dataclass(frozen=True)
class Command:
    """A command with the lines that a page shows as its output."""

    text: str
    output: tuple[str, ...] = ()


@cache
def read(page: str) -> str:
    """A page's text."""
    return (ROOT / page).read_text()


def blocks(page: str, heading: str = "") -> list[Block]:
    """Every block of code of a page, or of the part under one heading, in order."""
    found: list[Block] = []
    fence, before = "", ""
    for line in _part(read(page), heading).splitlines():
        mark = re.match(r"(```+)(\S*)$", line)
        if mark and not fence:
            fence = mark[1]
            found.append(Block(mark[2]))
        elif fence and line == fence:
            fence = ""
        elif fence:
            found[-1].lines.append(line)
        elif line.startswith("    ") and not before.strip():
            found.append(Block("", [line[4:]]))
        elif line.startswith("    ") and before.startswith("    "):
            found[-1].lines.append(line[4:])
        before = line
    return found


def commands(page: str, heading: str = "") -> list[Command]:
    """Every command of the shell blocks of a page, or of the part under one heading, in order."""
    return [command for block in blocks(page, heading) if block.language in SHELL for command in _commands(block)]


def _part(text: str, heading: str) -> str:
    return re.split(r"^## ", text.partition(f"## {heading}\n")[2], flags=re.MULTILINE)[0] if heading else text


def _commands(block: Block) -> Iterator[Command]:
    """With prompts, each command and its output; without them every line is a command."""
    lines = re.sub(r"\s*\\\n\s*", " ", block.text).splitlines()
    if any(line.startswith("$ ") for line in lines):
        for part in re.split(r"^\$ ", "\n".join(lines), flags=re.MULTILINE)[1:]:
            first, *output = part.splitlines()
            yield Command(first, tuple(output))
    else:
        yield from (Command(text) for line in lines if (text := _without_remark(line)))


def _without_remark(line: str) -> str:
    """A line without a comment, or the explanation that wide space sets apart."""
    return re.split(r"\s{2,}|(?:^|\s+)#", line.strip())[0]
