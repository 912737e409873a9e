"""What GNUmakefile adds to a whole call of make, in every state of consent and by both engines.

Wall time and CPU time of make with all that it waited for; beside it the CPU time of the plug-in's recorder, which
nobody waits for: this process adopts it. Everything on one core shows what a machine without an idle core pays.
"""

import ctypes
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from devtelemetry_cli.client import destination
from devtelemetry_cli.commands.makefile import templates
from setting import PROJECT_FILE, REPORT_URL, Setting, git, make_path
from tables import Table, median, p95, ratio

BARE = "make itself"
WRAPPER = "wrapper, granted"
START = "python -c pass"
ONE_CORE = " (one core)"
MAKEFILE = ".PHONY: nothing sleep\nnothing:\n\t@:\nsleep:\n\t@sleep 0.3\n"
_SET_SUBREAPER = 36
_NO_TERMINAL = [
    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
    (os.POSIX_SPAWN_DUP2, 1, 2),
]


class Figures(Protocol):
    """Where the values of a round go (bench/wrap.py)."""

    def note(self, rival: str, **measures: float) -> None:
        """Add a round's values."""


@dataclass(frozen=True)
class Way:
    """One way to call make in a project; `environ` is its whole environment."""

    name: str
    words: list[str]
    environ: dict[str, str]


def ways(setting: Setting) -> list[Way]:
    """The project is made and each state prepared; the first way is make without GNUmakefile, the last a Python."""
    project = setting.folder / "every"
    _make_project(project)
    states = {"plug-in, granted": "grant", WRAPPER: "grant", "declined": "decline"}
    for name, decision in states.items():
        home = _home(setting, name)
        if name == WRAPPER:
            home.mkdir(parents=True)
            (home / "config.toml").write_text('engine = "wrapper"\n', encoding="utf-8")
        setting.devtel(home, "consent", decision, folder=project)
    gnumakefile = [make_path(), "-C", str(project), "--no-print-directory"]
    homes = [*states, "not installed"]
    return [
        Way(BARE, [*gnumakefile, "-f", "Makefile"], setting.environ),
        *(Way(name, gnumakefile, {**setting.environ, "DEVTEL_HOME": str(_home(setting, name))}) for name in homes),
        Way(START, [sys.executable, "-c", "pass"], setting.environ),
    ]


def turns(target: str, choices: list[Way]) -> Iterator[Callable[[Figures], None]]:
    """One callable for each thing that is run in a round."""
    ctypes.CDLL(None).prctl(_SET_SUBREAPER, 1, 0, 0, 0)
    everywhere = os.sched_getaffinity(0)
    for way in choices:
        yield lambda f, way=way: f.note(way.name, **_measure(way, target, everywhere))
    one = {min(everywhere)}
    for way in choices[:2]:
        yield lambda f, way=way: f.note(way.name + ONE_CORE, **_measure(way, target, one, to_the_end=True))


def table(target: str, values: dict[str, dict[str, list[float]]]) -> Table:
    """What a whole call takes; the wrapper's call also beyond an interpreter start of the same round."""
    walls = values["every wall"]
    start = median(walls[START])
    beyond = median([a - b - c for a, b, c in zip(walls[WRAPPER], walls[BARE], walls[START], strict=True)])
    made = Table(
        f"Every target by GNUmakefile: the whole `make`, for a target that {target} "
        f"(one interpreter start: {start:.2f} ms; the wrapper takes one and {beyond:.2f} ms)",
        ["", "wall (ms)", "p95", "more (ms)", "times", "CPU (ms)", "times", "recorder's CPU (ms)"],
    )
    for name, wall in walls.items():
        if name == START:
            continue
        bare = BARE + (ONE_CORE if name.endswith(ONE_CORE) else "")
        cpu = values["every cpu"][name]
        more = median([a - b for a, b in zip(wall, walls[bare], strict=True)])
        times = ratio(wall, walls[bare])
        cells = [f"{median(wall):.2f}", f"{p95(wall):.2f}", f"{more:+.2f}", f"{times:.2f}"]
        cells += [f"{median(cpu):.2f}", f"{ratio(cpu, values['every cpu'][bare]):.2f}"]
        made.rows.append([name, *cells, f"{median(values['every recorder'][name]):.1f}"])
    return made


def _measure(way: Way, target: str, cores: set[int], to_the_end: bool = False) -> dict[str, float]:
    """One call: wall and CPU time of make in ms, and the CPU time of whatever goes on after it.

    `to_the_end`: the wall time is that until the recorder has ended too.
    """
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        began = time.monotonic_ns()
        pid = os.posix_spawn(way.words[0], [*way.words, target], way.environ, file_actions=_NO_TERMINAL)
        _, status, used = os.wait4(pid, 0)
        wall = time.monotonic_ns() - began
        assert status == 0
        after = _reap()
        wall = time.monotonic_ns() - began if to_the_end else wall
    finally:
        os.sched_setaffinity(0, before)
    cpu = (used.ru_utime + used.ru_stime) * 1000
    return {"every wall": wall / 1e6, "every cpu": cpu, "every recorder": after}


def _reap() -> float:
    """Wait for the processes that this one adopted; their CPU time in ms."""
    total = 0.0
    while True:
        try:
            _, _, used = os.wait4(-1, 0)
        except ChildProcessError:
            return total
        total += (used.ru_utime + used.ru_stime) * 1000


def _home(setting: Setting, name: str) -> Path:
    """Without blanks, which make could not name."""
    return setting.home(name.replace(", ", "-").replace(" ", "-"))


def _make_project(folder: Path) -> None:
    folder.mkdir()
    (folder / ".devtel.toml").write_text(PROJECT_FILE, encoding="utf-8")
    (folder / "Makefile").write_text(MAKEFILE, encoding="utf-8")
    text = templates.render(templates.EVERY_TARGET, destination.parse(REPORT_URL))
    (folder / "GNUmakefile").write_text(text, encoding="utf-8")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=bench")
