"""`devtel.mk`: the part of a Makefile that hands targets over to devtel, written for one destination."""

import importlib.resources

from devtelemetry_cli.client.destination import NOWHERE, Destination

NAME = "devtel.mk"
_FIRST_WORDS = "# devtel.mk:"


def render(destination: Destination | None) -> str:
    """The fragment's text; without a destination there is nothing that could be declined."""
    template = (
        importlib.resources.files("devtelemetry_cli.commands.makefile")
        .joinpath("devtel.mk")
        .read_text(encoding="utf-8")
    )
    url, key = (destination.url, destination.key) if destination else ("no address", NOWHERE)
    return template.replace("@URL@", url).replace("@KEY@", key)


def is_ours(text: str) -> bool:
    """Whether a file's text was written here, so that it may be written anew."""
    return text.startswith(_FIRST_WORDS)
