"""The files that a repository commits beside its Makefile, written for one destination."""

import re
from pathlib import Path

from devtelemetry_cli.client.destination import NOWHERE, Destination

FRAGMENT = "devtel.mk"
EVERY_TARGET = "GNUmakefile"
KNOWN_MAKES = ("3.81", "4.2.1", "4.3", "4.4.1")  # those that the wrapper of whole calls was tried in
_FIRST_WORDS = "# {name}:"


def render(name: str, destination: Destination | None) -> str:
    """The text of one of the files; without a destination there is nothing that could be declined."""
    url, key = (destination.url, destination.key) if destination else ("no address", NOWHERE)
    text = _template(name)
    for part in ("state", "start"):  # what both files have
        text = text.replace(f"@{part.upper()}@\n", _template(f"{part}.mk"))
    names = sorted(set(re.findall(r"\b(?:override|value) (devtel_\w+)", text)))
    undefine = "\n".join(f"override undefine {name}" for name in names)
    values = {"NAMES": " ".join(names), "UNDEFINE": undefine, "URL": url, "KEY": key}
    return re.sub("@([A-Z]+)@", lambda match: values[match[1]], text)


def is_ours(name: str, text: str) -> bool:
    """Whether a file's text was written here, so that it may be written anew."""
    return text.startswith(_FIRST_WORDS.format(name=name))


def _template(name: str) -> str:
    return Path(__file__).with_name(f"{name}.in").read_text(encoding="utf-8")
