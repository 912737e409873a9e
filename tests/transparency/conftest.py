"""One workshop for each make, for all tests."""

import pytest

from tests.helpers.makes import MAKES
from tests.helpers.transparency_runner import Workshop


@pytest.fixture(scope="session")
def workshops(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Workshop]:
    """A workshop for each make that is there."""
    root = tmp_path_factory.mktemp("transparency").resolve()
    return {version: Workshop(root / version, make) for version, make in MAKES.items() if make}
