#!/usr/bin/env python3
"""Check a commit message: a subject of at most 72 characters, then an empty line.

scripts/commit_message.py FILE    exit code 1 and a sentence where the message is not like that
"""

import sys
from pathlib import Path

LIMIT = 72
MADE_BY_GIT = ("fixup! ", "squash! ", "amend! ", "Merge ", "Revert ")


def fault(message: str) -> str:
    """The sentence about the first fault of a commit message; empty where it has none."""
    subject, *rest = [line for line in message.splitlines() if not line.startswith("#")] or [""]
    if subject.startswith(MADE_BY_GIT):
        return ""
    if not subject.strip():
        return "The first line is empty: it is the subject."
    if len(subject) > LIMIT:
        return f"The subject has {len(subject)} characters, {LIMIT} are allowed: move the reason to the body."
    if subject.endswith("."):
        return "The subject ends with a full stop."
    if rest and rest[0].strip():
        return "The second line is not empty: the body begins on the third."
    return ""


if __name__ == "__main__":
    sys.exit(fault(Path(sys.argv[1]).read_text()) or None)
