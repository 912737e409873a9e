"""The trend lines of a table's rows."""

from devtelemetry_cli.server.team import trend


def test_a_trend_has_a_point_for_each_week() -> None:
    assert 'd="M0 2 36 12 72 22"' in trend.line([2, 1, 0])
    assert 'd="M0 22 72 22"' in trend.line([0, 0])


def test_a_single_week_has_no_trend() -> None:
    assert not trend.line([5])
    assert not trend.line([])


def test_a_long_trend_joins_neighbours() -> None:
    places = trend.line([1.0] * 53).partition('d="M')[2].partition('"')[0].split()
    assert len(places) // 2 == 17  # of three weeks each, without the two oldest
    assert set(places[1::2]) == {"2"}
