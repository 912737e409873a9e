"""The check of commit messages, and the hooks that run it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def check(folder: Path, message: str) -> str:
    """What the check prints about a message; empty where it accepts it."""
    file = folder / "message"
    file.write_text(message)
    command = [sys.executable, str(ROOT / "scripts/commit_message.py"), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert bool(done.stderr) == (done.returncode == 1)
    return done.stderr


@pytest.mark.parametrize(
    "message",
    [
        "Add a page\n",
        f"{'x' * 72}\n\nThe reason, at any length: {'y' * 90}\n",
        "fixup! Add a page.\n",
        "# a\nAdd\n# b\n",
    ],
)
def test_a_message_with_a_short_subject_is_accepted(tmp_path: Path, message: str) -> None:
    assert check(tmp_path, message) == ""


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("x" * 73, "The subject has 73 characters, 72 are allowed"),
        ("Add a page.", "The subject ends with a full stop"),
        ("Add a page\nbecause", "The second line is not empty"),
        ("", "The first line is empty"),
        ("# only comments\n", "The first line is empty"),
    ],
)
def test_another_message_is_refused_with_the_reason(tmp_path: Path, message: str, sentence: str) -> None:
    assert sentence in check(tmp_path, message)
