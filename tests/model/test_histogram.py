"""Durations in fixed buckets: how exact quantiles are, and that adding loses nothing."""

import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtelemetry_cli.model import histogram

WITHIN = 2 ** (1 / 8) * (1 + 1e-12)  # the promise, and the last bit of a float
DURATIONS = st.floats(-6.0, 13.0).map(math.exp)  # 2.5 ms to 5 days, as evenly as their logarithm
MANY = st.lists(DURATIONS, min_size=1, max_size=60)


def counted(durations: list[float]) -> dict[int, int]:
    return dict(Counter(histogram.bucket(seconds) for seconds in durations))


@given(MANY, st.sampled_from([0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0]))
def test_a_quantile_is_in_the_bucket_of_the_exact_one(durations: list[float], q: float) -> None:
    exact = sorted(durations)[math.ceil(q * len(durations)) - 1]
    answered = histogram.quantile(counted(durations), q)
    assert answered is not None
    assert 1 / WITHIN**2 <= answered / exact <= WITHIN**2


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
def test_a_quantile_of_many_durations_is_off_by_a_few_percent(q: float) -> None:
    chance = random.Random(3)  # noqa: S311 - lengths of builds
    errors = []
    for number in range(60):
        durations = sorted(chance.lognormvariate(number / 10, 0.7) for _ in range(400))
        answered = histogram.quantile(counted(durations), q)
        assert answered is not None
        errors.append(abs(answered / durations[math.ceil(q * 400) - 1] - 1))
    assert max(errors) < 0.09
    assert sum(errors) / len(errors) < 0.02  # the bucket's middle: 0.043


def test_a_quantile_moves_with_its_durations_inside_a_bucket() -> None:
    answers = [histogram.quantile({4: 50 + shift, 5: 50 - shift}, 0.5) for shift in range(-20, 21, 5)]
    assert answers == sorted(answers, reverse=True)  # type: ignore[type-var]
    assert len(set(answers)) == len(answers)


def test_the_error_promised_is_what_the_buckets_allow() -> None:
    assert pytest.approx(0.0905, abs=0.0001) == WITHIN - 1


@given(MANY, MANY)
def test_adding_two_histograms_is_counting_all_their_durations(some: list[float], others: list[float]) -> None:
    both = counted(some)
    histogram.add(both, counted(others))
    assert both == counted(some + others)


def test_adding_leaves_the_other_histogram_as_it_was() -> None:
    other = {1: 2}
    histogram.add({1: 1}, other)
    assert other == {1: 2}


def test_a_negative_count_changes_no_other_when_it_is_packed() -> None:
    assert histogram.unpack(histogram.pack({2: -1, 3: 0, 5: 2})) == {5: 2}


HISTOGRAMS = st.dictionaries(st.integers(histogram.LOWEST, histogram.HIGHEST), st.integers(1, 2**63 - 1))


@given(st.lists(HISTOGRAMS, max_size=5))
def test_a_sum_of_packed_histograms_is_the_packed_sum(some: list[dict[int, int]]) -> None:
    whole: dict[int, int] = {}
    for one in some:
        histogram.add(whole, one)
    assert histogram.unpack(sum(map(histogram.pack, some))) == whole


@pytest.mark.parametrize("index", range(histogram.LOWEST + 1, histogram.HIGHEST))
def test_a_bucket_holds_what_is_above_its_lower_bound_up_to_its_upper(index: int) -> None:
    lower, upper = 2 ** (index / 4), 2 ** ((index + 1) / 4)
    assert histogram.bucket(upper) == index
    assert histogram.bucket(math.nextafter(lower, math.inf)) == index
    assert lower < histogram.middle(index) < upper


@pytest.mark.parametrize(
    ("seconds", "index"),
    [
        (0.0, histogram.LOWEST),
        (1e-9, histogram.LOWEST),
        (1e9, histogram.HIGHEST),
        (math.inf, histogram.HIGHEST),
        (1.0, -1),
        (1.0001, 0),
        (2.0, 3),
        (60.0, 23),
    ],
)
def test_extremes_count_into_the_outermost_buckets(seconds: float, index: int) -> None:
    assert histogram.bucket(seconds) == index


@given(st.floats(0, allow_nan=False))
def test_every_duration_has_a_bucket(seconds: float) -> None:
    assert histogram.LOWEST <= histogram.bucket(seconds) <= histogram.HIGHEST


@pytest.mark.parametrize("empty", [{}, {3: 0}])
def test_nothing_has_no_quantile(empty: dict[int, int]) -> None:
    assert histogram.quantile(empty, 0.5) is None


def test_an_empty_bucket_is_nobodys_quantile() -> None:
    assert histogram.quantile({1: 0, 5: 1}, 0.5) == histogram.middle(5)
