"""One workshop for each make, for all tests."""

import pytest

from tests.helpers.makes import MAKES
from tests.helpers.transparency_runner import Comparison, EveryTargetWorkshop, PluginWorkshop


@pytest.fixture(scope="session")
def workshops(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Comparison]:
    """A workshop for each make that is there."""
    root = tmp_path_factory.mktemp("transparency").resolve()
    return {version: Comparison(root / version, make) for version, make in MAKES.items() if make}


@pytest.fixture(scope="session")
def every_target_workshops(tmp_path_factory: pytest.TempPathFactory) -> dict[str, EveryTargetWorkshop]:
    """A workshop for whole calls below the wrapper, for each make that is there."""
    root = tmp_path_factory.mktemp("every-target").resolve()
    return {version: EveryTargetWorkshop(root / version, make, "wrapper") for version, make in MAKES.items() if make}


@pytest.fixture(scope="session")
def plugin_workshops(tmp_path_factory: pytest.TempPathFactory) -> dict[str, PluginWorkshop]:
    """A workshop for whole calls with the plug-in for each make that is there."""
    root = tmp_path_factory.mktemp("plugin").resolve()
    return {version: PluginWorkshop(root / version, make) for version, make in MAKES.items() if make}
