"""An agreement is for chosen targets or for every target, and a repository cannot widen it."""

import json

import pytest

from tests.helpers.developer import Developer

MAKEFILE = "DEVTEL_TARGETS := test\ninclude devtel.mk\nimpl-test: ; @echo testing\nother: ; @echo other\n"


@pytest.fixture
def repository(developer: Developer) -> Developer:
    """A developer in a repository with chosen targets."""
    (developer.project / "Makefile").write_text(MAKEFILE)
    developer.state.mkdir()
    developer.config.write_text('engine = "wrapper"\n')  # writes its record before make ends
    assert developer.devtel("makefile").returncode == 0
    return developer


def measure_every_target(developer: Developer) -> None:
    """What a maintainer adds to the repository."""
    assert developer.devtel("makefile", "--every-target").returncode == 0


def targets(developer: Developer) -> list[object]:
    return [record["target"] for record in developer.records() if record["event"] == "start"]


@pytest.mark.parametrize("decision", ["grant", "local"])
def test_a_repository_that_goes_from_chosen_to_every_records_no_other_target_before_the_developer_agrees_again(
    repository: Developer, decision: str
) -> None:
    repository.devtel("consent", decision)
    repository.make("test")
    assert targets(repository) == ["test"]
    measure_every_target(repository)
    assert repository.make("other", "MAKE_TERMERR=/dev/tty").stdout == "other\n"
    assert repository.make("other").stdout == "other\n"
    assert repository.make("test").stdout == "testing\n"
    assert "other" not in targets(repository)
    shown = repository.devtel("consent", "show").stdout
    assert "for chosen targets, and this repository measures every target" in shown
    repository.devtel("consent", decision)
    repository.make("other")
    assert targets(repository)[-1] == "other"


def test_what_was_agreed_to_is_still_recorded_until_then(repository: Developer) -> None:
    repository.devtel("consent", "grant")
    measure_every_target(repository)
    repository.make("-f", "Makefile", "test")
    assert targets(repository) == ["test"]


def test_the_wrapper_itself_records_no_whole_call_without_that_agreement(repository: Developer) -> None:
    repository.devtel("consent", "grant")
    done = repository.devtel("wrap", "--every-target", "--make=make", "--makefile=Makefile", "--", "other")
    assert (done.stdout, targets(repository)) == ("other\n", [])
    measure_every_target(repository)
    repository.devtel("consent", "grant")
    repository.devtel("wrap", "--every-target", "--make=make", "--makefile=Makefile", "--", "other")
    assert targets(repository) == ["other"]


def test_the_difference_is_shown_when_it_is_asked_again(repository: Developer) -> None:
    repository.devtel("consent", "grant")
    measure_every_target(repository)
    status = json.loads(repository.devtel("status", "--json").stdout)
    assert status["consent"] == "undecided"
    full = repository.devtel("consent", "show").stdout
    assert "Measured: every target." in full


def test_an_agreement_to_every_target_covers_chosen_ones_and_nobody_is_asked_again(repository: Developer) -> None:
    measure_every_target(repository)
    repository.devtel("consent", "grant")
    (repository.project / "GNUmakefile").unlink()
    repository.make("test")
    assert targets(repository) == ["test"]
    shown = repository.devtel("consent", "show").stdout
    assert shown.startswith("granted on ")
    assert "have changed" not in shown


def test_declining_after_an_agreement_to_every_target_makes_the_call_plain(repository: Developer) -> None:
    measure_every_target(repository)
    repository.devtel("consent", "grant")
    repository.make("other")
    repository.devtel("consent", "decline")
    assert repository.make("other").stdout == "other\n"
    assert repository.records() == []


def test_a_folder_below_belongs_to_the_same_repository(repository: Developer) -> None:
    measure_every_target(repository)
    (repository.project / ".git").mkdir()
    sub = repository.project / "sub"
    sub.mkdir()
    assert "Measured: every target." in repository.devtel("consent", "show", cwd=sub).stdout
