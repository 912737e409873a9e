"""The README for a package index, where a link to a file of the repository leads nowhere. A metadata hook of hatchling.

A link becomes its text with the file's path; an image is left out. Links to other sites stay.
"""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

NOTE = "The source distribution holds these files; an installation has them below `share/doc/devtelemetry-cli`.\n\n"
_IMAGE = re.compile(r"^!\[.*\]\((?!\w+://).*\)\n\n?", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\((?!\w+://)([^)\s]+)\)")


def for_index(readme: str) -> str:
    """The README without links to files."""
    text = _LINK.sub(_named, _IMAGE.sub("", readme))
    return text.replace("## Documents\n\n", f"## Documents\n\n{NOTE}")


def _named(link: re.Match[str]) -> str:
    text, path = link.groups()
    return f"`{path}`" if text == path else f"{text} (`{path}`)"


class IndexReadme(MetadataHookInterface):
    """Sets the `readme` of the metadata."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Called by hatchling when it builds the sdist and the wheel."""
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": for_index(text)}
