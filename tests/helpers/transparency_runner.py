"""Run one case plain and wrapped, and capture all that anybody could see of it.

"Plain" is the same Makefile with `+@$(MAKE) --no-print-directory 'impl-$@'` as the recipe; "wrapped" has
`+@devtel wrap --make='$(MAKE)' -- '$@'`. Both run in the same folder, one after the other.
"""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from devtelemetry_cli.client import destination
from devtelemetry_cli.commands.makefile import templates
from tests.helpers.developer import DEVTEL, URL, clean_environment, wait_for
from tests.helpers.plugin_project import has_recorder
from tests.helpers.transparency_cases import SEE, TAKEN, Case, Step

RECORDING = ("granted", "local")
STATES = (*RECORDING, "declined", "undecided", "off", "damaged")
OWN_SIGNALS = 1 << 31 | 1 << 32  # 32 and 33
PATIENCE = 10.0  # seconds until a run counts as hanging

# What a process is given by its parent, as the process itself finds it. The shell that runs this adds nothing to these.
_SEE = """\
#!/bin/sh
into={seen}/$1; mkdir -p "$into"
cat /proc/$$/environ >"$into/environ"
# Read by the shell itself: while it starts a command it blocks signals.
while read -r line; do echo "$line"; done </proc/$$/status >"$into/status"
read -r line </proc/$$/stat; echo "$line" >"$into/stat"
cat /proc/$$/limits /proc/$$/oom_score_adj /proc/$$/timerslack_ns >"$into/limits"
# In a shell of their own: where their output goes must not stand among the descriptors.
(ls -l /proc/$$/fd) >"$into/fd"
(grep -H . /proc/$$/fdinfo/*) >"$into/fdinfo" 2>/dev/null
exit 0
"""
# `taken NUMBER PROCESS` ends when that process handles the signal, for which make stops catching it first, or is gone.
# `taken NUMBER` waits so for every make above: a recipe that ends before may end any of them in another way. Those of
# another session are not the case's: the tests themselves may run under a make.
_TAKEN = """\
#!/bin/sh
look() {
    while read -r name value more; do
        case $name in
            Name:) command=$value ;;
            State:) state=$value ;;
            PPid:) parent=$value ;;
            NSsid:) session=$value ;;
            SigCgt:) caught=$value; break ;;
        esac
    done </proc/$1/status
}
catches() { [ $(( (0x$caught >> (number - 1)) & 1 )) = 1 ]; }
wait_for() { while look "$1" && [ "$state" != Z ] && catches; do :; done; }
exec 2>/dev/null
number=$1
if [ "$2" ]; then wait_for "$2"; exit 0; fi
look $$
own=$session process=$parent
while look "$process" && [ "$session" = "$own" ]; do
    [ "$command" != make ] || wait_for "$process"
    process=$parent
done
"""
# What make leaves to chance when a signal takes its recipe at the same time: one of two ways to end.
_MAKE_ENDS = re.compile(
    rb"(make(?:\[\d\])?): \*\*\* (?:wait: No child processes\.  Stop\.\r?\n"
    rb"\1: \*\*\* Waiting for unfinished jobs\.\.\.\.\r?\n\1: \*\*\* wait: No child processes\.  Stop\."
    rb"|\[[^\]]*\] (?:Error \d+|Interrupt|Terminated|Hangup|Quit))"
)
# An inner make that is killed says so only where it has still seen its recipe end.
_INNER_ENDS = re.compile(rb"make\[\d\] ended\r?\n(?=make(?:\[\d\])? ended)")
_STATUS = re.compile(rb"^(Umask|Uid|Gid|Groups|Sig(?:Blk|Ign|Cgt)|Cap\w+|NoNewPrivs|Seccomp\w*|Cpus_allowed):.*$", re.M)
# Their values are chance: process numbers, inodes, addresses, names of temporary files.
_CHANCE = [
    (re.compile(rb"(pipe|socket|anon_inode):\[\d+\]"), rb"\1"),
    (re.compile(rb"/(GMfifo|Gm)\w+"), rb"/\1"),
    (re.compile(rb"/dev/pts/\d+"), b"/dev/pts"),
    (re.compile(rb"/tmp/#\d+ \(deleted\)"), b"a file without a name"),
    (re.compile(rb"^\[(\d)\] \d+", re.M), rb"[\1] PID"),  # a job of an interactive shell
    (re.compile(rb"0x[0-9a-f]+( \(\S+\))? PID \d+"), rb"CHILD"),  # make's debugging output
]
_WRAPPED_ECHO = re.compile(rb"devtel wrap --make='([^']*)'(?: --makefile=(\S+))? -- '([^\n']*)'")


@dataclass
class Outcome:
    """What a run did: its end, its output, the files it made, and what its recipes were given."""

    status: int
    out: bytes
    err: bytes
    files: dict[str, tuple[str, bytes]]
    seen: dict[str, dict[str, object]]
    echo: bytes = field(default=b"", compare=False)  # standard output as it came
    announced: int = field(default=0, compare=False)  # recipes that saw DEVTEL_RUN, which is taken out of `seen`
    recorded: bool = field(default=False, compare=False)

    def blurred(self) -> "Outcome":
        """The same, without what make leaves to chance when a signal takes it and its recipe at the same time."""
        out, err = (_INNER_ENDS.sub(b"", _MAKE_ENDS.sub(rb"\1 ended", text)) for text in (self.out, self.err))
        return replace(self, status=2 if self.status else 0, out=out, err=err)

    def differences(self, other: "Outcome") -> list[str]:
        """Every difference, a line each."""
        lines = []
        for name in ("status", "out", "err"):
            plain, wrapped = getattr(self, name), getattr(other, name)
            if plain != wrapped:
                lines.append(f"{name}: plain {plain!r}, wrapped {wrapped!r}")
        lines += _uneven("file", self.files, other.files)
        for place in sorted(self.seen.keys() | other.seen.keys()):
            lines += _uneven(f"seen by {place}:", self.seen.get(place, {}), other.seen.get(place, {}))
        return lines


class Comparison:
    """A folder in which cases run under one make; each state of consent is prepared once, when it is needed."""

    def __init__(self, root: Path, make: str) -> None:
        self.root = root
        self.make = make
        self.project = root / "project"
        self.seen = root / "seen"
        (root / "home").mkdir(parents=True)
        self.environ = clean_environment(root / "home")
        self.environ["PATH"] = f"{self._tools()}:/usr/bin:/bin"
        (root / ".devtel.toml").write_text(
            f'organisation = "Acme"\nproject = "shop"\nreport_url = "{URL}"\ntargets = ["wait", "see"]\n'
        )
        self._make_repository()
        self._prepared: set[str] = set()

    def plain(self, case: Case, state: str) -> Outcome:
        """Run the case without devtel."""
        return self._run(case, state, wrapped=False)

    def wrapped(self, case: Case, state: str) -> Outcome:
        """Run the case through devtel."""
        before = self._journal_size(state)
        outcome = self._run(case, state, wrapped=True)
        outcome.recorded = self._journal_size(state) > before
        return outcome

    def asked(self, when: int) -> None:
        """Say when the undecided were asked last, in seconds since the epoch."""
        book = self.root / "states" / "undecided" / "invitations.json"
        book.write_text(json.dumps({"last": when, "times": {}}))

    def _tools(self) -> Path:
        tools = self.root / "tools"
        tools.mkdir()
        (tools / "make").symlink_to(self.make)
        (tools / "devtel").symlink_to(DEVTEL)
        (tools / SEE).write_text(_SEE.format(seen=self.seen))
        (tools / SEE).chmod(0o755)
        (tools / TAKEN).write_text(_TAKEN)
        (tools / TAKEN).chmod(0o755)
        return tools

    def _make_repository(self) -> None:
        (self.root / ".gitignore").write_text("*\n")
        author = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        for words in (["init", "-q"], ["add", "-f", ".gitignore"], [*author, "commit", "-qm", "first"]):
            subprocess.run(["git", *words], cwd=self.root, env=self.environ, check=True)

    def _prepare(self, state: str) -> None:
        folder = self.root / "states" / state
        folder.mkdir(parents=True, exist_ok=True)
        answer = {"granted": "grant", "local": "local", "declined": "decline", "off": "grant", "damaged": "grant"}
        if state in answer:
            environ = {**self.environ, "DEVTEL_HOME": str(folder)}
            words = [DEVTEL, "consent", answer[state]]
            subprocess.run(words, cwd=self.root, env=environ, check=True, capture_output=True)
        if state == "damaged":
            (folder / "config.toml").write_text("[consent\n")
        if state == "undecided":
            self.asked(int(time.time()))  # a moment ago: the question has a test of its own

    def _journal_size(self, state: str) -> int:
        return sum(file.stat().st_size for file in (self.root / "states" / state).glob("journal/*/*/*.jsonl"))

    def _run(self, case: Case, state: str, *, wrapped: bool) -> Outcome:
        self._clean(case, state, wrapped=wrapped)
        environ = {os.fsencode(name): os.fsencode(value) for name, value in self.environ.items()}
        environ[b"PROJECT"] = os.fsencode(self.project)
        if state == "off":
            environ[b"DEVTEL_DISABLED"] = b"1"
        for name, value in case.environ.items():
            environ[os.fsencode(name)] = os.fsencode(value)
        for name in case.unset:
            environ.pop(os.fsencode(name), None)
        command = ["/bin/sh", "-c", case.script, "sh", *case.goals]
        started = _OnTerminal if case.terminal else _Away
        try:
            with started(command, self.project, environ, case) as process:
                for step in case.steps:
                    process.reach(step)
                status = process.end()
            wait_for(lambda: not _at_work(self.root), PATIENCE)
        except BaseException:
            for left in _at_work(self.root):
                os.kill(left, signal.SIGKILL)
            raise
        out, err = process.output()
        outcome = Outcome(status, out, err, dict(self._files(case)), {})
        self._look(outcome, process.pid)
        outcome.echo = out
        if wrapped:
            outcome.out, outcome.err = _as_plain_echo(outcome.out), _as_plain_echo(outcome.err)
        return outcome

    def _clean(self, case: Case, state: str, *, wrapped: bool) -> None:
        if state not in self._prepared:
            self._prepare(state)
            self._prepared.add(state)
        for folder in (self.project, self.seen):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        home = self.root / "home" / "devtel"
        home.unlink(missing_ok=True)
        home.symlink_to(self.root / "states" / state)
        for name, text in {**case.files, **self._makefiles(case, wrapped=wrapped)}.items():
            file = self.project / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            file.chmod(0o755)

    def _makefiles(self, case: Case, *, wrapped: bool) -> dict[str, str]:
        return {case.file: case.text(wrapped=wrapped)}

    def _files(self, case: Case) -> Iterator[tuple[str, tuple[str, bytes]]]:
        for folder in (self.project, self.root / "home"):
            for path in sorted(folder.rglob("*")):
                name = str(path.relative_to(self.root))
                if path.name in (Path(case.file).name, templates.EVERY_TARGET) or name == "home/devtel":
                    continue
                content = path.read_bytes() if path.is_file() else b""
                yield name, (oct(path.lstat().st_mode), _without_chance(content))

    def _look(self, outcome: Outcome, pid: int) -> None:
        for place in sorted(self.seen.iterdir()):
            read = {file.name: file.read_bytes() for file in place.iterdir()}
            entries = _without_chance(read["environ"]).split(b"\0")
            own = [entry for entry in entries if re.fullmatch(rb"DEVTEL_RUN=[0-9a-f]{16}:[^\n]*", entry)]
            outcome.announced += len(own)
            outcome.seen[place.name] = {
                "environment": [entry for entry in entries if entry not in own],
                "limits, oom_score_adj and timer slack": read["limits"],
                "group, session and nice value": _kinship(read["stat"], pid),
                **{line.group(1).decode(): line.group(0) for line in _STATUS.finditer(_without_own(read["status"]))},
                **_descriptors(read["fd"], read["fdinfo"]),
            }


class EveryTargetWorkshop(Comparison):
    """The same with the bare Makefile: plain is that file alone, wrapped has devtel's GNUmakefile beside it."""

    def __init__(self, root: Path, make: str, engine: str) -> None:
        self._engine = engine
        super().__init__(root, make)

    def _prepare(self, state: str) -> None:
        self._gnumakefile = templates.render(templates.EVERY_TARGET, destination.parse(URL))
        (self.root / templates.EVERY_TARGET).write_text(self._gnumakefile)
        folder = self.root / "states" / state
        folder.mkdir(parents=True)
        if state != "undecided":
            (folder / "config.toml").write_text(f'engine = "{self._engine}"\n')
        super()._prepare(state)

    def _makefiles(self, case: Case, *, wrapped: bool) -> dict[str, str]:
        beside = {str(Path(case.file).with_name(templates.EVERY_TARGET)): self._gnumakefile} if wrapped else {}
        return {case.file: case.bare(), **beside}


class PluginWorkshop(EveryTargetWorkshop):
    """The same where make loads devtel's plug-in."""

    def __init__(self, root: Path, make: str) -> None:
        super().__init__(root, make, "plugin")

    def _prepare(self, state: str) -> None:
        super()._prepare(state)
        if state in RECORDING:
            assert "devtel_plugin" in (self.root / "states" / state / "start.mk").read_text()

    def _run(self, case: Case, state: str, *, wrapped: bool) -> Outcome:
        outcome = super()._run(case, state, wrapped=wrapped)
        # Nobody waits for the recorder, and the next run moves its folders.
        wait_for(lambda: not has_recorder(self.root), PATIENCE)
        return outcome


def _at_work(folder: Path) -> list[int]:
    """The processes that work in the folder. After every run, so faster than support's."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208
        with suppress(OSError):
            if os.readlink(f"/proc/{name}/cwd").startswith(f"{folder}/"):  # noqa: PTH115
                found.append(int(name))
    return found


def _blocks(process: int, number: int) -> bool:
    """Whether the process holds the signal back, as devtel does for a moment while it starts make."""
    mask = re.search(r"SigBlk:\t(\w+)", Path(f"/proc/{process}/status").read_text())
    return bool(mask and int(mask[1], 16) >> (number - 1) & 1)


class _Process:
    """A started case."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self._process = process
        self._folder = folder
        self._heard = 0
        self.pid = process.pid
        self._end = os.pidfd_open(self.pid)  # readable when it has ended

    def __enter__(self) -> "_Process":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()
        os.close(self._end)

    def reach(self, step: Step) -> None:
        """Wait for the step's file or text, then do what it says."""
        if step.after:
            self._until((self._folder / step.after).exists, f"{step.after} did not come")
        if step.said:
            self._until(lambda: step.said in self._said()[self._heard :], f"{step.said!r} was not said")
            self._heard = self._said().index(step.said, self._heard) + len(step.said)
        if step.types or step.resizes or step.hangs_up:
            self._handle(step)
        for number in step.signals:
            self._signal(number, step.to)
        if step.makes:
            (self._folder / step.makes).touch()

    def end(self) -> int:
        """Wait for the end."""
        self._until(lambda: self._process.poll() is not None, "it does not end")
        return self._process.returncode

    def _signal(self, number: int, to: str) -> None:
        if to == "group":
            os.killpg(self.pid, number)
        elif to == "make":
            os.kill(self.pid, number)
        else:  # what stands between the outer make and the implementation: make where plain, devtel where wrapped
            (between,) = psutil.Process(self.pid).children()
            self._until(lambda: not _blocks(between.pid, number), "it blocks the signal")
            between.send_signal(number)

    def _until(self, condition: Callable[[], bool], complaint: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"{complaint}; so far: {self._said()!r}"
            self._tick()
            self._pass_time()

    def _tick(self) -> None:
        """Write an empty line to who waits at `hold`: what waits in the shell's own `read` looks for signals then."""
        with suppress(OSError):  # nobody waits
            hold = os.open(self._folder / "hold", os.O_WRONLY | os.O_NONBLOCK)
            with suppress(OSError):
                os.write(hold, b"\n")
            os.close(hold)

    def _pass_time(self) -> None:
        if select.select([self._end], [], [], 0.002)[0]:
            time.sleep(0.001)

    def _said(self) -> bytes:
        return b""

    def _handle(self, step: Step) -> None:
        raise NotImplementedError


class _Away(_Process):
    """Away from a terminal: output goes to files, so that nobody has to read along."""

    def __init__(self, command: list[str], folder: Path, environ: dict[bytes, bytes], case: Case) -> None:
        self._out, self._err = folder.parent / "stdout", folder.parent / "stderr"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environ,
                stdin=subprocess.PIPE if case.stdin else subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        super().__init__(process, folder)
        if process.stdin:
            try:
                process.stdin.write(case.stdin)
                process.stdin.close()
            except BrokenPipeError:
                pass

    def output(self) -> tuple[bytes, bytes]:
        """(standard output, standard error)."""
        return _without_chance(self._out.read_bytes()), _without_chance(self._err.read_bytes())


class _OnTerminal(_Process):
    """On a terminal of its own, 97 columns wide."""

    def __init__(self, command: list[str], folder: Path, environ: dict[bytes, bytes], _case: Case) -> None:
        self._master, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 31, 97, 0, 0))
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environ,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  no threads here
        )
        os.close(terminal)
        os.set_blocking(self._master, False)
        self._text = bytearray()
        super().__init__(process, folder)

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        while self._read():
            pass
        if self._master >= 0:
            os.close(self._master)

    def output(self) -> tuple[bytes, bytes]:
        """(what the terminal showed, nothing)."""
        return _without_chance(self._said()), b""

    def _said(self) -> bytes:
        return bytes(self._text)

    def _handle(self, step: Step) -> None:
        if step.types:
            os.write(self._master, step.types)
        if step.resizes:
            fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 90, 0, 0))
        if step.hangs_up:
            while self._read():  # what was said until now: closing would lose it
                pass
            os.close(self._master)
            self._master = -1

    def _pass_time(self) -> None:
        watched = [self._end, self._master] if self._master >= 0 else [self._end]
        if self._master not in select.select(watched, [], [], 0.002)[0] or not self._read():
            time.sleep(0.001)

    def _read(self) -> bool:
        try:
            chunk = os.read(self._master, 65536)
        except OSError:  # nothing is there (EAGAIN), or nobody has it open any more (EIO)
            return False
        self._text += chunk
        return bool(chunk)


def _uneven(what: str, plain: dict[str, object], wrapped: dict[str, object]) -> list[str]:
    names = sorted(plain.keys() | wrapped.keys())
    return [
        f"{what} {name}: plain {plain.get(name)!r}, wrapped {wrapped.get(name)!r}"
        for name in names
        if plain.get(name) != wrapped.get(name)
    ]


def _without_chance(text: bytes) -> bytes:
    for pattern, constant in _CHANCE:
        text = pattern.sub(constant, text)
    return text


def _as_plain_echo(text: bytes) -> bytes:
    """make's echo of our recipe (-n, --trace) as that of the plain recipe: the one line that differs by nature."""

    def plain(match: re.Match[bytes]) -> bytes:
        make, file, target = match.groups()
        return b"%s --no-print-directory%s 'impl-%s'" % (make, b" -f " + file if file else b"", target)

    return _WRAPPED_ECHO.sub(plain, text)


def _without_own(status: bytes) -> bytes:
    """The status without the two signals that the C library keeps for itself: its posix_spawn leaves them ignored."""

    def masked(match: re.Match[bytes]) -> bytes:
        return b"SigIgn:\t%016x" % (int(match[1], 16) & ~OWN_SIGNALS)

    return re.sub(rb"SigIgn:\t(\w+)", masked, status)


def _kinship(stat: bytes, pid: int) -> list[object]:
    fields = stat.rpartition(b")")[2].split()
    group, session, nice = (int(fields[index]) for index in (2, 3, 16))
    return ["make's" if group == pid else "another", "make's" if session == pid else "another", nice]


def _descriptors(listing: bytes, details: bytes) -> dict[str, object]:
    """What each descriptor is, its flags, and how far it was read."""
    links = dict(re.findall(rb" (\d+) -> (.*)", _without_chance(listing)))
    about = {}
    entries = re.findall(rb"/(\d+):pos:\t(\d+)\n\S+:flags:\t(\d+)", details)
    for number, position, flags in entries:
        is_read = int(flags, 8) & os.O_ACCMODE != os.O_WRONLY
        about[number] = (flags, position if is_read else b"")
    return {f"descriptor {number.decode()}": (link, about.get(number)) for number, link in links.items()}
