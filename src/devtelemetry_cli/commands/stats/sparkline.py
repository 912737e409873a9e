"""The chart that fits into a line. Pure."""

from collections.abc import Sequence

_BLOCKS, _ASCII = "·▁▂▃▄▅▆▇█", ".:-=+*%#@"  # the first stands for nothing at all


def draw(values: Sequence[float], encoding: str) -> str:
    """One sign for each value, higher for more; in ASCII where the terminal's encoding has no blocks."""
    signs = _BLOCKS if _can(encoding, _BLOCKS) else _ASCII
    most = max(values, default=0)
    levels = len(signs) - 1
    return "".join(signs[min(levels, 1 + int(value / most * levels))] if value else signs[0] for value in values)


def _can(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
