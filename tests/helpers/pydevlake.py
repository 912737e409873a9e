"""pydevlake, DevLake's Python framework, which is on no package index: the environment names where it is."""

import os

import pytest


def kit() -> tuple[str, str]:
    """Its folder, and a Python with its dependencies; skips by name where they are not given."""
    folder, python = os.environ.get("PYDEVLAKE_DIR"), os.environ.get("PYDEVLAKE_PYTHON")
    if not folder or not python:
        pytest.skip("pydevlake: PYDEVLAKE_DIR and PYDEVLAKE_PYTHON name its folder and a Python with its dependencies")
    return folder, python
