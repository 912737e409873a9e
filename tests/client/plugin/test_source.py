"""The plug-in's source: small, plain C99, and clean under a compiler's warnings, sanitizers and valgrind."""

import copy
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devtelemetry_cli.client.plugin import build
from devtelemetry_cli.client.plugin.approval import stamp
from tests.helpers.developer import wait_for
from tests.helpers.plugin_project import RECORDER, SOURCE, WARNINGS, PluginProject

HOST = Path(__file__).with_name("host.c")
# The sanitizer's own vfork cannot be nested: it keeps the place to return to in one variable.
SANITIZERS = [
    "-Dvfork=fork",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
    "-fno-omit-frame-pointer",
    "-g",
]
VALGRIND = ["valgrind", "--quiet", "--error-exitcode=90", "--child-silent-after-fork=yes"]
HANGS = "import signal, time; signal.alarm(5); time.sleep(9)"
needs_valgrind = pytest.mark.skipif(not shutil.which("valgrind"), reason="no valgrind here")
MODES = ["plain", "twice", "unload", "fork", "full"]


class Host:
    """The test's own host of the plug-in, with a recorder that writes down what arrives."""

    def __init__(self, folder: Path, flags: list[str], exported: bool = True) -> None:
        self.folder = folder
        self.program, self.library = folder / "host", folder / "plugin.so"
        subprocess.run(build.command("cc", SOURCE, self.library, *WARNINGS, *flags), check=True)
        export = ["-rdynamic"] if exported else []
        subprocess.run(["cc", "-std=c99", *WARNINGS, *flags, *export, "-o", self.program, HOST, "-ldl"], check=True)
        self.recorder = folder / "recorder.py"
        self.recorder.write_text(RECORDER)

    def copied(self, folder: Path) -> "Host":
        """The same in another folder, without what arrived here."""
        other = copy.copy(self)
        other.folder = folder
        other.program, other.library = (Path(shutil.copy2(file, folder)) for file in (self.program, self.library))
        other.recorder = folder / "recorder.py"
        other.recorder.write_text(RECORDER)
        return other

    def run(self, mode: str, status: int, *before: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*before, str(self.program), str(self.library), mode, str(status)],
            env={
                "PATH": os.environ["PATH"],
                "devtel_makes": f"|1|{self.program}|{stamp(self.program)}|",
                "devtel_plugin": str(self.library),
                "devtel_python": sys.executable,
                "devtel_main": str(self.recorder),
                "MAKECMDGOALS": "goal",
                **variables,
            },
            capture_output=True, text=True, check=False, timeout=50,
        )  # fmt: skip

    def events(self) -> list[dict[str, object]]:
        log = self.folder / "recorder.py.log"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory: pytest.TempPathFactory) -> Host:
    try:
        return Host(tmp_path_factory.mktemp("sanitized"), SANITIZERS)
    except subprocess.CalledProcessError:
        pytest.skip("cc has no sanitizers here")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Host:
    return Host(tmp_path_factory.mktemp("compiled"), [])


@pytest.fixture
def host(compiled: Host, tmp_path: Path) -> Host:
    return compiled.copied(tmp_path)


def test_the_source_has_less_than_200_lines_of_at_most_120_characters() -> None:
    lines = SOURCE.read_text().splitlines()
    assert len(lines) < 200
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("level", ["-O0", "-O2", "-O3"])
def test_it_compiles_without_a_warning(tmp_path: Path, compiler: str, level: str) -> None:
    if not shutil.which(compiler):
        pytest.skip(f"no {compiler} here")
    command = build.command(compiler, SOURCE, tmp_path / "x.so", *WARNINGS, level)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_library_stays_loaded_and_brings_no_other_into_make(library: Path) -> None:
    dynamic = subprocess.run(["readelf", "-dW", library], capture_output=True, text=True, check=True).stdout
    assert "NODELETE" in dynamic
    assert "NOW" in dynamic
    assert "NEEDED" not in dynamic


def test_a_program_without_the_functions_of_make_is_left_alone(tmp_path: Path) -> None:
    hidden = Host(tmp_path, [], exported=False)
    assert hidden.run("plain", 3).returncode == 3
    time.sleep(0.3)
    assert hidden.events() == []


@pytest.mark.parametrize("mode", MODES)
def test_it_is_clean_under_sanitizers(sanitized: Host, mode: str) -> None:
    sanitized.recorder.write_text(HANGS if mode == "full" else RECORDER)
    already = len(sanitized.events())
    done = sanitized.run(mode, 3)
    assert (done.returncode, done.stderr) == (3, "")
    if mode != "full":
        wait_for(lambda: len(sanitized.events()) == already + 2)
        assert sanitized.events()[-1]["event"] == "end"


@needs_valgrind
@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_it_is_clean_under_valgrind(host: Host, mode: str) -> None:
    host.recorder.write_text(HANGS if mode == "full" else RECORDER)
    done = host.run(mode, 3, *VALGRIND, "--leak-check=full")
    assert (done.returncode, done.stderr) == (3, "")
    if mode != "full":
        wait_for(lambda: len(host.events()) == 2)


@needs_valgrind
def test_make_with_the_plug_in_says_no_more_under_valgrind_than_without(project: PluginProject) -> None:
    project.write("a b:;@:\nX := $(shell echo 1)\n")
    reports = []
    for bare in (True, False):
        # Without freeres: at a child's end it sets back the place at which make goes on to read its makefile.
        command = [*VALGRIND, "--run-libc-freeres=no", *project.command("a", "b", "-j2", bare=bare)]
        done = subprocess.run(
            command, cwd=project.folder, env=project.environ(), capture_output=True, text=True, check=False
        )
        reports.append((done.returncode, re.sub("==[0-9]+==", "====", done.stderr)))
    assert "devtel" not in reports[1][1]
    assert reports[0] == reports[1]
    wait_for(lambda: len(project.events()) == 2)


def test_a_full_socket_holds_nobody_up(host: Host) -> None:
    """A recorder that hangs takes nothing from its socket, which is full after some messages."""
    host.recorder.write_text(HANGS)
    began = time.monotonic()
    assert host.run("full", 3).returncode == 3
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("makes", ["", "|host|1|1:1.000000000|", "|host|1|"])
def test_a_program_that_was_not_tried_is_left_to_the_wrapper(host: Host, makes: str) -> None:
    assert host.run("untried", 3, devtel_makes=makes).returncode == 3
    time.sleep(0.3)
    assert host.events() == []


@pytest.mark.parametrize(
    "call",
    [
        'ln -s "$0" "$0-link" && exec "$0-link" "$@"',
        'cd "$(dirname "$0")" && exec "./$(basename "$0")" "$@"',
        'exec -a another-name "$0" "$@"',
    ],
)
def test_a_program_that_was_tried_is_known_however_it_is_called(host: Host, call: str) -> None:
    assert host.run("plain", 3, "bash", "-c", call).returncode == 3
    wait_for(lambda: len(host.events()) == 2)


def test_an_address_that_is_taken_starts_no_recorder(host: Host) -> None:
    assert host.run("taken", 3).returncode == 3
    time.sleep(0.3)
    assert host.events() == []


@pytest.mark.parametrize("variable", ["devtel_python", "devtel_main", "devtel_makes", "devtel_plugin"])
@pytest.mark.parametrize("value", ["", "/nonexistent", "/", "/dev/null", "x" * 100_000])
def test_no_value_of_a_variable_changes_the_end(host: Host, variable: str, value: str) -> None:
    assert host.run("plain", 3, **{variable: value}).returncode == 3
