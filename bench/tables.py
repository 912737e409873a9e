"""Tables of figures, for a terminal or for docs/benchmarks.md."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Table:
    """A title, the heads of the columns, and rows of texts; the first column names the row."""

    title: str
    heads: list[str]
    rows: list[list[str]] = field(default_factory=list)

    def plain(self) -> str:
        """Columns aligned by blanks."""
        widths = [max(len(row[i]) for row in (self.heads, *self.rows)) for i in range(len(self.heads))]
        lines = [
            row[0].ljust(widths[0]) + "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:], widths[1:]))  # noqa: B905
            for row in (self.heads, *self.rows)
        ]
        return "\n".join([self.title, "", lines[0], "-" * len(lines[0]), *lines[1:]])

    def markdown(self) -> str:
        """The same as a Markdown table under its title."""
        rule = ["---", *("---:" for _ in self.heads[1:])]
        body = "\n".join(f"| {' | '.join(row)} |" for row in (self.heads, rule, *self.rows))
        return f"**{self.title}**\n\n{body}"


def document(machine: Sequence[str], tables: Sequence[Table], command: str, markdown: bool) -> str:
    """Machine, tables and the command that repeats them, as one text."""
    if not markdown:
        return "\n\n".join(["\n".join(machine), *(table.plain() for table in tables), f"again: {command}"])
    top = "\n".join(f"- {line}" for line in machine)
    return "\n\n".join([top, *(table.markdown() for table in tables), f"Again: `{command}`"])


def put_into(page: Path, name: str, text: str) -> None:
    """Replace what stands between the page's two comments of that name. Raises ValueError where they are missing."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"{page} has no {begin} ... {end}")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def p95(values: Sequence[float]) -> float:
    """The value that 95 of 100 stay within (the nearest that was measured)."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, -(-len(ranked) * 95 // 100) - 1)]


def ratio(values: Sequence[float], others: Sequence[float]) -> float:
    """The median of the ratios pair by pair: each pair was measured in the same moment."""
    return statistics.median(value / other for value, other in zip(values, others, strict=True))


def count(number: int) -> str:
    """A count with its thousands apart."""
    return f"{number:,}"
