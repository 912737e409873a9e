"""The plug-in compiled once, and a project for each make that loads it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers import plugin_project
from tests.helpers.developer import processes_of, wait_for
from tests.helpers.makes import MAKES, VERSIONS
from tests.helpers.plugin_project import PluginProject


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plugin_project.library(tmp_path_factory.mktemp("library"))


@pytest.fixture(params=VERSIONS)
def project(request: pytest.FixtureRequest, tmp_path: Path, library: Path) -> Iterator[PluginProject]:
    make = MAKES[request.param]
    if make is None:
        pytest.skip(f"no make {request.param} here")
    yield PluginProject(tmp_path / "project", str(Path(make).resolve()), library)
    wait_for(lambda: not list(processes_of(tmp_path)), 5)
