#!/usr/bin/env python3
"""Write constraints.txt: the newest version of every package that a fresh installation with all extras takes today."""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = "server,devlake,postgresql,mysql"
HEADER = "# Tested versions, for reproducible installations. Written by scripts/constraints.py (make constraints).\n"


def newest() -> str:
    """One line per package of a fresh environment, without devtel itself."""
    with tempfile.TemporaryDirectory() as folder:
        python = str(Path(folder, "bin/python"))
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)  # noqa: S603
        subprocess.run([python, "-m", "pip", "install", "--quiet", f"{ROOT}[{EXTRAS}]"], check=True)  # noqa: S603
        freeze = [python, "-m", "pip", "list", "--format=freeze", "--exclude=pip", "--exclude=setuptools"]
        lines = subprocess.run(freeze, check=True, capture_output=True, text=True).stdout.splitlines()  # noqa: S603
    return "".join(f"{line}\n" for line in sorted(lines, key=str.lower) if not line.startswith("devtelemetry-cli=="))


if __name__ == "__main__":
    (ROOT / "constraints.txt").write_text(HEADER + newest())
