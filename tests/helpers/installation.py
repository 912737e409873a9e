"""devtel as pip puts it into an environment of its own: a start script, an interpreter, and the packages it requires.

The packages of the tests are not there, as at a user's: httpx imports rich and trio where it finds them, which takes
longer than all else that a command does.
"""

import atexit
import functools
import os
import re
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import devtelemetry_cli

_EXTRAS = ("server", "devlake", "postgresql", "mysql")
_SOURCE = Path(devtelemetry_cli.__file__).parent
_SCRIPT = """\
#!{python}
import sys
from devtelemetry_cli.__main__ import main
if __name__ == "__main__":
    sys.exit(main())
"""


class Installation:
    """An environment in `folder`; its devtel is a copy that a test may damage, or this checkout (pip's --editable)."""

    def __init__(self, folder: Path, *, is_copy: bool = True) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)
        self.python = self.bin / "python3"
        home, version = Path(sys.base_prefix) / "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}"
        self.python.symlink_to(home / version)
        (folder / "pyvenv.cfg").write_text(f"home = {home}\ninclude-system-site-packages = false\n")
        packages = folder / "lib" / version / "site-packages"
        packages.mkdir(parents=True)
        for entry in _required():
            (packages / entry.name).symlink_to(entry)
        self.package = packages / _SOURCE.name
        if is_copy:
            # Without the server and DevLake: two thirds of the files, which no test of a build uses.
            shutil.copytree(_SOURCE, self.package, ignore=shutil.ignore_patterns("server", "devlake"))
        else:
            (packages / "checkout.pth").write_text(f"{_SOURCE.parent}\n")
        self.script = self.bin / "devtel"
        self.script.write_text(_SCRIPT.format(python=self.python))
        self.script.chmod(0o755)


@functools.cache
def of_this_checkout() -> Installation:
    """The one that the tests use where they name no other, until their process ends."""
    folder = Path(tempfile.mkdtemp(prefix="devtel-installed-"))
    folder.chmod(0o755)  # commands of other users too
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Installation(folder / "environment", is_copy=False)


@functools.cache
def _required() -> list[Path]:
    """The files and folders of site-packages that devtel requires; all of them where coverage is measured."""
    if "COVERAGE_PROCESS_CONFIG" in os.environ:
        return [entry for entry in Path(sysconfig.get_path("purelib")).iterdir() if entry.name != "__pycache__"]
    found: dict[tuple[str, tuple[str, ...]], Distribution] = {}
    _add("devtelemetry-cli", _EXTRAS, found)
    return sorted({entry for package in found.values() for entry in _entries(package)})


def _add(name: str, extras: tuple[str, ...], found: dict[tuple[str, tuple[str, ...]], Distribution]) -> None:
    """Add an installed distribution and those that it requires, each with the extras that are asked for."""
    from packaging.requirements import Requirement  # noqa: PLC0415  pytest's, so not where devtel is preloaded

    key = (re.sub(r"[-_.]+", "-", name).lower(), extras)
    if key in found:
        return
    try:
        found[key] = distribution(name)
    except PackageNotFoundError:  # not on this system
        return
    for requirement in map(Requirement, found[key].requires or []):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in (extras or ("",))):
            _add(requirement.name, tuple(sorted(requirement.extras)), found)


def _entries(package: Distribution) -> Iterator[Path]:
    """What a distribution put into site-packages, but for start scripts and this checkout's own."""
    for name in {file.parts[0] for file in package.files or []} - {"..", "__pycache__"}:
        if "devtelemetry" not in name:
            yield Path(str(package.locate_file(name)))
