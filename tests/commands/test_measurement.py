"""How calls of make are measured in a folder: the file, the make, the engine, or the reason why they are not."""

import shutil
import sys
import time
from contextlib import chdir
from dataclasses import asdict
from pathlib import Path

import pytest

from devtelemetry_cli import consent
from devtelemetry_cli.cli import current
from devtelemetry_cli.client.consent import decisions
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.client.plugin import approval
from devtelemetry_cli.client.plugin.approval import Approval, Make, stamp
from devtelemetry_cli.commands import measurement
from devtelemetry_cli.commands.makefile import every_target, templates
from devtelemetry_cli.commands.measurement import Measurement
from tests.helpers.developer import Developer
from tests.helpers.doctor_env import findings

MAKE = f"{shutil.which('make')}"


@pytest.fixture
def repository(developer: Developer) -> Developer:
    """A repository in which every target is measured, by the wrapper."""
    (developer.project / "Makefile").write_text("all: ; @echo all\n")
    (developer.project / templates.EVERY_TARGET).write_text(templates.render(templates.EVERY_TARGET, None))
    developer.state.mkdir()
    developer.config.write_text('engine = "wrapper"\n')
    return developer


def here(developer: Developer, folder: str = ".") -> Measurement:
    """How the developer's make is measured."""
    with chdir(developer.project / folder):
        context = Context.load(developer.environ, every_target=every_target.applies(Path()))
        status, user = consent.judge(context, time.time()), decisions.read(context.config)
        return measurement.here(context, status, user, time.time())


def use_make(developer: Developer, version: str) -> str:
    """Put a make in front that prints this version."""
    script = developer.folder / "bin" / "make"
    script.write_text(f"#!/bin/sh\necho '{version}'\n")
    script.chmod(0o755)
    return str(script)


def test_without_a_file_of_devtel_nothing_is_measured(developer: Developer) -> None:
    (developer.project / "GNUmakefile").write_text("all: ; @echo the repository's own\n")
    assert asdict(here(developer)) == asdict(Measurement(reason="no GNUmakefile or devtel.mk of devtel is here"))


def test_the_file_is_found_above_a_folder_in_its_repository(repository: Developer) -> None:
    (repository.project / ".git").mkdir()
    (repository.project / "sub").mkdir()
    assert here(repository, "sub").file == str(repository.project.resolve() / "GNUmakefile")


def test_the_wrapper_is_named_with_the_reason_against_the_plug_in(repository: Developer) -> None:
    repository.grant(every_target=True)
    found = here(repository)
    assert (found.scope, found.make, found.engine) == ("every target", MAKE, "wrapper")
    assert str(found) == (
        f'{MAKE} {found.make_version}, by the wrapper, not the plug-in ({repository.config} has engine = "wrapper")'
    )


@pytest.mark.skipif(sys.platform != "linux", reason="the plug-in needs Linux")
def test_a_make_that_loads_the_plug_in_is_measured_by_it(repository: Developer) -> None:
    repository.config.write_text("")
    repository.grant(every_target=True)
    tried = Make(MAKE, stamp(MAKE), MAKE, "4.3", stamp(MAKE))
    folder = Path(repository.context.state.plugin)
    folder.mkdir(exist_ok=True)
    approval.write(folder, Approval(makes=(tried,)))
    assert str(here(repository)).endswith(", by the plug-in")


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("GNU Make 9.9", "make 9.9 is not among those tried: 3.81, 4.2.1, 4.3, 4.4.1"),
        ("bmake 2020", "no GNU make is on the PATH"),
    ],
)
def test_a_make_that_is_not_known_is_plain(repository: Developer, version: str, reason: str) -> None:
    repository.grant(every_target=True)
    make = use_make(repository, version)
    found = here(repository)
    assert (found.make, found.engine, found.reason) == (make, None, reason)


def test_chosen_targets_are_measured_in_any_gnu_make(developer: Developer) -> None:
    developer.write_devtel_mk()
    developer.grant()
    use_make(developer, "GNU Make 9.9")
    assert str(here(developer)).endswith("/make 9.9, by the wrapper")


def test_each_lasting_reason_of_a_plain_call_is_named(repository: Developer) -> None:
    assert here(repository).reason == "undecided: nothing was decided yet"
    repository.grant(every_target=True)
    repository.environ["MAKEFILES"] = "common.mk"
    assert here(repository).reason == "MAKEFILES is set"
    (repository.project / "Makefile").unlink()
    assert str(here(repository).reason).startswith("no Makefile is beside ")
    (repository.state / "start.mk").unlink()
    assert "start.mk cannot be read" in str(here(repository).reason)
    repository.environ["CI"] = "1"
    assert here(repository).reason == "off: CI is set"


def test_the_doctor_names_the_same_reason(repository: Developer) -> None:
    repository.project_file()
    repository.grant(every_target=True)
    use_make(repository, "GNU Make 9.9")
    with chdir(repository.project):
        assert current.context().every_target
    (found,) = [one for one in findings(repository, offline=True) if "9.9" in str(one["message"])]
    assert (found["level"], found["check"]) == ("note", "builds")
    assert "not measured (make 9.9 is not among those tried" in str(found["message"])
