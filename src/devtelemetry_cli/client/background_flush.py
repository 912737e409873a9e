"""A flush in the background after a recorded run, at most once a day: for machines without a scheduler.

Only where the developer chose it: `devtel schedule install --with background` writes the command file.
"""

import posix  # as in client/paths.py

from devtelemetry_cli.client.paths import StateDir

PAUSE = 86400.0  # seconds between two starts


def start_if_due(state: StateDir, now: float) -> None:
    """Start the command of the command file, unless it was started within a day. Raises OSError, ValueError.

    The process shares nothing with the build: a session of its own, no descriptor, no variable of make. It ends by
    its own deadline, and the lock of a flush keeps two from running at once.
    """
    try:
        last = posix.stat(state.background_flush).st_mtime
    except FileNotFoundError:
        return
    if 0 <= now - last < PAUSE:
        return
    posix.utime(state.background_flush)  # before the start: a failure is not repeated by every run
    import json  # noqa: PLC0415  once a day
    import os  # noqa: PLC0415
    import subprocess  # noqa: PLC0415

    with open(state.background_flush, "rb") as file:  # noqa: PTH123  in the wrapper, which loads no pathlib
        words = [str(word) for word in json.load(file)]
    environ = {"HOME": os.environ.get("HOME", "/"), "PATH": os.environ.get("PATH", os.defpath)}
    subprocess.Popen(  # noqa: S603  the command that the developer's own devtel wrote
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
        env=environ,
    )
