"""The DevLake plugin: its start script, and its own tests with pydevlake where that is at hand."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.helpers import pages
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


def test_the_page_installs_the_plugin_into_a_checkout(tmp_path: Path) -> None:
    python = tmp_path / "backend" / "python"
    (python / "plugins").mkdir(parents=True)
    (python / "uv.sh").write_text('test "$1" = sync && mkdir -p "$2/.venv"\n')  # in place of DevLake's own
    for command in pages.commands("docs/devlake-plugin.md"):
        words = command.text.replace("DEVLAKE/", f"{tmp_path}/")
        subprocess.run(["sh", "-c", words], cwd=pages.ROOT, env={"PATH": os.environ["PATH"]}, check=True)
    assert (python / "plugins" / "devtel" / "run.sh").stat().st_mode & 0o100
    assert (python / "plugins" / "devtel" / ".venv").resolve() == python / "pydevlake" / ".venv"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_commands_of_its_readme_describe_it_and_pass_its_tests(tmp_path: Path) -> None:
    folder, python = kit()
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(tmp_path), "DEVTEL_PLUGIN_PYTHON": python}
    environ |= {"PATH": f"{Path(python).parent}:{os.environ['PATH']}", "PYTEST_ADDOPTS": "-q -p no:cacheprovider"}
    for command in pages.commands("plugins/devlake/devtel/README.md"):
        words = ["sh", "-c", command.text.replace("/path/to/devlake/backend/python/pydevlake", folder)]
        done = subprocess.run(words, cwd=PLUGIN, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
