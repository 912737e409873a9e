"""What a person reads at a glance."""

import pytest

from devtelemetry_cli.model import formatting


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0, "0 s"),
        (0.0451, "45 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.0 s"),
        (3.44, "3.4 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (125, "2 min 5 s"),
        (3599.7, "1 h"),
        (4320, "1 h 12 min"),
        (7199, "2 h"),
        (359_940, "99 h 59 min"),
        (363_600, "101 h"),
        (360_000_000, "100,000 h"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float | None, text: str) -> None:
    assert formatting.duration(seconds) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 0, "0 %"), (0, 9, "0 %"), (1, 1000, "under 1 %"), (1, 3, "33 %"), (999, 1000, "99 %"), (7, 7, "100 %")],
)
def test_a_share_is_never_none_for_something_or_all_for_less(part: int, whole: int, text: str) -> None:
    assert formatting.share(part, whole) == text


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [(124, 100, "24 % more"), (50, 100, "50 % less"), (100.2, 100, "as much"), (5, 0, ""), (0, 10, "100 % less")],
)
def test_a_change_is_compared_with_what_was(now: float, before: float, text: str) -> None:
    assert formatting.change(now, before) == text


@pytest.mark.parametrize(("number", "said"), [(0, "0 runs"), (1, "1 run"), (2, "2 runs"), (12345, "12,345 runs")])
def test_one_is_not_many(number: int, said: str) -> None:
    assert formatting.counted(number, "run") == said


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "-"), (1024, "1 KiB"), (1023 * 1024, "1023 KiB"), (45 * 2**20, "45 MiB"), (1.2 * 2**30, "1.2 GiB")],
)
def test_a_size_has_one_unit(size: int, text: str) -> None:
    assert formatting.memory(size) == text


def test_an_irregular_plural_is_given() -> None:
    assert (formatting.counted(1, "entry", "entries"), formatting.counted(2, "entry", "entries")) == (
        "1 entry",
        "2 entries",
    )


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0.441, 0.668, "44 to 67"),
        (-0.05, 0.12, "\N{MINUS SIGN}5 to 12"),
        (0.003, 0.118, "0.3 to 12"),
        (-0.0001, 0.0, "0 to 0"),
    ],
)
def test_an_interval_is_in_percent_whole_but_beside_zero(low: float, high: float, text: str) -> None:
    assert formatting.percent_range(low, high) == text
