"""Counts instead of times, the same on every machine: system calls and loaded modules of a wrapped run.

Only the wrapper itself is counted, not what it starts: before make starts, while it runs, and after it ended.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import devtelemetry_cli
import machine
import tables
from setting import Setting, Wrapper, make_path
from tables import Table

DRIVER = Path(__file__).with_name("modules.py")
START = str(Path(devtelemetry_cli.__file__).with_name("__main__.py"))
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
_CALL = re.compile(r"^(?:\d+ +)?([a-z0-9_]+)\(")
_STARTS = ("clone", "clone3", "vfork", "fork")
_WAITS = ("wait4", "waitid")


@dataclass(frozen=True)
class Calls:
    """How many system calls the wrapper made in each of its three parts."""

    before: int
    during: int
    after: int


def main() -> None:
    """Count and print."""
    asked = _words()
    with tempfile.TemporaryDirectory(prefix="devtel-bench-") as name:
        setting = Setting(Path(name))
        os.chdir(setting.project)
        shown = [*_call_tables(setting), *_module_tables(setting)]
    command = f".venv/bin/python bench/counts.py{' --write' if asked.write else ''}"
    text = tables.document(machine.lines(), shown, command, asked.markdown or asked.write)
    if asked.json:
        print(json.dumps([vars(table) for table in shown], indent=1))
    elif asked.write:
        tables.put_into(PAGE, "bench/counts.py", text)
    else:
        print(text)


def calls(words: list[str], environ: dict[str, str], out: Path) -> Calls:
    """Run under strace, once to remember and once to count."""
    for _ in range(2):
        strace = ["strace", "-qq", "-e", "signal=none", "-o", str(out)]
        subprocess.run([*strace, *words], env=environ, check=True, stdin=subprocess.DEVNULL)
    names = [found[1] for line in out.read_text(errors="replace").splitlines() if (found := _CALL.match(line))]
    return _split(names)


def modules(wrapper: Wrapper, out: Path) -> tuple[list[str], list[str]]:
    """The modules that were loaded beyond the interpreter's own, when make started and in all."""
    words = [sys.executable, str(DRIVER), str(out), START, *wrapper.direct("sleep", Path(make_path()))[1:]]
    subprocess.run(words, env=wrapper.environ, check=True, stdin=subprocess.DEVNULL)
    before, at_the_end = out.read_text().split("\n")
    return before.split(), at_the_end.split()


def _split(names: list[str]) -> Calls:
    """The first process started is make; the last wait is for its end."""
    if "execve" in names[1:]:  # it has become make
        before = names.index("execve", 1)
        return Calls(before, 0, 0)
    before = next((i for i, name in enumerate(names) if name in _STARTS), len(names))
    ended = max((i for i, name in enumerate(names) if name in _WAITS), default=len(names) - 1)
    return Calls(before, ended - before, len(names) - ended - 1)


def _call_tables(setting: Setting) -> list[Table]:
    if not shutil.which("strace"):
        return [Table("System calls: strace is not here, so they were not counted", [""])]
    out = setting.folder / "calls"
    start = calls([sys.executable, "-c", "pass"], setting.environ, out).before
    table = Table(
        f"System calls of the wrapper itself (python -c pass: {start})",
        ["", "before make", "beyond an interpreter start", "while make runs", "after make"],
    )
    for wrapper in setting.states():
        found = calls(wrapper.direct("sleep", Path(make_path())), wrapper.environ, out)
        table.rows.append(
            [wrapper.name, str(found.before), f"{found.before - start:+d}", str(found.during), str(found.after)]
        )
    return [table]


def _module_tables(setting: Setting) -> list[Table]:
    out = setting.folder / "modules"
    table = Table("Modules loaded beyond the interpreter's own", ["", "before make", "in all", "of these not ours"])
    for wrapper in setting.states():
        before, in_all = modules(wrapper, out)
        foreign = [name for name in in_all if not name.startswith("devtelemetry_cli")]
        table.rows.append([wrapper.name, str(len(before)), str(len(in_all)), " ".join(foreign) or "none"])
    return [table]


def _words() -> argparse.Namespace:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--json", action="store_true", help="the tables as JSON")
    words.add_argument("--markdown", action="store_true", help="tables in Markdown")
    words.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    return words.parse_args()


if __name__ == "__main__":
    main()
