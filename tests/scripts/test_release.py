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


def test_a_link_to_a_file_is_a_fault() -> None:
    message = metadata()
    message.set_payload("[one](https://devlake.apache.org) and [another](docs/install.md)")
    assert list(release.metadata_faults(message)) == ["the description links to files of the repository"]


def test_an_interpreter_is_found_on_the_path_else_in_pyenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert release.find_python("3.99") is None
    script(tmp_path / "versions/3.99.1/bin/python3.99")
    assert release.find_python("3.99") == f"{tmp_path}/versions/3.99.1/bin/python3.99"
    script(tmp_path / "bin/python3.99", status=127)  # as the command of pyenv for a version that is not chosen
    assert release.find_python("3.99") == f"{tmp_path}/versions/3.99.1/bin/python3.99"
    script(tmp_path / "bin/python3.99")
    assert release.find_python("3.99") == f"{tmp_path}/bin/python3.99"


def script(path: Path, status: int = 0) -> None:
    """An executable file that ends with this status."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nexit {status}\n")
    path.chmod(0o755)


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
