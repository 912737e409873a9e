"""What is remembered of a blueprint: each failed pipeline counts once, whatever is seen twice."""

import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtelemetry_cli.devlake.api.pipelines import Pipeline
from devtelemetry_cli.devlake.monitor import history, state_file
from devtelemetry_cli.devlake.monitor.history import History

STATUSES = {"c": "TASK_COMPLETED", "f": "TASK_FAILED", "p": "TASK_PARTIAL", "x": "TASK_CANCELLED", "r": "TASK_RUNNING"}
STATUSES["s"] = "TASK_COMPLETED"  # with skipped collectors


def _pipelines(letters: str, first: int = 1) -> list[Pipeline]:
    """Pipelines as DevLake lists them, newest first, from letters in the order in which they ran."""
    made = [
        Pipeline(
            number,
            STATUSES[letter],
            "",
            100.0 * number,
            None if letter == "r" else 100.0 * number + 60,
            60.0,
            3,
            3,
            letter == "s",
        )
        for number, letter in enumerate(letters, first)
    ]
    return made[::-1]


def _counts(*sights: str) -> list[int]:
    """The total after each sight of the same blueprint."""
    past, totals = None, []
    for letters in sights:
        past, _ = history.updated(past, _pipelines(letters))
        totals.append(past.total)
    return totals


@pytest.mark.parametrize(
    ("sights", "totals"),
    [
        (["f"], [1]),
        (["ff"], [1]),  # the one before the first sight is past
        (["fc"], [0]),
        (["f", "f", "f"], [1, 1, 1]),
        (["c", "cf", "cff", "cffc"], [0, 1, 2, 2]),
        (["c", "cr", "cf"], [0, 0, 1]),
        (["r", "f"], [0, 1]),
        (["fr", "ff"], [1, 2]),
        (["c", "cp", "cx"], [0, 1, 1]),
        (["cx", "cf"], [0, 0]),  # run again after the first sight had ended it
        (["", "f"], [0, 1]),
        (["c", "crf", "cff"], [0, 1, 2]),  # an older one fails after a newer one
    ],
)
def test_each_failed_pipeline_counts_once(sights: list[str], totals: list[int]) -> None:
    assert _counts(*sights) == totals


@given(st.lists(st.sampled_from("cfxp"), min_size=1, max_size=80), st.data())
def test_however_often_it_is_looked_the_sum_is_that_of_the_failures(letters: list[str], data: st.DataObject) -> None:
    past, _ = history.updated(None, _pipelines(letters[0]))
    seen = 1
    while seen < len(letters):
        seen = data.draw(st.integers(seen, len(letters)))
        past, _ = history.updated(past, _pipelines("".join(letters[:seen])))
        seen += 1
    past, _ = history.updated(past, _pipelines("".join(letters)))
    assert past.total == sum(letter in "fp" for letter in letters)


def test_a_failure_that_is_listed_twice_counts_once() -> None:
    past, _ = history.updated(None, _pipelines("c"))
    newest_first = _pipelines("cf")
    assert history.updated(past, [*newest_first, *newest_first])[0].total == 1


def test_the_kept_failures_are_limited() -> None:
    past, _ = history.updated(None, _pipelines("c"))
    past, new = history.updated(past, _pipelines("c" + "f" * 300))
    assert (past.total, len(new), len(past.failures)) == (300, 300, history.KEPT)
    assert history.updated(past, _pipelines("c" + "f" * 300))[0] == past


def test_new_failures_come_oldest_first() -> None:
    past, _ = history.updated(None, _pipelines("c"))
    assert [pipeline.id for pipeline in history.updated(past, _pipelines("cffcf"))[1]] == [2, 3, 5]


def test_success_and_failure_keep_their_times() -> None:
    past, _ = history.updated(None, _pipelines("cfr"))
    assert (past.succeeded, past.fresh, past.failed) == (160.0, 100.0, 260.0)
    assert (past.status, past.ended, past.is_failing) == ("TASK_RUNNING", "TASK_FAILED", True)


def test_a_run_with_skipped_collectors_is_a_success_without_fresh_data() -> None:
    past, _ = history.updated(None, _pipelines("css"))
    assert (past.succeeded, past.fresh, past.ended) == (360.0, 100.0, "TASK_COMPLETED")
    assert history.updated(None, _pipelines("s"))[0].fresh is None


def test_a_pipeline_that_runs_holds_open_how_far_all_is_settled() -> None:
    past, _ = history.updated(None, _pipelines("ccrc"))
    assert past.settled == 2
    assert history.updated(past, _pipelines("cccc"))[0].settled == 4


def test_a_success_from_long_ago_is_taken_only_where_none_is_known() -> None:
    (old,) = _pipelines("c")
    assert history.with_success(History(), old).succeeded == 160.0
    assert history.with_success(History(succeeded=999.0), old) == History(succeeded=999.0, fresh=100.0)
    assert history.with_success(History(), _pipelines("s")[0]).fresh is None


def test_the_state_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    past, _ = history.updated(None, _pipelines("cffp"))
    state_file.save(tmp_path / "folder" / "state", {5: past, 6: History()})
    assert state_file.load(tmp_path / "folder" / "state") == {5: past, 6: History()}
    assert (tmp_path / "folder" / "state").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "7",
        "null",
        '{"blueprints": []}',
        '{"blueprints": {"x": {}}}',
        '{"blueprints": {"1": {"total": 1}}}',
        '{"blueprints": {"1": 7}}',
        "[" * 100_000,
        "\xff",
    ],
)
def test_a_damaged_state_differs_from_a_missing_one(tmp_path: Path, text: str) -> None:
    assert state_file.load(tmp_path / "state") == {}
    (tmp_path / "state").write_text(text, encoding="latin-1")
    assert state_file.load(tmp_path / "state") is None


def test_a_state_of_an_earlier_version_is_read_on(tmp_path: Path) -> None:
    past, _ = history.updated(None, _pipelines("cffp"))
    document = {name: value for name, value in dataclasses.asdict(past).items() if name != "reason"}
    (tmp_path / "state").write_text(json.dumps({"version": 1, "blueprints": {"5": document}}))
    assert state_file.load(tmp_path / "state") == {5: past}


@pytest.mark.parametrize("change", [{"total": -1}, {"total": "1"}, {"status": 7}, {"fresh": "x"}, {"failures": [[1]]}])
def test_a_state_with_an_impossible_value_is_damaged(tmp_path: Path, change: dict[str, object]) -> None:

    document = {"blueprints": {"1": {**dataclasses.asdict(History()), **change}}}
    (tmp_path / "state").write_text(json.dumps(document))
    assert state_file.load(tmp_path / "state") is None
