"""Run a Makefile before and after it was instrumented, in the same folder, and keep all that can be seen."""

import functools
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from devtelemetry_cli.instrument import files, rewriting
from support import Developer

MAKEFILES = Path(__file__).parent / "makefiles"
OURS = {".devtel.toml", "devtel.mk"}
TOOLS = (
    "go",
    "golangci-lint",
    "docker",
    "docker-compose",
    "pytest",
    "ruff",
    "python",
    "twine",
    "sphinx-build",
    "sphinx-autobuild",
    "terraform",
    "infracost",
    "npm",
    "gh",
    "xdg-open",
    "open",
    "yaml2json",
)

# Tells how it was called, and in which environment but for what the indirection is known to add.
TOOL = r"""#!/bin/sh
echo "${0##*/} $*"
env | grep -Ev '^(PATH|_|SHLVL|PWD|OLDPWD|MAKE[A-Z_]*|MFLAGS|DEVTEL_RUN)=' | sort
"""


@dataclass(frozen=True)
class Case:
    """A Makefile, what is chosen in it, what is left alone, and the goals that show a family."""

    name: str
    chosen: str
    refused: str = ""
    families: str = ""
    force_phony: bool = False

    @property
    def goals(self) -> list[str]:
        """What is run: each accepted target, and some of each family."""
        return [
            t for t in self.chosen.split() if "%" not in t and t not in self.refused.split()
        ] + self.families.split()


CASES = [
    Case("go_service", "help test fmt vet lint docker/push run clean build docker/build", refused="build"),
    Case(
        "python_package",
        "all install test test-unit test-all lint format check build publish clean docs types",
        refused="types",
    ),
    Case("sphinx", "help livehtml linkcheck-all"),
    Case(
        "devstack",
        "help dev.up dev.pull dev.pull.large-and-slow dev.down dev.provision dev.reset dev.up.without-deps stop.all",
    ),
    Case(
        "devstack",
        "dev.up.% dev.pull.% dev.logs.% dev.provision.% dev.status dev.check-memory _require dev.restart-devserver.%",
        refused="dev.restart-devserver.%",
        families="dev.up.lms dev.up.lms+studio dev.pull.forum dev.logs.lms dev.provision.lms dev.provision help",
        force_phony=True,
    ),
    Case(
        "c_tools",
        "all check install installdirs dist distdir distclean clean tool-debug tool",
        refused="distclean clean tool-debug tool",
    ),
    Case(
        "terraform",
        "usage init plan apply destroy validate fmt cost plan-dev plan-staging plan-prod",
    ),
    Case("monorepo", "everything changed deploy migrate web", refused="web", families="build api"),
    Case("web_crlf", "install build serve lint"),
    Case("oneshell", "report nightly counts"),
    Case("releases", "all sign announce package tag notes", refused="sign package tag notes", families="notes tag"),
    Case("arguments", "run", refused="run", families="run"),
    Case(
        "platform",
        "help all.down deploy.% users.test users.lint users.up users.down users.logs users.shell users.migrate "
        "users.ci users.push web.test web.up",
        families="help deploy.users users.build all.build",
    ),
]


def source(name: str) -> str:
    """The Makefile as it was written."""
    return files.read(MAKEFILES / name / "Makefile")


@functools.cache
def instrumented(case: Case) -> rewriting.Outcome:
    """The Makefile with the chosen targets handed over."""
    path = MAKEFILES / case.name / "Makefile"
    text = source(case.name)
    return rewriting.instrument(text, case.chosen.split(), files.included(path, text)[0], case.force_phony)


def give_tools(developer: Developer) -> None:
    """Put stand-ins for the tools of the Makefiles on the PATH."""
    folder = developer.folder / "tools"
    folder.mkdir()
    for name in TOOLS:
        (folder / name).write_text(TOOL)
        (folder / name).chmod(0o755)
    developer.environ["PATH"] = f"{folder}:{developer.environ['PATH']}"


def lay_out(developer: Developer, name: str, text: str) -> None:
    """A fresh checkout with this text as its Makefile."""
    for entry in developer.project.iterdir():
        if entry.name not in OURS:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    shutil.copytree(MAKEFILES / name, developer.project, dirs_exist_ok=True)
    (developer.project / "Makefile").write_text(text, newline="")


def seen(developer: Developer, make: str, *arguments: str) -> tuple[object, ...]:
    """All that can be seen of a call of make: status, output, errors, and the files that are there then."""
    done = developer.run(make, *arguments)
    return done.returncode, plain(done.stdout), plain(done.stderr), _tree(developer.project)


def plain(text: str) -> str:
    """What make says, without what the indirection is known to change.

    That is its own line in a dry run, one make more in errors, the prefix, and the folders that makes announce.
    """
    kept = [
        line
        for line in text.splitlines()
        if not re.match(r"\S*make --no-print-directory -f 'Makefile' 'impl-", line)
        and not re.match(r"make(\[\d+\])?: (\*\*\* |Entering directory|Leaving directory)", line)
    ]
    said = re.sub(r"make\[\d+\]: ", "make: ", "\n".join(kept))
    return re.sub(r"\[Makefile:\d+: ", "[Makefile: ", said).replace("impl-", "")


def _tree(folder: Path) -> dict[str, str]:
    found = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            relative = str(path.relative_to(folder))
            if relative not in OURS | {"Makefile"}:
                found[relative] = path.read_text()
    return found
