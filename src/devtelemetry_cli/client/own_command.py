"""The command that starts this very devtel, for a process that it starts."""

import os
import shutil
import sys
from pathlib import Path

import devtelemetry_cli

_NAME = "devtel"


def words(search: str | None) -> tuple[str, ...]:
    """The start script, by its name on the path `search` where it has one; else the package's main file.

    So a schedule that is installed from there names the same script as one that a person installs.
    """
    script, on_path = Path(sys.executable).with_name(_NAME), shutil.which(_NAME, path=search)
    if not os.access(script, os.X_OK):
        return (sys.executable, "-I", str(Path(devtelemetry_cli.__file__).with_name("__main__.py")))
    is_same = on_path is not None and os.path.realpath(on_path) == os.path.realpath(script)
    return (os.path.abspath(on_path) if on_path and is_same else str(script),)  # noqa: PTH100  keeps links
