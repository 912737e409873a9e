"""The period before the chosen weeks, and changes in words."""

from datetime import timedelta

import pytest

from devtelemetry_cli.server.team.previous import change, points
from tests.helpers.team_cells import LAST, period


@pytest.mark.parametrize(
    ("now", "before", "shown"),
    [
        (124, 100, "+24 %"),
        (92, 100, "-8 %"),
        (100.4, 100, "±0 %"),
        (999, 100, "+899 %"),
        (1200, 100, "12 times"),
        (1, 0, "none before"),
        (0, 0, ""),
        (0, 5, "-100 %"),
    ],
)
def test_a_change_is_relative_to_the_period_before(now: float, before: float, shown: str) -> None:
    assert change(now, before) == shown


@pytest.mark.parametrize(
    ("now", "before", "shown"),
    [(0.25, 0.22, "+3 points"), (0.1, 0.11, "-1 point"), (0.5, 0.5, "±0 points"), (0.02, 0.01, "+1 point")],
)
def test_the_change_of_a_rate_is_in_percentage_points(now: float, before: float, shown: str) -> None:
    assert points(now, before) == shown


@pytest.mark.parametrize("running", [False, True])
def test_as_many_whole_weeks_are_compared_as_are_chosen(running: bool) -> None:
    chosen = period(4, running=running)
    assert (chosen.weeks, chosen.last_whole) == (4, LAST)
    assert chosen.before == LAST - timedelta(weeks=7)
