"""Text from outside (files, servers, errors) as a terminal may show it."""


def one_line(text: str, limit: int = 300) -> str:
    """Printable characters on one line, blanks collapsed, at most `limit` characters; a cut ends with an ellipsis.

    Text that is not printed by devtel itself cannot move the cursor, change colours or hide behind a long dump.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
