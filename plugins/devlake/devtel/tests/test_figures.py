"""Rows of several connections of one server become one row per week and target."""

from devtel.figures import merged, percentile

ROW = {
    "week": "2026-11-16", "project": "shop", "target": "test", "developers": 6, "runs": 10, "failures": 0,
    "interrupted": 1, "lost": 0, "waited_seconds": 0.0, "mean_seconds": 4.0, "p50_seconds": 4.362, "p90_seconds": 4.362,
    "durations": {"8": 9}, "exit_codes": {"0": 9}, "checkouts": [],
}  # fmt: skip


def test_one_row_stays_as_it_is() -> None:
    assert merged([ROW]) == [ROW]


def test_rows_of_two_connections_are_added_up() -> None:
    other = {**ROW, "durations": {"8": 1, "20": 2}, "runs": 3, "developers": 3, "mean_seconds": 24.0}
    (row,) = merged([{**ROW, "durations": {"8": 1}}, other])
    assert (row["runs"], row["developers"], row["durations"]) == (13, 9, {"8": 2, "20": 2})
    assert (row["mean_seconds"], row["p90_seconds"]) == (19.0, 36.441)


def test_rows_of_other_weeks_and_targets_stay_apart() -> None:
    assert len(merged([ROW, {**ROW, "week": "2026-11-09"}, {**ROW, "target": "lint"}])) == 3


def test_a_percentile_of_nothing_is_none() -> None:
    assert percentile({}, 0.5) is None
