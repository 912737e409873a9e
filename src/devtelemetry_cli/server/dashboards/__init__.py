"""The Grafana dashboards, written by scripts/dashboards.py and scripts/dora_dashboards.py: docs/grafana.md."""

import importlib.resources
from pathlib import Path


def write(folder: Path) -> list[Path]:
    """Write every dashboard into `folder`, which is made where it is missing; the files. Raises OSError.

    Files of these names are replaced: a board that was changed in Grafana is saved there under its own name.
    """
    boards = [file for file in importlib.resources.files(__name__).iterdir() if file.name.endswith(".json")]
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for board in sorted(boards, key=lambda file: file.name):
        written.append(folder / board.name)
        written[-1].write_bytes(board.read_bytes())
    return written
