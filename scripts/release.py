#!/usr/bin/env python3
"""Build sdist and wheel into dist/, check them, and run the wheel in a fresh environment of each Python.

scripts/release.py [PYTHON]...    PYTHON: interpreters to install the wheel into; else each of VERSIONS that is found
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
VERSIONS = ("3.11", "3.12", "3.13")  # those of the classifiers: CI has each of them
WHEEL_HAS = (
    "devtelemetry_cli/py.typed",
    "devtelemetry_cli/server/team/templates/overview.html",
    "share/man/man1/devtel.1",
    "share/doc/devtelemetry-cli/README.md",
    "share/doc/devtelemetry-cli/docs/json.md",
    "share/doc/devtelemetry-cli/examples/operate/devtel.service",
    "devtelemetry_cli/server/dashboards/devtel-mysql.json",
)
SDIST_HAS = ("tests/test_docs.py", "docs/design.md", "constraints.txt", "Makefile", "src/devtelemetry_cli/wrap.py")


def run(*command: str | Path) -> str:
    """What a command prints; its failure ends the release with its output."""
    done = subprocess.run([str(word) for word in command], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def build() -> tuple[Path, Path]:
    """The sdist and the wheel built from it, as twine accepts them for an index."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--outdir", DIST, ROOT)
    (sdist,), (wheel,) = DIST.glob("*.tar.gz"), DIST.glob("*.whl")
    run(sys.executable, "-m", "twine", "check", "--strict", sdist, wheel)
    return sdist, wheel


def faults(sdist: Path, wheel: Path) -> Iterator[str]:
    """What is missing in the two files, a sentence each."""
    with zipfile.ZipFile(wheel) as archive:
        inside = archive.namelist()
        (name,) = [one for one in inside if one.endswith(".dist-info/METADATA")]
        yield from metadata_faults(Parser().parsestr(archive.read(name).decode()))
    with tarfile.open(sdist) as archive:
        sources = archive.getnames()
    for names, wanted, file in ((inside, WHEEL_HAS, wheel), (sources, SDIST_HAS, sdist)):
        yield from (f"{file.name} lacks {path}" for path in wanted if not any(one.endswith(path) for one in names))


def metadata_faults(metadata: Message) -> Iterator[str]:
    """Empty fields of those that an index shows, dead links, and classifiers of other Pythons than VERSIONS."""
    if re.search(r"\]\((?!\w+://)", str(metadata.get_payload())):
        yield "the description links to files of the repository"
    for field in ("Author", "Summary", "Keywords", "License-Expression", "Requires-Python", "Description-Content-Type"):
        if not metadata.get(field):
            yield f"the metadata lacks {field}"
    named = {text.rpartition(" ")[2] for text in metadata.get_all("Classifier", []) if "Python :: 3." in text}
    if named != set(VERSIONS):
        yield f"the classifiers name Python {sorted(named)}"


def find_python(version: str) -> str | None:
    """An interpreter of that version that runs: on the PATH, else below pyenv, which puts one version on the PATH."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv", "versions")
    found = [shutil.which(f"python{version}"), *map(str, sorted(pyenv.glob(f"{version}.*/bin/python{version}")))]
    return next((path for path in found if path and _runs(path)), None)


def _runs(path: str) -> bool:
    return subprocess.run([path, "-c", ""], check=False, stderr=subprocess.DEVNULL).returncode == 0  # noqa: S603


def pythons() -> Iterator[str]:
    """Every Python of VERSIONS that this machine has; the others are named."""
    for version in VERSIONS:
        python = find_python(version)
        if python:
            yield python
        else:
            print(f"Python {version}: not found, so the wheel is not tried in it")


def try_wheel(python: str, wheel: Path) -> None:
    """Install the wheel, then run the demo and render every man page from it."""
    with tempfile.TemporaryDirectory() as folder:
        run(python, "-m", "venv", folder)
        own = Path(folder, "bin/python")
        run(own, "-m", "pip", "install", "--quiet", "-c", "constraints.txt", f"{wheel}[server,devlake]")
        run(own, "-m", "pip", "check")
        run("sh", "scripts/demo", own.parent)
        pages = sorted(Path(folder, "share/man/man1").glob("*.1"))
        if shutil.which("man"):
            for page in pages:
                run("man", "-l", "--warnings", page)
        print(f"{run(own, '--version').strip()}: the demo ran, {len(pages)} man pages")


def main(interpreters: list[str]) -> None:
    """Build, check, try."""
    sdist, wheel = build()
    found = list(faults(sdist, wheel))
    if found:
        sys.exit("\n".join(found))
    print(f"{sdist.name}, {wheel.name}: complete")
    for python in interpreters or pythons():
        try_wheel(python, wheel)


if __name__ == "__main__":
    main(sys.argv[1:])
