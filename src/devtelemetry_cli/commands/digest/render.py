"""Lines of words and names -> text, Markdown and HTML. Names are untrusted, and stay text in each form."""

from collections.abc import Callable, Mapping, Sequence
from html import escape

from devtelemetry_cli.client.text import one_line
from devtelemetry_cli.commands.digest.lines import Line, Link, Name


def text(title: Line, lines: Sequence[Line]) -> str:
    """For a terminal or a plain mail."""
    return "".join(f"{_joined(line, one_line)}\n" for line in (title, *lines))


def markdown(title: Line, lines: Sequence[Line]) -> str:
    """For a chat or an issue: a heading in bold, and a list."""
    items = "".join(f"- {_joined(line, _code)}\n" for line in lines)
    return f"**{_joined(title, _code)}**\n\n{items}"


def html(title: Line, lines: Sequence[Line]) -> str:
    """For a mail: a heading and a list, a whole document without styles, scripts or pictures."""
    items = "".join(f"<li>{_joined(line, _strong, escape)}</li>\n" for line in lines)
    plain = escape(_joined(title, one_line))
    head = f'<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{plain}</title>\n'
    return f"{head}<h2>{_joined(title, _strong, escape)}</h2>\n<ul>\n{items}</ul>\n</html>\n"


FORMATS: Mapping[str, Callable[[Line, Sequence[Line]], str]] = {"text": text, "markdown": markdown, "html": html}


def _joined(line: Line, name: Callable[[str], str], words: Callable[[str], str] = str) -> str:
    def form(part: str) -> str:
        if isinstance(part, Name):
            return name(part)
        if isinstance(part, Link) and words is escape:
            return f'<a href="{escape(part)}">{escape(part)}</a>'
        return words(part)

    return "".join(map(form, line))


def _code(name: str) -> str:
    """As code: a character that could end it is replaced."""
    return f"`{one_line(name).replace('`', chr(39))}`"


def _strong(name: str) -> str:
    return f"<strong>{escape(one_line(name))}</strong>"
