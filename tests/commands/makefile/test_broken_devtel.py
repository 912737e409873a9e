"""A devtel that cannot run is no devtel: in each case the build is that of the bare Makefile."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.developer import Developer
from tests.helpers.installation import Installation

MAKEFILE = "DEVTEL_TARGETS := hello\ninclude devtel.mk\nimpl-hello: ; @echo hello\n"
PLAIN = ("hello\n", "", 0)


@pytest.fixture(params=["devtel.mk", "GNUmakefile"])
def project(request: pytest.FixtureRequest, developer: Developer) -> Developer:
    """A developer whose calls each of the two files measures, below the wrapper."""
    developer.state.mkdir()
    developer.config.write_text('engine = "wrapper"\n')
    if request.param == "devtel.mk":
        (developer.project / "Makefile").write_text(MAKEFILE)
        developer.devtel("makefile")
    else:
        (developer.project / "Makefile").write_text("hello: ; @echo hello\n")
        developer.devtel("makefile", "--every-target")
    return developer


@pytest.fixture
def installed(project: Developer) -> Installation:
    """A devtel in an environment of its own, the only one on PATH."""
    installation = Installation(project.folder / "installed")
    project.environ["PATH"] = f"{installation.bin}:/usr/bin:/bin"
    return installation


def build(developer: Developer) -> tuple[str, str, int]:
    done = developer.make("hello")
    return done.stdout, done.stderr, done.returncode


def agree(developer: Developer, installation: Installation) -> None:
    """Agree by the installed devtel, so that start.mk names it."""
    done = developer.run(str(installation.script), "consent", "grant")
    assert done.returncode == 0, done.stderr
    assert str(installation.python) in (developer.state / "start.mk").read_text()


def test_a_devtel_that_works_records_by_the_interpreter_that_the_agreement_names(
    project: Developer, installed: Installation
) -> None:
    agree(project, installed)
    project.environ["PATH"] = "/usr/bin:/bin"
    assert build(project) == PLAIN
    assert len(project.ends()) == 1


BREAKAGES: dict[str, Callable[[Installation], object]] = {
    "the interpreter is gone after an upgrade": lambda it: it.python.unlink(),
    "the interpreter is a dangling link": lambda it: (it.python.unlink(), it.python.symlink_to("/nonexistent/python3")),
    "the package is gone": lambda it: shutil.rmtree(it.package),
    "the environment is gone": lambda it: shutil.rmtree(it.folder),
}


@pytest.mark.parametrize("breakage", BREAKAGES.values(), ids=list(BREAKAGES))
def test_after_an_agreement_a_broken_installation_leaves_the_build_alone(
    project: Developer, installed: Installation, breakage: Callable[[Installation], object]
) -> None:
    agree(project, installed)
    breakage(installed)
    assert build(project) == PLAIN
    assert project.ends() == []


def test_without_the_start_file_the_build_is_left_alone(project: Developer, installed: Installation) -> None:
    agree(project, installed)
    (project.state / "start.mk").unlink()
    project.environ["PATH"] = "/usr/bin:/bin"
    assert build(project) == PLAIN


def test_a_later_command_of_a_devtel_that_works_renews_what_builds_start(
    project: Developer, installed: Installation
) -> None:
    agree(project, installed)
    shutil.rmtree(installed.folder)
    assert project.devtel("status").returncode == 0
    assert build(project) == PLAIN
    assert len(project.ends()) == 1


@pytest.mark.parametrize(
    "name",
    ["PYTHONPATH", "PYTHONHOME", "PYTHONPYCACHEPREFIX", "PYTHONPROFILEIMPORTTIME", "PYTHONVERBOSE", "PYTHONINSPECT"],
)
def test_variables_for_python_do_not_reach_a_recorded_build(project: Developer, name: str) -> None:
    (project.project / "sitecustomize.py").write_text("print('customized')\n")
    (project.project / "select.py").write_text("print('shadowed')\n")
    project.devtel("consent", "grant")
    project.environ[name] = "."
    assert build(project) == PLAIN
    assert len(project.ends()) == 1


def script(folder: Path, text: str, mode: int = 0o755) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "devtel").write_text(text)
    (folder / "devtel").chmod(mode)
    return folder


SHIM = "#!/bin/sh\necho 'pyenv: devtel: command not found' >&2\nexit 127\n"
ON_PATH: dict[str, Callable[[Path], Path]] = {
    "a shim of another version": lambda it: script(it / "shims", SHIM),
    "a file without execute bit": lambda it: script(it / "bin", "text", 0o644),
    "a folder named devtel": lambda it: (it / "bin" / "devtel").mkdir(parents=True) or it / "bin",  # type: ignore[func-returns-value]
    "a dangling link": lambda it: (it / "bin").mkdir() or (it / "bin/devtel").symlink_to("/nonexistent") or it / "bin",  # type: ignore[func-returns-value]
    "a script whose interpreter is gone": lambda it: script(it / "bin", "#!/nonexistent/python3\n"),
}


@pytest.mark.parametrize("make_folder", ON_PATH.values(), ids=list(ON_PATH))
def test_before_a_decision_a_broken_devtel_on_path_leaves_the_build_alone_and_a_later_one_is_found(
    project: Developer, installed: Installation, make_folder: Callable[[Path], Path], tmp_path: Path
) -> None:
    broken = make_folder(tmp_path)
    project.environ["MAKE_TERMERR"] = "/dev/tty"  # as make sets it where stderr is a terminal
    for path in (f"{broken}:/usr/bin:/bin", f"{broken}:{installed.bin}:/usr/bin:/bin"):
        project.environ["PATH"] = path
        assert build(project) == PLAIN
    traced = project.make("--trace", "hello").stdout if (project.project / "devtel.mk").exists() else "wrap"
    assert "wrap" in traced


@pytest.mark.parametrize("breakage", BREAKAGES.values(), ids=list(BREAKAGES))
def test_before_a_decision_a_broken_installation_on_path_leaves_the_build_alone(
    project: Developer, installed: Installation, breakage: Callable[[Installation], object]
) -> None:
    breakage(installed)
    project.environ["MAKE_TERMERR"] = "/dev/tty"
    assert build(project) == PLAIN


def test_a_folder_with_a_space_on_path_is_never_searched(project: Developer) -> None:
    spaced = Installation(project.folder / "a space")
    project.environ |= {"PATH": f"{spaced.bin}:/usr/bin:/bin", "MAKE_TERMERR": "/dev/tty"}
    assert build(project) == PLAIN


def test_an_interpreter_with_a_space_in_its_path_records_nothing_and_leaves_no_start_file(project: Developer) -> None:
    spaced = Installation(project.folder / "a space")
    assert project.run(str(spaced.python), "-m", "devtelemetry_cli", "consent", "grant").returncode == 0
    assert not (project.state / "start.mk").exists()
    project.environ["PATH"] = "/usr/bin:/bin"
    assert build(project) == PLAIN
