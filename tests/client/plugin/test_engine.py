"""The plug-in from an agreement to a recorded call: when it is built and removed, and what GNUmakefile does with it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from devtelemetry_cli.client import destination
from devtelemetry_cli.commands.makefile import templates
from tests.helpers.developer import URL, Developer, wait_for
from tests.helpers.makes import MAKES, VERSIONS
from tests.helpers.plugin_project import has_recorder

TARGET = destination.parse(URL)


class Caller:
    """A developer who agreed to every target, in a project with GNUmakefile, with one make on the PATH."""

    def __init__(self, developer: Developer, make: str) -> None:
        self.developer, self.make = developer, str(Path(make).resolve())
        (developer.folder / "bin" / "make").symlink_to(self.make)
        self.file = developer.project / "GNUmakefile"
        self.start, self.plugin = developer.state / "start.mk", developer.state / "plugin"

    def agree(self) -> None:
        """Agree to every target."""
        self.developer.grant(every_target=True)
        self.renew()  # with the developer's own PATH

    def renew(self) -> None:
        """Run any command, as a developer does every now and then."""
        assert self.developer.devtel("status").returncode == 0

    def configure(self, text: str) -> None:
        """Put a line before everything in the user config."""
        self.developer.config.write_text(f"{text}\n{self.developer.config.read_text()}")

    def call(self, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        """Call make, and wait until its recorder has ended."""
        done = self.developer.run(self.make, *arguments, **options)
        wait_for(lambda: not has_recorder(self.developer.home))
        return done

    def targets(self) -> list[object]:
        """The recorded targets, in their order."""
        return [record["target"] for record in self.developer.records() if record["event"] == "start"]

    def engine(self, *arguments: str) -> str:
        """The engine of a call: "plugin", "wrapper" or "plain", by the processes that it starts."""
        trace = self.developer.folder / "trace"
        command = ["strace", "-f", "-qq", "-e", "trace=execve", "-o", str(trace), self.make, *arguments]
        self.developer.run(*command)
        wait_for(lambda: not has_recorder(self.developer.home))
        text = trace.read_text()
        return "plugin" if "record-call" in text else "wrapper" if '"wrap"' in text else "plain"


@pytest.fixture(params=VERSIONS)
def caller(developer: Developer, request: pytest.FixtureRequest) -> Caller:
    make = MAKES[request.param]
    if make is None:
        pytest.skip(f"no make {request.param} here")
    caller = Caller(developer, make)
    caller.file.write_text(templates.render(templates.EVERY_TARGET, TARGET))
    (developer.project / "Makefile").write_text("all:;@echo done\nfail:;@exit 1\n")
    return caller


@pytest.fixture
def _traced() -> None:
    if not shutil.which("strace") or subprocess.run(["strace", "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace is not usable here")


def test_an_agreement_to_every_target_builds_the_plug_in_and_calls_are_recorded(caller: Caller) -> None:
    caller.developer.grant(every_target=True, build=True)
    assert "devtel_plugin" in caller.start.read_text()
    done = caller.call()
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
    assert caller.call("fail", "all").returncode == 2
    assert caller.targets() == ["(default)", "fail+all"]
    assert [end["exit"] for end in caller.developer.ends()] == [0, 2]


@pytest.mark.usefixtures("_traced")
def test_only_the_recorder_is_started_beside_make(caller: Caller) -> None:
    caller.agree()
    assert caller.engine() == "plugin"


def test_an_agreement_to_chosen_targets_builds_nothing(caller: Caller) -> None:
    caller.developer.grant()
    caller.renew()
    assert not caller.plugin.exists()
    assert "devtel_plugin" not in caller.start.read_text()
    assert caller.call().stdout == "done\n"
    assert caller.developer.records() == []


def test_the_setting_refuses_the_plug_in(caller: Caller) -> None:
    caller.agree()
    caller.configure('engine = "wrapper"')
    caller.renew()
    assert not caller.plugin.exists()
    assert "devtel_plugin" not in caller.start.read_text()


def test_declining_removes_it(caller: Caller) -> None:
    caller.agree()
    assert caller.developer.devtel("consent", "decline").returncode == 0
    assert not caller.plugin.exists()
    assert not caller.start.exists()
    assert caller.call().stdout == "done\n"
    assert caller.developer.records() == []


def test_a_later_command_renews_what_is_stale(caller: Caller) -> None:
    caller.agree()
    (library,) = caller.plugin.glob("*.so")
    library.unlink()
    caller.renew()
    assert library.exists()


@pytest.mark.usefixtures("_traced")
@pytest.mark.parametrize("flags", [["-n"], ["-q"], ["-t"], ["-p"], ["-d"], ["-npq"], ["MAKELEVEL=1"]])
def test_calls_that_build_nothing_start_nothing(caller: Caller, flags: list[str]) -> None:
    caller.agree()
    assert caller.engine(*flags) == "plain"


@pytest.mark.usefixtures("_traced")
@pytest.mark.parametrize("change", ["version", "program", "time"])
def test_a_make_that_was_not_tried_is_never_measured_by_it(caller: Caller, change: str) -> None:
    caller.agree()
    if change == "program":
        caller.make = shutil.copy2(caller.make, caller.developer.folder / "other-make")
    elif change == "time":
        text = caller.start.read_text()
        caller.start.write_text(re.sub(r"(\|[0-9]+:)[0-9.]+\|", r"\g<1>1.000000000|", text))
    arguments = ["MAKE_VERSION=4.9"] if change == "version" else []
    assert caller.engine(*arguments) == ("plain" if change == "version" else "wrapper")


@pytest.mark.parametrize("damage", ["garbage", "folder", "empty", "another architecture", "not readable", "gone"])
def test_a_library_that_cannot_be_loaded_is_silent(caller: Caller, damage: str) -> None:
    caller.agree()
    (library,) = caller.plugin.glob("*.so")
    if damage == "another architecture":
        content = bytearray(library.read_bytes())
        content[18:20] = (243).to_bytes(2, "little")  # e_machine: RISC-V
        library.write_bytes(content)
    elif damage == "not readable":
        library.chmod(0)
    else:
        library.unlink()
        if damage == "folder":
            library.mkdir()
        elif damage != "gone":
            library.write_bytes(b"garbage" * 100 if damage == "garbage" else b"")
    done = caller.call()
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_a_rule_for_everything_makes_no_file_of_devtel(caller: Caller) -> None:
    makefile = "all:;@echo done\n%: FORCE ;@echo make $@\nFORCE:\n.DEFAULT:;@echo default $@\n"
    (caller.developer.project / "Makefile").write_text(makefile)
    bare = caller.developer.run(caller.make, "-f", "Makefile", "-B", "all", "x").stdout
    caller.agree()
    without = [line for line in bare.splitlines() if "Makefile" not in line]
    done = [line for line in caller.call("-B", "all", "x").stdout.splitlines() if "akefile" not in line]
    assert done == without


def test_a_makefile_that_leads_nowhere_is_the_error_that_it_was(caller: Caller) -> None:
    makefile = caller.developer.project / "Makefile"
    makefile.unlink()
    makefile.symlink_to("nowhere")
    caller.agree()
    measured = caller.call()
    caller.file.unlink()
    bare = caller.call()
    assert (measured.returncode, measured.stdout) == (bare.returncode, bare.stdout)
    assert measured.stderr.splitlines()[1:] == bare.stderr.splitlines()[1:]  # the first says which file wanted it


def test_nothing_of_it_is_left_in_make(caller: Caller) -> None:
    makefile = (
        "all:;@$(foreach v,$(filter devtel% DEVTEL%,$(.VARIABLES)),echo $v;)"
        " echo '$(MAKEFILE_LIST)|$(.LOADED)|$(.DEFAULT_GOAL)'; env | grep -i devtel_ | grep -v ^DEVTEL_HOME; true\n"
    )
    (caller.developer.project / "Makefile").write_text(makefile)
    bare = caller.developer.run(caller.make, "-f", "Makefile").stdout
    caller.agree()
    assert caller.call().stdout.replace("| Makefile", "|Makefile") == bare


def test_another_user_s_library_is_not_taken(caller: Caller) -> None:
    caller.agree()
    (library,) = caller.plugin.glob("*.so")
    try:
        shutil.chown(library, 65534)
    except PermissionError:
        pytest.skip("only root can give a file away")
    assert caller.call().stdout == "done\n"
    assert caller.developer.records() == []
