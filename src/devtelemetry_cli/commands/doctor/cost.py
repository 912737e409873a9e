"""What a wrapped run costs: measured now, against plain make, by runs of nothing in a home that is thrown away."""

import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from devtelemetry_cli import consent
from devtelemetry_cli.client import switches
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding, note, ok
from devtelemetry_cli.commands.schedule import job

_BUDGET = 2.0  # seconds for all rounds
_FEWEST, _MOST = 5, 40
_PATIENCE = 10.0  # seconds for one make


def overhead(env: Environment) -> Iterator[Finding]:
    """p50 and p95 of what devtel adds to a run, in milliseconds, recorded as your runs are."""
    make = shutil.which(env.context.environ.get("DEVTEL_MAKE") or "make", path=env.context.environ.get("PATH"))
    if make is None:
        yield note("What devtel costs cannot be measured: there is no make here.")
        return
    with tempfile.TemporaryDirectory(prefix="devtel-") as folder:
        try:
            samples = sorted(_measure(env, Path(folder), make))
        except (OSError, subprocess.SubprocessError) as fault:
            yield note(f"What devtel costs cannot be measured: {fault}.")
            return
    p50, p95 = statistics.median(samples), samples[min(len(samples) - 1, round(0.95 * (len(samples) - 1)))]
    yield ok(
        f"devtel adds {p50:.0f} ms to a run (p50; p95 {p95:.0f} ms), measured now over {len(samples)} runs of nothing",
        p50_ms=round(p50, 1),
        p95_ms=round(p95, 1),
        rounds=len(samples),
    )


def _measure(env: Environment, folder: Path, make: str) -> list[float]:
    (folder / "Makefile").write_text("impl-nothing:\n\t@:\n")
    environ = _environment(env, folder)
    consent.local(StateDir(folder), None, env.now)
    plain = [make, "--no-print-directory", "impl-nothing"]
    wrapped = [*job.program(env.started_as), "wrap", f"--make={make}", "--", "nothing"]
    for command in (plain, wrapped):  # the first of each fills caches, and makes the machine's key
        _time(command, folder, environ)
    samples: list[float] = []
    end = time.monotonic() + _BUDGET
    while len(samples) < _FEWEST or (len(samples) < _MOST and time.monotonic() < end):
        # One right after the other: what else the machine does hits both.
        alone = _time(plain, folder, environ)
        samples.append(1000 * (_time(wrapped, folder, environ) - alone))
    return samples


def _environment(env: Environment, folder: Path) -> dict[str, str]:
    strange = ("MAKE", "MFLAGS", "DEVTEL")
    kept = {name: value for name, value in env.context.environ.items() if not name.startswith(strange)}
    return {name: value for name, value in kept.items() if name not in switches.OFF} | {"DEVTEL_HOME": str(folder)}


def _time(command: list[str], folder: Path, environ: dict[str, str]) -> float:
    start = time.perf_counter()
    # Our own command and the developer's make, with a Makefile of ours.
    subprocess.run(  # noqa: S603
        command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=True
    )
    return time.perf_counter() - start
