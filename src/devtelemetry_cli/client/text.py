"""Text from outside (files, servers, errors) as a terminal may show it."""

_BLANKS = "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159"  # letters, a pattern and a note that show nothing
_MOST_MARKS = 2  # combining marks on one character: more are drawn over other lines


def one_line(text: str, limit: int = 300) -> str:
    """Printable characters on one line, blanks collapsed, at most `limit` characters; a cut ends with an ellipsis.

    Text that is not printed by devtel itself cannot move the cursor, change colours, look empty, draw over other lines
    or hide behind a long dump.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not line.isascii():
        line = _without_tricks(line)
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def wrapped(text: str, width: int, most: int = 10_000) -> list[str]:
    """Lines of at most `width` columns of a terminal; what is beyond `most` lines is cut, with an ellipsis."""
    lines: list[str] = []
    while text and len(lines) < most:
        end = _fitting(text, width)
        if end < len(text) and (blank := text.rfind(" ", 1, end + 1)) > 0:
            end = blank
        lines.append(text[:end])
        text = text[end:].lstrip()
    if text:
        lines[-1] = f"{lines[-1][: _fitting(lines[-1], width - 1)]}…"
    return lines


def columns(text: str) -> int:
    """The columns of a terminal that a text takes: two for wide characters, none for combining marks."""
    if text.isascii():
        return len(text)
    import unicodedata  # noqa: PLC0415  a large module, for few texts

    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _fitting(text: str, width: int) -> int:
    """How many characters from the beginning fit into so many columns, at least one."""
    used = 0
    for index, character in enumerate(text):
        used += columns(character)
        if used > width:
            return max(index, 1)
    return len(text)


def _without_tricks(line: str) -> str:
    import unicodedata  # noqa: PLC0415

    kept, marks = "", _MOST_MARKS
    for character in line:
        category = unicodedata.category(character)
        marks = marks + 1 if category.startswith("M") else 0
        if character in _BLANKS:
            kept += " "
        elif category != "Me" and marks <= _MOST_MARKS:
            kept += character
    return " ".join(kept.split())
