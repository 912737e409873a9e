"""docs/install.md, and README.md in short: the real pipx, uv and pip, in a home and a copy of the project for each."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import fake_schedulers, pages

TOOLS = ("pipx", "uv", "pip")
COMMANDS = [command.text for command in pages.commands("docs/install.md")]
OF_DEVTEL = [text for text in COMMANDS if text.startswith("devtel ")]
COPIED = ("pyproject.toml", "constraints.txt", "*.md", "LICENSE", "src", "docs", "examples", "man", "scripts")
SECONDS = 300

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def tool_of(command: str) -> str:
    """The tool whose way a command belongs to."""
    first = command.partition(" ")[0]
    return first if first in TOOLS else "pip"


@dataclass
class Newcomer:
    """A user with nothing installed, in a copy of the project."""

    folder: Path
    tools: Path

    def __post_init__(self) -> None:
        self.home = self.folder / "home"
        self.home.mkdir()
        self.clone = self.folder / "devtel"
        self.clone.mkdir()
        for pattern in COPIED:
            for path in pages.ROOT.glob(pattern):
                copy = shutil.copytree if path.is_dir() else shutil.copy
                copy(path, self.clone / path.name)

    def run(self, command: str) -> str:
        """What a command of the page prints; it must succeed."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DEVTEL_", "XDG_"))}
        path = f"{self.home}/.local/bin:{self.tools}:{os.environ['PATH']}"
        environ = kept | {"HOME": str(self.home), "PATH": path, "UV_NATIVE_TLS": "1"}
        where: Any = {"cwd": self.clone, "env": environ, "timeout": SECONDS}
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, **where)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def version(self) -> str:
        """The version of the devtel on the PATH."""
        return self.run("devtel --version").strip().rpartition(" ")[2]

    def change_version(self, version: str) -> None:
        """Change the copy's version, as `git pull` may."""
        (self.clone / "src/devtelemetry_cli/__init__.py").write_text(
            f'"""A newer one."""\n\n__version__ = "{version}"\n'
        )


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with pipx and uv; skips by name where no package index answers."""
    folder = tmp_path_factory.mktemp("tools")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [folder / "bin/python", "-m", "pip", "install", "--quiet", "--retries", "0", "pipx", "uv", "hatchling"]
    if subprocess.run(pip, capture_output=True, check=False, timeout=SECONDS).returncode:
        pytest.skip("no package index answers")
    (folder / "own").mkdir()
    fake_schedulers.write_programs(folder / "own", folder / "machine")  # never the user's own crontab
    for name in ("pipx", "uv"):
        (folder / "own" / name).symlink_to(folder / "bin" / name)
    return folder / "own"


@pytest.fixture
def newcomer(tmp_path: Path, tools: Path) -> Newcomer:
    return Newcomer(tmp_path, tools)


@pytest.mark.parametrize("tool", TOOLS)
def test_the_commands_of_a_tool_install_upgrade_and_uninstall(newcomer: Newcomer, tool: str) -> None:
    for command in [command for command in COMMANDS if tool_of(command) == tool and command not in OF_DEVTEL]:
        if re.search("--force|--reinstall|--upgrade", command):
            newcomer.change_version("99.1.2")
        if re.search("uninstall|^rm -r", command):
            assert newcomer.version() == "99.1.2"
            for last in OF_DEVTEL:
                newcomer.run(last)
        newcomer.run(without_the_earlier(command))
    assert not (newcomer.home / ".local/bin/devtel").is_symlink()


def without_the_earlier(command: str) -> str:
    """The command for a home in which another command of the page has installed devtel: pipx would keep that."""
    return command if "--force" in command else command.replace("pipx install", "pipx install --force")
