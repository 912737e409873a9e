"""What the tests drive: a developer's home and project, with the real command and the real make."""

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
import uuid
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path

from devtelemetry_cli import consent, send
from devtelemetry_cli.client import settings
from devtelemetry_cli.client.consent.terms import Terms
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.client.journal import machine_key, writer
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.commands import status
from devtelemetry_cli.commands.makefile import templates
from tests.helpers import fake_schedulers, preloaded
from tests.helpers.installation import of_this_checkout

DEVTEL, PYTHON = str(of_this_checkout().script), str(of_this_checkout().python)
URL = "http://127.0.0.1:9/plugins/developer_telemetry/connections/1/report"

_BUILT = Path(tempfile.mkdtemp(prefix="devtel-plugin-")) / "plugin"  # of the first agreement to every target
atexit.register(shutil.rmtree, _BUILT.parent, ignore_errors=True)

MAKEFILE = """\
DEVTEL = devtel wrap --make='$(MAKE)' -- '$@'

{targets}: FORCE
\t+@$(DEVTEL)
FORCE:
"""


def _folder_of_devtel(home: Path) -> Path:
    """A folder for the PATH with devtel, beside which may stand another make, and with a crontab of the test's own."""
    folder = home.parent / "bin"
    folder.mkdir(exist_ok=True)
    (folder / "devtel").symlink_to(DEVTEL)
    fake_schedulers.write_programs(folder, home.parent / "machine")
    return folder


def clean_environment(home: Path) -> dict[str, str]:
    """The environment of a developer with nothing special set, whose home is `home`."""
    return {
        "HOME": str(home),
        "DEVTEL_HOME": str(home / "devtel"),
        "PATH": f"{_folder_of_devtel(home)}:{os.environ.get('PATH', '/usr/bin:/bin')}",
        "LANG": "C.UTF-8",
        "TERM": "xterm",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{name: value for name, value in os.environ.items() if name == "COVERAGE_PROCESS_CONFIG"},
    }


@dataclass
class Developer:
    """A developer at work: a home, a project with its Makefile, and what devtel keeps."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)
    enter: list[str] = field(default_factory=list)  # the words before every command, setpriv(1) for example

    def __post_init__(self) -> None:
        self.home = self.folder / "home"
        self.home.mkdir(parents=True)
        self.project = self.folder / "project"
        self.project.mkdir()
        self._usual = clean_environment(self.home)
        self.environ = self._usual | self.environ

    @property
    def state(self) -> Path:
        """The state folder, which is also the config's."""
        return Path(self.environ["DEVTEL_HOME"])

    @property
    def config(self) -> Path:
        """The user config."""
        return self.state / "config.toml"

    @property
    def context(self) -> Context:
        """The project as the product sees it."""
        return Context.load(dict(self.environ))

    def project_file(self, report_url: str = URL, **values: object) -> None:
        """Write `.devtel.toml`."""
        settings = {"organisation": "Acme", "project": "shop", "report_url": report_url, **values}
        lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items() if value != ""]
        (self.project / ".devtel.toml").write_text("\n".join(lines) + "\n")

    def makefile(self, implementations: str, targets: str | None = None) -> None:
        """Write a Makefile: `implementations` as plain rules, each `impl-X` with its wrapped `X`."""
        text = textwrap.dedent(implementations)
        names = [line.split(":")[0].removeprefix("impl-") for line in text.splitlines() if line.startswith("impl-")]
        (self.project / "Makefile").write_text(MAKEFILE.format(targets=targets or " ".join(names)) + "\n" + text)

    def run(self, *command: str, **options: object) -> subprocess.CompletedProcess[str]:
        """Run any command in the project, away from a terminal."""
        settings: dict[str, object] = {
            "cwd": self.project,
            "env": self.environ,
            "stdin": subprocess.DEVNULL if "input" not in options else None,
            "capture_output": True,
            "text": True,
            "timeout": 50,
            **options,
        }
        return subprocess.run([*self.enter, *command], check=False, **settings)  # type: ignore[call-overload, no-any-return]

    def devtel(self, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        """Run devtel in the project: by a fork of a process that has it loaded, where that makes no difference."""
        command, given = (DEVTEL, *arguments), {"cwd": self.project, "env": self.environ, **options}
        environ: dict[str, str] = given.pop("env")  # type: ignore[assignment]
        is_plain = given.keys() <= {"cwd", "input", "timeout"}
        if is_plain and preloaded.is_same(command, environ, self._usual, self.enter):
            given["given"] = given.pop("input", "")
            modules = preloaded.SERVER if arguments[:1] == ("serve",) else preloaded.CLIENT
            return preloaded.run(command, environ, enter=self.enter, modules=modules, **given)  # type: ignore[arg-type]
        return self.run(*command, **options)

    def make(self, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        """Run make in the project."""
        return self.run("make", *arguments, **options)

    def status(self) -> dict[str, object]:
        """The status of the project, read in this process; tests/commands/test_status.py runs the command."""
        with chdir(self.project):
            return asdict(status.status(self.context, time.time(), DEVTEL))

    def flush(self) -> None:
        """Flush as cron does, in this process: as a condition of a test, not as its subject."""
        with chdir(self.project), as_installed():
            state = self.context.state
            send.flush(send.FlushOptions(state, self.environ, in_person=False, deadline=time.monotonic() + 30))

    def records(self, journal: str = "*") -> list[dict[str, object]]:
        """Every record in the journals that match, in the order of files and lines."""
        files = sorted(self.state.glob(f"journal/{journal}/*/*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines() if line]

    def ends(self) -> list[dict[str, object]]:
        """The records of ends."""
        return [record for record in self.records() if record["event"] == "end"]

    def kept(self) -> set[str]:
        """The names of all files that devtel keeps, locks left out."""
        files = (file.relative_to(self.state) for file in self.state.rglob("*") if file.is_file())
        return {str(file) for file in files if file.suffix != ".lock"}

    def grant(self, every_target: bool = False, *, build: bool = False) -> str:
        """Agree to the terms of the project file, as `devtel consent grant` does; returns the anonymous ID.

        The plug-in for every target is a copy of one that was built and tried before, unless it is to be built anew.
        """
        terms, plugin = self._terms(every_target), Path(self._state_dir().plugin)
        assert terms is not None
        if every_target and not build and _BUILT.is_dir():
            shutil.copytree(_BUILT, plugin, dirs_exist_ok=True)
        with as_installed():
            decision = consent.grant(self._state_dir(), terms, time.time())
        if every_target and plugin.is_dir() and not _BUILT.is_dir():
            shutil.copytree(plugin, _BUILT)
        return decision.anonymous_id

    def decide(self, decision: str) -> None:
        """Take a decision as `devtel consent DECISION` does, in this process."""
        terms = self._terms()
        if decision == "grant":
            self.grant()
        elif decision == "local":
            with as_installed():
                consent.local(self._state_dir(), terms, time.time())
        else:
            assert (decision, terms is not None) == ("decline", True)
            consent.decline(self._state_dir(), terms.destination.key, terms.destination.url, time.time())

    def write_devtel_mk(self) -> None:
        """Write devtel.mk as `devtel makefile` does, in this process."""
        terms = self._terms()
        text = templates.render(templates.FRAGMENT, terms.destination if terms else None)
        (self.project / templates.FRAGMENT).write_text(text)

    def _state_dir(self) -> StateDir:
        return StateDir(self.state, str(self.config))

    def _terms(self, every_target: bool = False) -> Terms | None:
        user = settings.read_user(str(self.config))
        project = settings.read_project(str(self.project / ".devtel.toml"))
        return consent.asked_terms(self.environ, user, project, every_target)

    def journal_folder(self, day: date) -> Path:
        """The journal that runs in this project go to on a day."""
        with chdir(self.project):
            context = self.context
            answer = consent.judge(context, time.time())
        key = machine_key.of_run(context.state, answer.journal, answer.grant, day.isoformat())
        return Path(context.state.journal(answer.journal, key))

    def add_runs(self, day: date, count: int = 1, target: str = "test", **end: object) -> None:
        """Put finished runs of a day into the journal, as wrap writes them."""
        grants = [line for line in self.config.read_text().splitlines() if line.startswith("grant = ")]
        grant = grants[0].split('"')[1]
        folder = self.journal_folder(day)
        noon = datetime(day.year, day.month, day.day, 12).astimezone()
        start, offset = noon.timestamp(), int((noon.utcoffset() or noon - noon).total_seconds())
        for _ in range(count):
            run = uuid.uuid4().hex[:16]
            common = {"run": run, "time": start, "offset": offset}
            writer.create(
                str(folder),
                day.isoformat(),
                writer.encode("start", {**common, "pid": 1, "grant": grant, "project": "shop", "target": target}),
            )
            values = {"duration": 1.5, "exit": 0, "cpu": 0.1, "peak_kib": 1000, **end}
            writer.append(str(folder), day.isoformat(), writer.encode("end", {**common, **values}))  # type: ignore[arg-type]


@contextmanager
def as_installed() -> Iterator[None]:
    """What the product writes of its interpreter in this process is what the tests' devtel writes."""
    usual, sys.executable = sys.executable, PYTHON
    try:
        yield
    finally:
        sys.executable = usual


def wait_for(condition: "object", seconds: float = 20.0) -> None:
    """Wait until `condition()` holds."""
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def processes_of(folder: Path) -> Iterator[int]:
    """Processes that work in `folder`."""
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if entry.readlink().is_relative_to(folder):
                yield int(entry.parent.name)
        except OSError:
            continue
