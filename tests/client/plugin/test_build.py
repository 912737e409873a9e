"""The plug-in is built with the machine's own compiler, tried in each make, and kept only for those that passed."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from devtelemetry_cli.client.plugin import approval, build, trial
from devtelemetry_cli.client.plugin.approval import Approval
from tests.helpers.makes import MAKES

SYSTEM = MAKES["4.3"] or MAKES["4.4.1"]


class Machine:
    """A state folder, and a PATH with what a test puts there."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder / "state" / "plugin"
        self.tools = folder / "tools"
        self.tools.mkdir()
        self.link("cc")
        self.link("as")
        self.link("ld")
        monkeypatch.setenv("PATH", str(self.tools))
        if SYSTEM:
            self.install("make", SYSTEM)

    def link(self, name: str) -> None:
        program = shutil.which(name)
        assert program
        (self.tools / name).symlink_to(program)

    def install(self, name: str, make: str) -> Path:
        """Put a copy of a make on the PATH."""
        (self.tools / name).unlink(missing_ok=True)
        return Path(shutil.copy2(make, self.tools / name))

    def script(self, name: str, text: str) -> None:
        """Put a script on the PATH."""
        (self.tools / name).unlink(missing_ok=True)
        (self.tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (self.tools / name).chmod(0o755)

    def ensure(self) -> Approval:
        return build.ensure(self.folder, {"PATH": str(self.tools)})

    def libraries(self) -> list[Path]:
        return sorted(self.folder.glob("*.so"))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    if SYSTEM is None:
        pytest.skip("no make here")
    return Machine(tmp_path, monkeypatch)


def test_it_is_built_and_approved_for_the_make_at_hand(machine: Machine) -> None:
    result = machine.ensure()
    (make,) = result.makes
    assert (result.refusal, make.refusal, make.program) == ("", "", str(machine.tools / "make"))
    assert make.version in MAKES
    variables = approval.make_variables(machine.folder, result)
    assert variables["devtel_plugin"] == str(machine.libraries()[0])
    assert variables["devtel_makes"] == f"|{make.version}|{make.program}|{approval.stamp(make.program)}|"


def test_only_its_owner_may_read_it(machine: Machine) -> None:
    machine.ensure()
    assert stat.S_IMODE(machine.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in machine.folder.iterdir()} == {0o600}
    assert len(list(machine.folder.iterdir())) == 2


def test_nothing_is_run_where_nothing_has_changed(machine: Machine) -> None:
    first = machine.ensure()
    before = {file: file.stat().st_mtime_ns for file in machine.folder.iterdir()}
    machine.script("cc2", "exit 1")
    assert machine.ensure() == first
    assert {file: file.stat().st_mtime_ns for file in machine.folder.iterdir()} == before


def test_a_make_that_changed_is_tried_again(machine: Machine) -> None:
    machine.ensure()
    machine.script("make", "exit 0")
    result = machine.ensure()
    assert [make.refusal for make in result.makes] == ["it does not say which program it is"]
    assert result.refusal == "no make at hand can load it"
    assert approval.make_variables(machine.folder, result) == {}


def test_a_make_that_was_updated_is_approved_with_its_new_stamp(machine: Machine) -> None:
    old = machine.ensure().makes[0].program_stamp
    os.utime(machine.tools / "make", ns=(1, 10**18 + 1))
    new = machine.ensure().makes[0].program_stamp
    assert new != old
    assert new.endswith(":1000000000.000000001")


def test_a_second_make_is_approved_beside_the_first(machine: Machine) -> None:
    machine.ensure()
    machine.install("gmake", str(SYSTEM))
    assert [make.refusal for make in machine.ensure().makes] == ["", ""]
    (machine.tools / "make").unlink()
    assert [Path(make.command).name for make in machine.ensure().makes] == ["gmake"]


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("exit 0", "it does not say which program it is"),
        ("echo '4.3|/bin/sh|'", "it cannot load plug-ins"),
        ("echo '4.3|/bin/sh|load'; exit 2", "it did not load the plug-in (it ended with 2)"),
        ("echo '4.3|/bin/sh|load'; kill -11 $$", "it did not load the plug-in (it ended with -11)"),
        ("case $2 in probe.mk) echo '4|/bin/sh|load';; *) echo recipe; exit 2;; esac", "the end of a trial call"),
        ("printf '\\377'", "the trial failed"),
    ],
)
def test_a_make_that_fails_its_trial_is_never_approved(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, text: str, refusal: str
) -> None:
    monkeypatch.setattr(trial, "_PATIENCE", 2.0)  # instead of 10 s
    machine.script("make", text)
    result = machine.ensure()
    assert result.makes[0].refusal.startswith(refusal)
    assert approval.make_variables(machine.folder, result) == {}


def test_without_a_compiler_there_is_no_plug_in(machine: Machine) -> None:
    machine.ensure()
    (machine.tools / "cc").unlink()
    assert machine.ensure().refusal == "there is no C compiler (cc)"
    assert machine.libraries() == []


def test_a_compiler_that_fails_is_asked_once(machine: Machine) -> None:
    machine.script("cc", f"echo run >> {machine.tools}/runs; echo 'devtel.c:3: error: no header' >&2; exit 1")
    assert machine.ensure().refusal == "cc cannot build it: devtel.c:3: error: no header"
    assert machine.ensure().refusal == "cc cannot build it: devtel.c:3: error: no header"
    assert (machine.tools / "runs").read_text() == "run\n"
    assert machine.libraries() == []


def test_a_compiler_that_was_updated_builds_anew(machine: Machine) -> None:
    machine.ensure()
    old = machine.libraries()
    program = (machine.tools / "cc").resolve()
    machine.script("cc", f'exec {program} "$@"')
    result = machine.ensure()
    assert result.refusal == ""
    assert len(machine.libraries()) == 1
    assert machine.libraries() != old


def test_a_damaged_library_is_built_anew(machine: Machine) -> None:
    machine.ensure()
    machine.libraries()[0].write_bytes(b"\x7fELF of another machine")
    assert machine.ensure().refusal == ""
    assert machine.libraries()[0].stat().st_size > 10_000


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"makes": 3}', '{"source": 1, "digest": "", "makes": [], "refusal": ""}']
)
def test_a_damaged_approval_counts_as_none(machine: Machine, text: str) -> None:
    machine.ensure()
    (machine.folder / approval.FILE).write_text(text)
    assert approval.read(machine.folder) == Approval()
    assert machine.ensure().refusal == ""


@pytest.mark.parametrize("name", ["with blank", "with%", "with$", "with#", "with:", "wüth"])
def test_a_folder_that_make_cannot_name_has_no_plug_in(machine: Machine, name: str) -> None:
    machine.folder = machine.folder.parent / name / "plugin"
    assert machine.ensure().refusal == f"make cannot name a file in {machine.folder}"
    assert machine.libraries() == []


def test_other_systems_have_no_plug_in(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert machine.ensure().refusal == "it needs Linux"


def test_removing_it_leaves_nothing(machine: Machine) -> None:
    machine.ensure()
    build.remove(machine.folder)
    build.remove(machine.folder)
    assert not machine.folder.exists()


def test_a_folder_that_cannot_be_written_is_an_error_of_the_system(machine: Machine) -> None:
    machine.folder.parent.mkdir(parents=True)
    machine.folder.write_text("a file")
    with pytest.raises(OSError, match=r"plugin"):
        machine.ensure()
