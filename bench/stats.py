"""What `devtel stats` costs: the whole command over a month of journals, in processes of their own.

The month has so many runs, a start and an end each, of 50 targets, evenly over 28 days. Cold is the first look after
the files left the system's cache (where it lets us), warm the next ones; devtel itself keeps nothing between them.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import large
import machine
import tables
from setting import DEVTEL
from tables import Table, median

SIZES = (1_000, 10_000, 100_000, 1_000_000)
DAYS = 28
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
ABOUT = """\
## `devtel stats`

The whole command, from its start to its end, over 28 days of journals; the aim is 1,000,000 runs (2,000,000 lines,
300 MB) in under 3 s and 100 MB. Cold: the system was asked to drop the files from its cache first. Warm: right after
that. devtel keeps nothing between two looks. Above 32 MB of journals the files are read in as many processes as there
are cores, at most four; the memory is that of the largest process. What else the machine does lengthens the seconds
most, the processor time (of all processes) least: look at the load below. The quantiles are exact, not from a report's
histogram (whose are within 9.1 %)."""
Samples = dict[str, list[dict[str, float]]]


def main() -> None:
    """Measure and print, or put the table into the page."""
    asked = _words()
    with tempfile.TemporaryDirectory(prefix="devtel-bench-") as name:
        measured = {size: measure(size, Path(name) / str(size), asked.runs) for size in SIZES}
    command = f".venv/bin/python bench/stats.py --runs {asked.runs}{' --write' if asked.write else ''}"
    text = tables.document(machine.lines(), [table_of(measured)], command, asked.markdown or asked.write)
    if asked.markdown or asked.write:
        text = f"{ABOUT}\n\n{text}"
    if asked.json:
        print(json.dumps(measured, indent=1))
    elif asked.write:
        tables.put_into(PAGE, "bench/stats.py", text)
    else:
        print(text)


def measure(size: int, home: Path, runs: int) -> Samples:
    """A month of so many runs, told `runs` times cold and warm."""
    journals = month(size, home)
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "DEVTEL_HOME": str(home), "LANG": "C.UTF-8"}
    samples: Samples = {"cold": [], "warm": []}
    for _ in range(runs):
        for file in journals:
            _forget(file)
        samples["cold"].append(one(home, environ))
        samples["warm"].append(one(home, environ))
    return samples


def month(size: int, home: Path) -> list[Path]:
    """The journal files of the last 28 days."""
    folder = home / "journal" / "nowhere.local" / "0123abcd"
    folder.mkdir(parents=True)
    files = [folder / f"{date.today() - timedelta(days=i)}.jsonl" for i in range(DAYS)]  # noqa: DTZ011
    for number, file in enumerate(files):
        large.fill(file, 2 * (size // DAYS + (number < size % DAYS)))
    return files


def one(home: Path, environ: dict[str, str]) -> dict[str, float]:
    """Seconds that pass, seconds of the processor, and the peak memory in MiB of one `devtel stats`."""
    began = time.perf_counter()
    silent = os.open(os.devnull, os.O_RDWR)
    child = os.posix_spawn(
        DEVTEL,
        [str(DEVTEL), "stats", "--all"],
        environ,
        file_actions=[
            (os.POSIX_SPAWN_DUP2, silent, 0),
            (os.POSIX_SPAWN_OPEN, 1, home / "page", os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600),
        ],
    )
    _, status, used = os.wait4(child, 0)
    seconds = time.perf_counter() - began
    os.close(silent)
    assert status == 0, status
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return {"seconds": seconds, "processor": used.ru_utime + used.ru_stime, "memory": used.ru_maxrss / unit}


def _forget(file: Path) -> None:
    """Let the system drop the file from its cache, where that can be asked for."""
    if not hasattr(os, "posix_fadvise"):
        return
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def table_of(measured: dict[int, Samples]) -> Table:
    """One row for each size."""
    table = Table(
        f"devtel stats over {DAYS} days, 50 targets",
        ["runs", "cold (s)", "warm (s)", "the fastest (s)", "processor time (s)", "runs a second", "peak memory (MiB)"],
    )
    for size, samples in measured.items():
        cold, warm = ([sample["seconds"] for sample in samples[name]] for name in ("cold", "warm"))
        every = samples["cold"] + samples["warm"]
        processor = median([sample["processor"] for sample in every])
        cells = [median(cold), median(warm), min(cold + warm), processor]
        memory = max(sample["memory"] for sample in every)
        table.rows.append(
            [
                tables.count(size),
                *(f"{cell:.2f}" for cell in cells),
                tables.count(round(size / median(warm))),
                f"{memory:.1f}",
            ]
        )
    return table


def _words() -> argparse.Namespace:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--runs", type=int, default=5, help="looks at each size, cold and warm (5)")
    words.add_argument("--json", action="store_true", help="every single value, as JSON")
    words.add_argument("--markdown", action="store_true", help="the table in Markdown")
    words.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    return words.parse_args()


if __name__ == "__main__":
    main()
