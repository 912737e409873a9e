"""A draft: the file that is written whole before it takes the place of another. For wrapped runs: imports only `os`."""

import os


def beside(place: str) -> str:
    """A path for a draft of `place`. Random: in two containers with one home, two processes have the same number."""
    return f"{place}.{os.urandom(8).hex()}.new"


def write(path: str, data: bytes) -> None:
    """Write a new file of 0600, never through a link and never into a file that is there. Raises OSError.

    What stands in the draft's own place is removed first.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError:
        os.unlink(path)
        descriptor = os.open(path, flags, 0o600)
    try:
        os.write(descriptor, data)
    finally:
        os.close(descriptor)
