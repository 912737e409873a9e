"""A repository of 50,000 files and a journal of 1,000,000 lines in today's file, quickly made."""

import time
from pathlib import Path

from devtelemetry_cli.client.journal import writer
from setting import MAKEFILE, PROJECT_FILE, Setting, Wrapper, git

FILES = 50_000
LINES = 1_000_000
SIZE = f"{FILES:,} files with {LINES:,} lines in today's journal"
DESCRIPTION = f"large: {SIZE}"


def repository(folder: Path) -> Path:
    """A checkout of FILES files in one commit, and our Makefile."""
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "fast-import", "--quiet", text=b"".join(_stream()))
    git(folder, "reset", "--quiet", "--hard")
    return folder


def states(setting: Setting) -> list[Wrapper]:
    """The recording states, each with its journal filled up."""
    chosen = [wrapper for wrapper in setting.states() if wrapper.name.endswith(("granted", "local"))]
    for wrapper in chosen:
        home = Path(wrapper.environ["DEVTEL_HOME"])
        fill(next(home.glob("journal/*/*/*.jsonl")), LINES)
    return chosen


def fill(journal: Path, lines: int) -> None:
    """Append so many lines, a start and an end for each run, of 50 targets."""
    now = time.time()
    with journal.open("ab") as file:
        for number in range(lines // 2):
            file.write(_run(number, now))


def _run(number: int, now: float) -> bytes:
    run, offset = f"{number:016x}", writer.local_offset(now)
    start = {"run": run, "time": now, "offset": offset, "pid": 1, "grant": "bench", "project": "bench"}
    start |= {"target": f"dev.up.{number % 50}", "branch": "other", "age_days": number % 40}
    end = {"run": run, "time": now, "offset": offset, "duration": 0.01 * (number % 977), "exit": 2 * (number % 9 == 0)}
    return writer.encode("start", start) + writer.encode("end", {**end, "cpu": 0.5, "peak_kib": 51200})


def _stream() -> list[bytes]:
    """One commit in the form of `git fast-import`."""
    files = {".devtel.toml": PROJECT_FILE, "Makefile": MAKEFILE}
    files |= {f"src/{number // 250}/file{number}.txt": f"{number}\n" for number in range(FILES)}
    head = b"commit refs/heads/main\ncommitter bench <b@example.org> 1700000000 +0000\ndata 5\nbench\n"
    return [head, *(_entry(path, text.encode()) for path, text in files.items()), b"\n"]


def _entry(path: str, text: bytes) -> bytes:
    return b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(text), text)
