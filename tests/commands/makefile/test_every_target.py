"""`devtel makefile --every-target`: writing GNUmakefile, and each case in which nothing is written."""

import shutil
import subprocess
from pathlib import Path

import pytest

from devtelemetry_cli.client import whole_call
from devtelemetry_cli.commands.makefile import templates
from tests.helpers.developer import Developer
from tests.helpers.installation import Installation

MAKEFILE = "all: a b\na: ; @echo a\nb: ; @echo b\n"


@pytest.fixture
def maintainer(developer: Developer) -> Developer:
    """A developer with a Makefile in a git repository."""
    (developer.project / "Makefile").write_text(MAKEFILE)
    subprocess.run(["git", "init", "-q", "."], cwd=developer.project, check=True)
    return developer


def files(developer: Developer) -> set[str]:
    return {path.name for path in developer.project.iterdir()}


@pytest.mark.parametrize("name", ["Makefile", "makefile"])
def test_the_file_stands_beside_the_makefile_and_make_builds_as_before(maintainer: Developer, name: str) -> None:
    (maintainer.project / "Makefile").rename(maintainer.project / name)
    done = maintainer.devtel("makefile", "--every-target")
    assert (done.returncode, done.stderr) == (0, "")
    assert (maintainer.project / "GNUmakefile").read_text().startswith("# GNUmakefile:")
    assert (maintainer.project / name).read_text() == MAKEFILE
    assert maintainer.make().stdout == "a\nb\n"


def test_a_devtel_without_the_rules_of_whole_calls_leaves_the_build_alone(
    maintainer: Developer, tmp_path: Path
) -> None:
    """As one that is older than the file: the rules come with devtel, so that they are as new as it is."""
    installation = Installation(tmp_path / "installed")
    maintainer.state.mkdir()
    maintainer.config.write_text('engine = "wrapper"\n')
    maintainer.devtel("makefile", "--every-target")
    maintainer.run(str(installation.script), "consent", "grant")
    assert (maintainer.make().stdout, len(maintainer.ends())) == ("a\nb\n", 1)
    (installation.package / "client" / "whole_call.mk").unlink()
    assert (maintainer.make().stdout, len(maintainer.ends())) == ("a\nb\n", 1)


def test_the_rules_of_whole_calls_name_the_makes_that_they_were_tried_in() -> None:
    rules = Path(whole_call.__file__).with_suffix(".mk").read_text()
    assert f"$(filter-out {' '.join(templates.KNOWN_MAKES)},$(MAKE_VERSION))" in rules


def test_it_is_written_again_over_its_own_and_printed_with_a_dash(maintainer: Developer) -> None:
    maintainer.devtel("makefile", "--every-target")
    text = (maintainer.project / "GNUmakefile").read_text()
    (maintainer.project / "GNUmakefile").write_text(text.splitlines()[0] + "\nolder\n")
    assert maintainer.devtel("makefile", "--every-target").returncode == 0
    assert (maintainer.project / "GNUmakefile").read_text() == text
    assert maintainer.devtel("makefile", "--every-target", "--output", "-").stdout == text


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ("rm Makefile", "has no Makefile"),
        ("echo mine >GNUmakefile", "is the repository's own"),
        ("ln -s Makefile GNUmakefile", "is the repository's own"),
        ("ln -s ../elsewhere GNUmakefile", "is the repository's own"),
        ("mv Makefile ../outside; ln -s ../outside Makefile", "is not a file of this repository"),
        ("rm Makefile; mkdir Makefile", "is not a file of this repository"),
        ("rm Makefile; ln -s nothing Makefile", "is not a file of this repository"),
        ("cp Makefile makefile; rm makefile; mkfifo makefile", "is not a file of this repository"),
    ],
)
@pytest.mark.parametrize("private", [(), ("--private",)])
def test_a_refusal_is_one_sentence_and_nothing_is_written(
    maintainer: Developer, there: str, said: str, private: tuple[str, ...]
) -> None:
    maintainer.run("sh", "-c", there)
    before, excluded = files(maintainer), (maintainer.project / ".git/info/exclude").read_text()
    done = maintainer.devtel("makefile", "--every-target", *private)
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert (files(maintainer), (maintainer.project / ".git/info/exclude").read_text()) == (before, excluded)
    assert not (maintainer.folder / "elsewhere").exists()


def test_a_private_file_is_hidden_from_git_in_this_clone_alone(maintainer: Developer) -> None:
    sub = maintainer.project / "sub"
    sub.mkdir()
    (sub / "Makefile").write_text(MAKEFILE)
    (maintainer.project / ".git/info/exclude").write_bytes(b"caf\xe9/\r\n*.o")
    for folder in (maintainer.project, sub, sub):
        assert maintainer.devtel("makefile", "--every-target", "--private", cwd=folder).returncode == 0
    status = maintainer.run("git", "status", "--porcelain", "--ignored").stdout
    assert "?? GNUmakefile" not in status
    assert {"!! GNUmakefile", "!! sub/GNUmakefile"} <= set(status.splitlines())
    excluded = (maintainer.project / ".git/info/exclude").read_bytes()
    assert excluded == b"caf\xe9/\r\n*.o\n/GNUmakefile\n/sub/GNUmakefile\n"


def test_a_link_to_a_file_without_end_is_the_repositorys_own(maintainer: Developer) -> None:
    (maintainer.project / "GNUmakefile").symlink_to("/dev/zero")
    done = maintainer.devtel("makefile", "--every-target", timeout=10)
    assert (done.returncode, "is the repository's own" in done.stderr) == (1, True)


def test_a_private_file_needs_git_and_one_that_is_not_committed(maintainer: Developer) -> None:
    maintainer.devtel("makefile", "--every-target")
    maintainer.run("git", "add", "GNUmakefile")
    done = maintainer.devtel("makefile", "--every-target", "--private")
    assert (done.returncode, "is committed already" in done.stderr) == (1, True)
    shutil.rmtree(maintainer.project / ".git")
    (maintainer.project / "GNUmakefile").unlink()
    done = maintainer.devtel("makefile", "--every-target", "--private")
    assert (done.returncode, "in no git repository" in done.stderr) == (1, True)
    assert not (maintainer.project / "GNUmakefile").exists()


@pytest.mark.parametrize("words", [("--private",), ("--every-target", "--force"), ("--every-target", "--output", "x")])
def test_words_that_do_not_belong_together_are_a_usage_error(maintainer: Developer, words: tuple[str, ...]) -> None:
    assert maintainer.devtel("makefile", *words).returncode == 2


def test_deleting_the_file_undoes_everything(maintainer: Developer) -> None:
    before = files(maintainer)
    maintainer.devtel("makefile", "--every-target")
    maintainer.grant()
    maintainer.make()
    (maintainer.project / "GNUmakefile").unlink()
    assert files(maintainer) == before


def test_the_example_holds_the_file_that_devtel_writes(tmp_path: Path) -> None:
    example = Path(__file__).parents[3] / "examples"
    person = Developer(tmp_path / "person")
    shutil.copy(example / ".devtel.toml", person.project)
    written = person.devtel("makefile", "--every-target", "--output", "-").stdout
    assert written == (example / "every-target" / "GNUmakefile").read_text()
