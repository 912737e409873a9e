"""Charts of text: a line of characters, a bar. Pure."""

from collections.abc import Sequence

_BLOCKS, _ASCII = "·▁▂▃▄▅▆▇█", ".:-=+*%#@"  # the first is for zero
_BAR = 12  # characters


def render(values: Sequence[float], encoding: str) -> str:
    """One character for each value; ASCII where the encoding has no block characters."""
    characters = _BLOCKS if _is_encodable(_BLOCKS, encoding) else _ASCII
    most = max(values, default=0)
    levels = len(characters) - 1
    return "".join(
        characters[min(levels, 1 + int(value / most * levels))] if value else characters[0] for value in values
    )


def bar(value: float, largest: float, encoding: str) -> str:
    """A horizontal bar of up to 12 characters; at least one for any value above 0."""
    character = _BLOCKS[-1] if _is_encodable(_BLOCKS, encoding) else "#"
    return character * max(1, round(_BAR * value / largest)) if value > 0 else ""


def _is_encodable(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
