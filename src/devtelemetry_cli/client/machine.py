"""The environment fields of a report: the kind of machine, without anything that names it."""

import os
import platform
import re
import subprocess

from devtelemetry_cli import __version__
from devtelemetry_cli.model.metrics import Environment

_TIMEOUT = 5.0  # seconds for `make --version`


def snapshot(environ: dict[str, str]) -> Environment:
    """This machine now; a value that cannot be determined stays empty."""
    import psutil  # noqa: PLC0415  15 ms, for reports only; `status` asks for make's version alone

    return Environment(
        os=platform.system().lower(),
        architecture=platform.machine(),
        cores=os.cpu_count() or 0,
        memory_gib=memory_class(psutil.virtual_memory().total),
        make=make_version(environ.get("DEVTEL_MAKE") or "make"),
        devtel=__version__,
    )


def memory_class(size: int) -> int:
    """Bytes as GiB rounded to the nearest power of two, at least 1, so that machines of one kind look alike."""
    gib = max(1.0, size / 2**30)
    lower: int = 1 << (int(gib).bit_length() - 1)
    return lower if gib - lower < 2 * lower - gib else 2 * lower


def make_version(make: str) -> str:
    """The version of a GNU make; empty for any other program."""
    try:
        # The make that the developer chose; with --version it runs nothing of a project.
        answer = subprocess.run(  # noqa: S603
            [make, "--version"], capture_output=True, timeout=_TIMEOUT, stdin=subprocess.DEVNULL, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    found = re.search(rb"^GNU Make ([0-9][0-9.]*)", answer.stdout)
    return found[1].decode() if found else ""
