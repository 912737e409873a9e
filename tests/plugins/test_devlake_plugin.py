"""The DevLake plugin: its start script, and its own tests with pydevlake where that is at hand."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.helpers.pydevlake import kit

PLUGIN = Path(__file__).parents[2] / "plugins" / "devlake" / "devtel"


def start(**environ: str) -> subprocess.CompletedProcess[str]:
    """`run.sh plugin-info` with nothing but these variables."""
    base = {"PATH": os.environ["PATH"]}
    return subprocess.run(
        [PLUGIN / "run.sh", "plugin-info", "{}"], env=base | environ, capture_output=True, text=True, check=False
    )


def test_a_missing_framework_is_one_sentence_and_a_status(tmp_path: Path) -> None:
    done = start(PYDEVLAKE_DIR=str(tmp_path))
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.startswith(f"devtel plugin: pydevlake is not in {tmp_path}")
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_interpreter_is_one_sentence_and_a_status(tmp_path: Path) -> None:
    (tmp_path / "pydevlake").mkdir()
    (tmp_path / "pydevlake" / "__init__.py").touch()
    done = start(PYDEVLAKE_DIR=str(tmp_path), DEVTEL_PLUGIN_PYTHON=str(tmp_path / "gone"))
    assert done.returncode == 78
    assert "there is no Python at" in done.stderr


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_plugin_passes_its_own_tests_with_pydevlake(tmp_path: Path) -> None:
    folder, python = kit()
    environ = {**os.environ, "PYTHONPATH": f".:{folder}", "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(tmp_path)}
    words = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(words, cwd=PLUGIN, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
