"""What `devtel wrap` adds to a make target, in every state of consent, beside what else could stand there.

All rivals run within each round, so that whatever else the machine does hits all alike, in an order of its own, so that
none always follows the same other one; ratios are taken within a round, and medians over the rounds.
"""

import argparse
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import every_target
import large
import machine
import stopwatch
import tables
from setting import NAIVE, TARGETS, Setting, Wrapper, clean_environment, make_path
from stopwatch import Stopwatch
from tables import Table, median, p95, ratio

# Times the rounds for whole calls by GNUmakefile, where half a millisecond counts: the median of 60 is off by more.
WHOLE = {"nothing": 15, "sleep": 10}
MAKE, PLAIN, PYTHON = "make itself", "make -> make", "python -c pass"
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


@dataclass
class Figures:
    """What was measured in the rounds of one target: by measure and rival, one value a round."""

    values: dict[str, dict[str, list[float]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))

    def note(self, rival: str, **measures: float) -> None:
        """Add a round's values."""
        for measure, value in measures.items():
            self.values[measure][rival].append(value)


@dataclass(frozen=True)
class Runner:
    """Starts commands in one folder and takes their time, from outside."""

    folder: Path
    watch: Stopwatch

    def whole(self, command: list[str], environ: dict[str, str]) -> float:
        """The wall time of a command in ms."""
        began = time.monotonic_ns()
        _wait(self._start(command, environ))
        return _ms(time.monotonic_ns() - began)

    def around_make(self, command: list[str], environ: dict[str, str], look_after: float) -> dict[str, float]:
        """`before` and `after` make in ms; `rss`, the peak memory in MiB, if looked at after so many seconds."""
        began = self.watch.now()
        pid = self._start(command, {**environ, **self.watch.environment()})
        measures = {}
        if look_after:
            time.sleep(look_after)
            measures["rss"] = peak_mib(pid)
        _wait(pid)
        ended = self.watch.now()
        make_began, make_ended = self.watch.read()
        return {"before": _ms(make_began - began), "after": _ms(ended - make_ended), **measures}

    def _start(self, command: list[str], environ: dict[str, str]) -> int:
        return os.posix_spawn(command[0], command, environ, file_actions=_NO_TERMINAL)


_NO_TERMINAL = [
    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
    (os.POSIX_SPAWN_DUP2, 1, 2),
]


def main() -> None:
    """Measure and print."""
    asked = _words()
    with tempfile.TemporaryDirectory(prefix="devtel-bench-") as name:
        folder = Path(name)
        setting = Setting(folder)
        watch = stopwatch.build(folder, make_path())
        about = [
            *machine.lines(),
            f"stopwatch in make's place: {watch.kind}; {asked.runs} rounds, by GNUmakefile "
            + " and ".join(str(times * asked.runs) for times in WHOLE.values()),
        ]
        os.chdir(setting.project)
        runner = Runner(setting.project, watch)
        with _naive_endpoint() as url:
            wrappers = [*setting.states(), setting.naive(url)]
            measured = {
                target: rounds(asked.runs, target, list(_turns(target, runner, wrappers))) for target in TARGETS
            }
        choices = every_target.ways(setting)
        every = {
            target: rounds(times * asked.runs, target, list(every_target.turns(target, choices)))
            for target, times in WHOLE.items()
        }
        if asked.large:
            os.chdir(large.repository(folder / "large"))
            big = large.states(setting)
            about.append(large.DESCRIPTION)
            measured["large"] = rounds(asked.runs, "large", list(_turns("sleep", runner, big)))
    _print(asked, about, measured, every)


def rounds(runs: int, target: str, turns: list[Callable[[Figures], None]]) -> Figures:
    """Run every rival once a round, each round in another order, which is the same in every run of the benchmark."""
    figures = Figures()
    for turn in turns:  # the first runs compile, remember and fill caches; they give the tables their order too
        turn(figures)
    for noted in figures.values.values():
        for values in noted.values():
            values.clear()
    for number in range(runs):
        for turn in random.Random(number).sample(turns, len(turns)):  # noqa: S311  no secret
            turn(figures)
        _progress(f"{target}: round {number + 1} of {runs}")
    _progress("")
    return figures


def peak_mib(pid: int) -> float:
    """The peak resident memory of a process alone, without its children; NaN where /proc does not tell."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return float("nan")


def _turns(target: str, runner: Runner, wrappers: list[Wrapper]) -> Iterator[Callable[[Figures], None]]:
    """One callable for each thing that is run in a round."""
    look_after = 0.2 if target == "sleep" else 0.0  # well before its end, when all is loaded
    plain = clean_environment()
    make = str(runner.watch.make)
    quiet = "--no-print-directory"
    yield lambda f: f.note(PYTHON, start=runner.whole([sys.executable, "-c", "pass"], plain))
    yield lambda f: f.note(MAKE, wall=runner.whole([make_path(), f"impl-{target}"], plain))
    yield lambda f: f.note(PLAIN, wall=runner.whole([make_path(), f"plain-{target}"], plain))
    yield lambda f: f.note(MAKE, **runner.around_make([make, quiet, f"impl-{target}"], plain, look_after))
    for w in wrappers:
        yield lambda f, w=w: f.note(
            w.name, **runner.around_make(w.direct(target, runner.watch.make), w.environ, look_after)
        )
        yield lambda f, w=w: f.note(w.name, wall=runner.whole([make_path(), f"wrapped-{target}"], w.in_recipe()))


def around_table(target: str, figures: Figures) -> Table:
    """Before make starts, and after it ended."""
    start, rss = figures.values["start"][PYTHON], figures.values["rss"]
    table = Table(
        f"Around make, for a target that {target} (one interpreter start: {median(start):.2f} ms)",
        ["", "before make (ms)", "p95", "in interpreter starts", "after make (ms)", "p95"],
    )
    if rss:
        table.heads.append("peak memory (MiB)")
    for rival, before in figures.values["before"].items():
        cells = [*_ms_cells(before), f"{ratio(before, start):.2f}", *_ms_cells(figures.values["after"][rival])]
        table.rows.append([rival, *cells, *([_memory(rival, rss[rival])] if rss else [])])
    return table


def whole_table(target: str, figures: Figures) -> Table:
    """What a developer waits for in all."""
    walls = figures.values["wall"]
    table = Table(
        f"The whole `make`, for a target that {target}",
        ["", "wall (ms)", "p95", "more than make -> make (ms)", "times make -> make"],
    )
    plain = walls[PLAIN]
    for rival, wall in walls.items():
        more = median([a - b for a, b in zip(wall, plain, strict=True)])
        table.rows.append([rival, *_ms_cells(wall), f"{more:+.2f}", f"{ratio(wall, plain):.3f}"])
    return table


def _print(
    asked: argparse.Namespace, about: list[str], measured: dict[str, Figures], every: dict[str, Figures]
) -> None:
    if asked.json:
        named = {**measured, **{f"every {target}": figures for target, figures in every.items()}}
        print(json.dumps({"about": about, "figures": {name: f.values for name, f in named.items()}}, indent=1))
        return
    names = {**TARGETS, "large": f"takes 300 ms, in {large.SIZE}"}
    shown = [
        make_table(names[target], figures)
        for target, figures in measured.items()
        for make_table in (around_table, whole_table)
    ]
    shown += [every_target.table(TARGETS[target], figures.values) for target, figures in every.items()]
    text = tables.document(about, shown, _command(asked), asked.markdown or asked.write)
    if asked.write:
        tables.put_into(PAGE, "bench/wrap.py", text)
    else:
        print(text)


def _ms_cells(values: list[float]) -> list[str]:
    return [f"{median(values):.2f}", f"{p95(values):.2f}"]


def _memory(rival: str, values: list[float]) -> str:
    # Switched off, the wrapper has become make, and make itself is the stopwatch: no memory of a wrapper to speak of.
    return "-" if rival == MAKE or rival.endswith("switched off") else f"{median(values):.1f}"


def _command(asked: argparse.Namespace) -> str:
    more = " --large" if asked.large else ""
    return f".venv/bin/python bench/wrap.py --runs {asked.runs}{more}{' --write' if asked.write else ''}"


@contextlib.contextmanager
def _naive_endpoint() -> Iterator[str]:
    with subprocess.Popen([sys.executable, NAIVE, "--serve"], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def _wait(pid: int) -> None:
    _, status = os.waitpid(pid, 0)
    if status != 0:
        sys.exit(f"bench: a measured command ended with {os.waitstatus_to_exitcode(status)}")


def _ms(nanoseconds: int) -> float:
    return nanoseconds / 1e6


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text:40}", end="", file=sys.stderr)


def _words() -> argparse.Namespace:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--runs", type=int, default=40, help="rounds (40)")
    words.add_argument("--large", action="store_true", help="also in a large repository with a large journal")
    words.add_argument("--json", action="store_true", help="every single value, as JSON")
    words.add_argument("--markdown", action="store_true", help="tables in Markdown")
    words.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    return words.parse_args()


if __name__ == "__main__":
    main()
