"""Error messages of DevLake on one line, the innermost reason first.

A wrapped error comes as a dump: the outermost message, then `Wraps: (2)` and the next, and so on, perhaps with details
behind `|`, stack traces, and the Go types. The dump of a pipeline nests one such chain per failed task behind `|`.
"""

import re
from collections.abc import Iterator, Sequence

from devtelemetry_cli.client.text import one_line

_WRAPS = re.compile(r"Wraps: \(\d+\)\s*(.*)")
_CHAIN = re.compile(r"Error running (task|pipeline) \d+\.?")
_STATUS = re.compile(r" \(\d{3}\)$")
_NO_CONTENT = frozenset({"", "{", "}", "combined messages:", "attached stack trace"})


def clean(dump: str) -> str:
    """The reason of each error chain in a dump, each with its outer messages in brackets."""
    reasons = [innermost_first(chain) for chain in _chains(dump)]
    return one_line("; ".join(dict.fromkeys(filter(None, reasons))))


def innermost_first(layers: Sequence[str]) -> str:
    """`reason (outer: middle)` from messages in the order from outer to inner; repeated parts are left out."""
    texts = [_STATUS.sub("", layer.strip()).rstrip(".:") for layer in layers]
    kept = [text for number, text in enumerate(texts) if text and not _is_repeated(number, texts)]
    if not kept:
        return ""
    return f"{kept[-1]} ({': '.join(kept[:-1])})" if kept[:-1] else kept[-1]


def _is_repeated(number: int, texts: Sequence[str]) -> bool:
    """Whether another message contains this one: drivers repeat their parts as further layers."""
    others = (other for position, other in enumerate(texts) if position != number)
    return (
        any(texts[number] in other and (texts[number] != other) for other in others) or texts[number] in texts[:number]
    )


def _chains(dump: str) -> Iterator[list[str]]:
    chain: list[str] = []
    is_trace = False
    for number, raw in enumerate(dump.strip().splitlines()):
        line = raw.strip().lstrip("|").strip()
        wrapped = _WRAPS.match(line)
        if wrapped or _CHAIN.match(line):
            is_trace = False
        if line.startswith("-- stack trace"):
            is_trace = True
        if _CHAIN.match(wrapped[1] if wrapped else line):
            yield chain
            chain = []
        elif not is_trace and (wrapped or number == 0 or raw.strip().startswith("|")):
            chain += _content(wrapped[1] if wrapped else line)
    yield chain


def _content(line: str) -> list[str]:
    return [] if line in _NO_CONTENT or line.startswith("Error types:") else [line]
