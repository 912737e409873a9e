"""`devtel instrument` as a maintainer meets it: shows first, writes when told, and changes nothing where it cannot."""

import os
import subprocess
from pathlib import Path

import pytest

from support import Developer

MAKEFILE = """\
.PHONY: test lint out
test: lint  ## run the tests
\t@echo testing
lint: ; @echo linting
file:
\ttouch $@
"""


@pytest.fixture
def maintainer(developer: Developer) -> Developer:
    """A maintainer whose project has a Makefile and the fragment."""
    (developer.project / "Makefile").write_text(MAKEFILE)
    assert developer.devtel("makefile").returncode == 0
    return developer


def makefile(maintainer: Developer) -> str:
    return (maintainer.project / "Makefile").read_text()


def test_it_shows_the_difference_and_changes_nothing(maintainer: Developer) -> None:
    done = maintainer.devtel("instrument", "test")
    assert done.returncode == 0
    assert "\n+\t+@$(DEVTEL)\n" in done.stdout
    assert "add --write" in done.stderr
    assert makefile(maintainer) == MAKEFILE


def test_what_it_shows_is_a_patch_that_makes_what_it_writes(maintainer: Developer) -> None:
    text = MAKEFILE.removesuffix("\n")
    (maintainer.project / "Makefile").write_text(text)
    shown = maintainer.devtel("instrument", "test", "lint").stdout
    assert maintainer.devtel("instrument", "test", "lint", "--write").returncode == 0
    written = makefile(maintainer)
    (maintainer.project / "Makefile").write_text(text)
    subprocess.run(["patch", "-s", "Makefile"], cwd=maintainer.project, input=shown, text=True, check=True)
    assert makefile(maintainer) == written


def test_written_it_is_measured_and_undone_it_is_what_it_was(maintainer: Developer) -> None:
    assert maintainer.devtel("instrument", "test", "--write").returncode == 0
    maintainer.grant()
    assert maintainer.make("test").stdout == "linting\ntesting\n"
    assert [record["target"] for record in maintainer.records() if "target" in record] == ["test"]
    assert maintainer.devtel("instrument", "--undo", "--write").returncode == 0
    assert makefile(maintainer) == MAKEFILE


def test_a_second_time_it_says_so_and_changes_nothing(maintainer: Developer) -> None:
    maintainer.devtel("instrument", "test", "--write")
    before = makefile(maintainer)
    done = maintainer.devtel("instrument", "test", "--write")
    assert (done.returncode, done.stdout) == (0, "")
    assert "already" in done.stderr
    assert makefile(maintainer) == before


def test_undoing_nothing_says_so(maintainer: Developer) -> None:
    done = maintainer.devtel("instrument", "--undo", "--write")
    assert (done.returncode, done.stdout) == (0, "")
    assert "Nothing" in done.stderr


def test_one_of_two_targets_is_undone(maintainer: Developer) -> None:
    maintainer.devtel("instrument", "test", "--write")
    one = makefile(maintainer)
    maintainer.devtel("instrument", "lint", "--write")
    assert maintainer.devtel("instrument", "--undo", "lint", "--write").returncode == 0
    assert makefile(maintainer) == one


def test_what_is_refused_is_named_with_its_line_and_the_rest_is_written(maintainer: Developer) -> None:
    done = maintainer.devtel("instrument", "file", "lint", "--write")
    assert done.returncode == 1
    assert "file is left as it is: Makefile, line 5:" in done.stderr
    assert "impl-lint" in makefile(maintainer)
    assert "impl-file" not in makefile(maintainer)


def test_an_implementation_that_is_called_by_its_name_cannot_be_undone(maintainer: Developer) -> None:
    maintainer.devtel("instrument", "test", "--write")
    with (maintainer.project / "Makefile").open("a") as file:
        file.write("all: impl-test\n")
    before = makefile(maintainer)
    done = maintainer.devtel("instrument", "--undo", "--write")
    assert done.returncode == 1
    assert "test is left" in done.stderr
    assert makefile(maintainer) == before


def test_an_unknown_target_is_a_wrong_call_with_a_guess(maintainer: Developer) -> None:
    done = maintainer.devtel("instrument", "tets", "--write")
    assert done.returncode == 2
    assert "Did you mean test?" in done.stderr
    assert makefile(maintainer) == MAKEFILE


def test_no_target_at_all_is_a_wrong_call(maintainer: Developer) -> None:
    assert maintainer.devtel("instrument").returncode == 2


def test_without_a_makefile_it_says_so(developer: Developer) -> None:
    done = developer.devtel("instrument", "test")
    assert done.returncode == 1
    assert "no Makefile" in done.stderr


def test_without_the_fragment_nothing_is_written_that_would_not_run(maintainer: Developer) -> None:
    (maintainer.project / "devtel.mk").unlink()
    done = maintainer.devtel("instrument", "test", "--write")
    assert done.returncode == 1
    assert "devtel init" in done.stderr
    assert makefile(maintainer) == MAKEFILE


def test_a_target_of_an_included_file_is_named_with_the_file_that_has_it(maintainer: Developer) -> None:
    (maintainer.project / "more.mk").write_text("deploy: ; @echo deploying\n")
    (maintainer.project / "Makefile").write_text(f"{MAKEFILE}include more.mk\n")
    done = maintainer.devtel("instrument", "deploy")
    assert done.returncode == 2
    assert "--makefile more.mk" in done.stderr


def test_a_target_of_an_included_file_is_handed_over_there(maintainer: Developer) -> None:
    (maintainer.project / "more.mk").write_text(".PHONY: deploy\ndeploy: ; @echo deploying $@\n")
    (maintainer.project / "Makefile").write_text(f"{MAKEFILE}include more.mk\n")
    assert maintainer.devtel("instrument", "deploy", "--makefile", "more.mk", "--write").returncode == 0
    assert maintainer.devtel("instrument", "test", "--write").returncode == 0
    assert maintainer.make("deploy", "test").stdout == "deploying deploy\nlinting\ntesting\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"test:\n    echo four spaces\n", "line 2"),
        (b"ifdef X\ntest: ; @echo\n", "line 1"),
        (b"endif\n", "line 1"),
        (b"define x\n", "line 1"),
        (b"test: ; @echo \\", "middle of a line"),
        (b"test: ; @echo \xff\xfe\n", "not UTF-8 (line 1)"),
        (b"test: ; @echo \0\n", "NUL"),
    ],
)
def test_what_is_no_makefile_is_named_and_stays(maintainer: Developer, text: bytes, said: str) -> None:
    path = maintainer.project / "Makefile"
    path.write_bytes(text)
    done = maintainer.devtel("instrument", "test", "--write")
    assert done.returncode == 1
    assert said in done.stderr
    assert path.read_bytes() == text


def test_a_read_only_makefile_stays(maintainer: Developer) -> None:
    (maintainer.project / "Makefile").chmod(0o444)
    done = maintainer.devtel("instrument", "test", "--write")
    assert done.returncode == 1
    assert "read-only" in done.stderr
    assert makefile(maintainer) == MAKEFILE


@pytest.mark.parametrize("kind", ["folder", "fifo"])
def test_what_is_no_file_is_not_waited_for(maintainer: Developer, kind: str) -> None:
    path = maintainer.project / "Makefile"
    path.unlink()
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    done = maintainer.devtel("instrument", "test", "--write")
    assert done.returncode == 1
    assert "cannot be read" in done.stderr


def test_a_symbolic_link_is_written_through_and_the_mode_stays(maintainer: Developer) -> None:
    path = maintainer.project / "Makefile"
    real = maintainer.folder / "real.mk"
    path.rename(real)
    real.chmod(0o640)
    path.symlink_to(real)
    assert maintainer.devtel("instrument", "test", "--write").returncode == 0
    assert path.is_symlink()
    assert "impl-test" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o640


def test_nothing_is_left_beside_the_makefile(maintainer: Developer) -> None:
    before = set(Path(maintainer.project).iterdir())
    maintainer.devtel("instrument", "test", "--write")
    maintainer.devtel("instrument", "--undo", "--write")
    assert set(Path(maintainer.project).iterdir()) == before


def test_what_the_makefile_that_includes_a_file_says_counts_for_it(maintainer: Developer) -> None:
    folder = maintainer.project / "mk"
    folder.mkdir()
    (folder / "more.mk").write_text("deploy: check ; @echo deploying\ncheck: ; @echo checking\n")
    whole = f"{MAKEFILE}include mk/more.mk\n.PHONY: deploy check all\n"
    (maintainer.project / "Makefile").write_text(f"{whole}all: deploy check\n")
    done = maintainer.devtel("instrument", "deploy", "--makefile", "mk/more.mk", "--write")
    assert done.returncode == 1
    assert "Makefile, line 9: all would run check in two makes" in done.stderr
    (maintainer.project / "Makefile").write_text(whole)
    assert maintainer.devtel("instrument", "deploy", "--makefile", "mk/more.mk", "--write").returncode == 0
    assert maintainer.make("deploy").stdout == "checking\ndeploying\n"
