"""Where the runs happen: a throw-away project, a throw-away home for each state of consent, a clean environment."""

import compileall
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import devtelemetry_cli

DEVTEL = Path(sys.executable).with_name("devtel")
NAIVE = Path(__file__).with_name("naive.py")
REPORT_URL = "http://127.0.0.1:9/plugins/developer_telemetry/connections/1/report"
TARGETS = {"nothing": "does nothing", "sleep": "takes 300 ms"}
DECISIONS = {"granted": "grant", "local": "local", "declined": "decline"}

PROJECT_FILE = f"""\
organisation = "Bench"
purpose = "measuring what a wrapped run costs"
contact = "bench@example.org"
project = "bench"
report_url = "{REPORT_URL}"
"""

MAKEFILE = """\
.PHONY: impl-nothing impl-sleep plain-nothing plain-sleep wrapped-nothing wrapped-sleep
impl-nothing:
\t@:
impl-sleep:
\t@sleep 0.3
plain-nothing plain-sleep:
\t+@$(MAKE) --no-print-directory 'impl-$(@:plain-%=%)'
wrapped-nothing wrapped-sleep:
\t+@$(WRAPPER) --make='$(MAKE)' '$(@:wrapped-%=%)'
"""


@dataclass(frozen=True)
class Wrapper:
    """One of those that stand between make and make; `words` start it, `environ` is its whole environment."""

    name: str
    words: list[str]
    environ: dict[str, str]

    def direct(self, target: str, make: Path) -> list[str]:
        """The command that runs the target below this wrapper, without a make above it."""
        return [*self.words, f"--make={make}", target]

    def in_recipe(self) -> dict[str, str]:
        """The environment in which the Makefile's `wrapped-` targets use this wrapper."""
        return {**self.environ, "WRAPPER": " ".join(self.words)}


class Setting:
    """The project and the homes below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.project = folder / "project"
        self.environ = clean_environment()
        make_project(self.project)
        compile_modules()
        for state, decision in DECISIONS.items():
            self.devtel(self.home(state), "consent", decision)

    def home(self, state: str) -> Path:
        """The home of one state of consent."""
        return self.folder / "homes" / state

    def devtel(self, home: Path, *words: str, folder: Path | None = None) -> None:
        """Run devtel in the project, or in another folder."""
        environ = {**self.environ, "DEVTEL_HOME": str(home)}
        subprocess.run([DEVTEL, *words], cwd=folder or self.project, env=environ, check=True, stdout=subprocess.DEVNULL)

    def states(self) -> Iterator[Wrapper]:
        """`devtel wrap` in each state; undecided is the home in which nothing ever happened."""
        for state in (*DECISIONS, "undecided"):
            yield self._wrap(state, {"DEVTEL_HOME": str(self.home(state))})
        yield self._wrap("switched off", {"DEVTEL_HOME": str(self.home("granted")), "DEVTEL_DISABLED": "1"})

    def naive(self, url: str) -> Wrapper:
        """The wrapper that one writes first."""
        return Wrapper("naive wrapper", [sys.executable, str(NAIVE)], {**self.environ, "NAIVE_URL": url})

    def _wrap(self, name: str, more: dict[str, str]) -> Wrapper:
        return Wrapper(f"devtel, {name}", [str(DEVTEL), "wrap"], {**self.environ, **more})


def clean_environment() -> dict[str, str]:
    """Ours without what switches devtel off or moves it, and without what changes Python, make or a proxy."""
    unwanted = ("DEVTEL_", "DO_NOT_TRACK", "CI", "MAKE", "MFLAGS", "PYTHON", "GIT_", "XDG_", "STOPWATCH_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return {name: value for name, value in kept.items() if not name.lower().endswith("_proxy")}


def make_path() -> str:
    """The make that is measured. Ends the program where there is none."""
    return shutil.which("make") or sys.exit("bench: make is not here")


def make_project(folder: Path) -> None:
    """A git repository of one commit with a Makefile that can be wrapped."""
    folder.mkdir(parents=True)
    (folder / ".devtel.toml").write_text(PROJECT_FILE)
    (folder / "Makefile").write_text(MAKEFILE)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=bench")


def git(folder: Path, *words: str, text: bytes = b"") -> None:
    """Run git in `folder` as somebody, with `text` on its standard input."""
    somebody = {"GIT_AUTHOR_NAME": "bench", "GIT_AUTHOR_EMAIL": "b@example.org", "GIT_CONFIG_GLOBAL": os.devnull}
    somebody |= {"GIT_COMMITTER_NAME": "bench", "GIT_COMMITTER_EMAIL": "b@example.org"}
    subprocess.run(["git", *words], cwd=folder, env={**clean_environment(), **somebody}, input=text, check=True)


def compile_modules() -> None:
    """Write every .pyc first: an installed package has them."""
    compileall.compile_dir(Path(devtelemetry_cli.__file__).parent, quiet=2)
