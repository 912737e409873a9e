"""Where Python searches for modules: in devtel's own installation before the project's folders."""

import os
import sys


def put_project_last() -> None:
    """Search the folders of PYTHONPATH, and with `-m` the working directory, after devtel's own installation.

    They are the project's: its `select.py` or `click/` would replace Python's own or devtel's.
    """
    folders = {_absolute(folder) for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep)}
    sys.path.sort(key=folders.__contains__)


def _absolute(folder: str) -> str:
    try:
        return os.path.abspath(folder)  # noqa: PTH100  pathlib costs a wrapped run 9 ms
    except OSError:
        return folder  # the working directory is gone
