"""What `make release` checks before anything is published, and the constraints of reproducible installations."""

import re
import tomllib
from email.message import Message
from pathlib import Path

import pytest

from scripts import release

ROOT = Path(__file__).parent.parent.parent


def metadata(**changes: str) -> Message:
    """The metadata of a wheel; a field changed to an empty text is left out."""
    fields = {"Author": "a", "Summary": "s", "Keywords": "k", "License-Expression": "l", "Requires-Python": ">=3.11"}
    fields |= {"Description-Content-Type": "text/markdown"} | changes
    message = Message()
    for name, value in fields.items():
        if value:
            message[name] = value
    for version in release.VERSIONS:
        message["Classifier"] = f"Programming Language :: Python :: {version}"
    return message


def test_complete_metadata_is_accepted() -> None:
    assert list(release.metadata_faults(metadata())) == []


@pytest.mark.parametrize("field", ["Author", "Keywords", "Description-Content-Type"])
def test_a_field_that_is_missing_is_named(field: str) -> None:
    assert list(release.metadata_faults(metadata(**{field: ""}))) == [f"the metadata lacks {field}"]


def test_the_classifiers_name_every_python_that_is_tried() -> None:
    message = metadata()
    message["Classifier"] = "Programming Language :: Python :: 3.9"
    (fault,) = release.metadata_faults(message)
    assert "3.9" in fault


def test_every_dependency_has_a_constraint() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"]]
    for extra in ("server", "devlake", "postgresql", "mysql"):
        wanted += project["optional-dependencies"][extra]
    pinned = {plain(line) for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
    assert {plain(one) for one in wanted} - pinned == set()


def plain(requirement: str) -> str:
    """The normalised name of the package."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=; ]", requirement)[0]).lower()
