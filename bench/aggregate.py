"""What a day's report costs to make: seconds and peak memory for journals of growing length.

Each size runs in a process of its own: read the journal, add it up, encode the report.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import large
import machine
import tables
from devtelemetry_cli import aggregate
from devtelemetry_cli.client.journal import reader
from devtelemetry_cli.model.metrics import Environment
from devtelemetry_cli.report import encode
from tables import Table, median

SIZES = (1_000, 10_000, 100_000, 1_000_000)
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def main() -> None:
    """Measure and print; with `--child`, be one measurement."""
    asked = _words()
    if asked.child:
        print(json.dumps(one(asked.child)))
        return
    with tempfile.TemporaryDirectory(prefix="devtel-bench-") as name:
        measured = {size: measure(size, Path(name), asked.runs) for size in SIZES}
    command = f".venv/bin/python bench/aggregate.py --runs {asked.runs}{' --write' if asked.write else ''}"
    text = tables.document(machine.lines(), [table_of(measured)], command, asked.markdown or asked.write)
    if asked.json:
        print(json.dumps(measured, indent=1))
    elif asked.write:
        tables.put_into(PAGE, "bench/aggregate.py", text)
    else:
        print(text)


def measure(size: int, folder: Path, runs: int) -> list[dict[str, float]]:
    """A journal of so many lines, aggregated in `runs` fresh processes."""
    journal = folder / f"{size}.jsonl"
    large.fill(journal, size)
    command = [sys.executable, __file__, "--child", journal]
    return [json.loads(subprocess.run(command, capture_output=True, check=True).stdout) for _ in range(runs)]


def one(journal: Path) -> dict[str, float]:
    """Seconds, bytes of the report, and this process' memory in MiB before and at its peak."""
    before = peak_mib()
    began = time.perf_counter()
    tally = reader.Tally()
    day = aggregate.day(
        time.strftime("%Y-%m-%d"), reader.records(journal, tally), "bench", lambda _pid, _started: False
    )
    report = encode.encode(day.metrics, "00000000-0000-4000-8000-000000000000", "00000000", Environment())
    seconds = time.perf_counter() - began
    assert tally.damaged == tally.newer == 0
    return {"seconds": seconds, "report": len(report), "memory before": before, "memory": peak_mib()}


def peak_mib() -> float:
    """The peak memory of this process. Not ru_maxrss where there is /proc: that one begins with the parent's."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        unit = 2**20 if sys.platform == "darwin" else 2**10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def table_of(measured: dict[int, list[dict[str, float]]]) -> Table:
    """One row for each size."""
    table = Table(
        "A day's journal into its report, 50 targets",
        ["lines", "seconds", "µs a line", "lines a second", "peak memory (MiB)", "of this, the work", "report (bytes)"],
    )
    for size, samples in measured.items():
        seconds = median([sample["seconds"] for sample in samples])
        memory = median([sample["memory"] for sample in samples])
        work = median([sample["memory"] - sample["memory before"] for sample in samples])
        cells = [f"{seconds:.3f}", f"{seconds / size * 1e6:.1f}", tables.count(round(size / seconds))]
        cells += [f"{memory:.1f}", f"{work:.1f}", tables.count(int(samples[0]["report"]))]
        table.rows.append([tables.count(size), *cells])
    return table


def _words() -> argparse.Namespace:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--runs", type=int, default=3, help="fresh processes for each size (3)")
    words.add_argument("--json", action="store_true", help="every single value, as JSON")
    words.add_argument("--markdown", action="store_true", help="the table in Markdown")
    words.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    words.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    return words.parse_args()


if __name__ == "__main__":
    main()
