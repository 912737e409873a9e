"""Which groups may be shown separately."""

from hypothesis import given
from hypothesis import strategies as st

from devtelemetry_cli.server.team.suppression import partition

GROUPS = st.dictionaries(st.integers(0, 9), st.sets(st.sampled_from("abcdefgh"), min_size=1), max_size=8)


def test_large_groups_are_separate() -> None:
    assert partition({"x": {*"abc"}, "y": {*"def"}}, 3) == ({"x", "y"}, set())


def test_small_groups_that_are_large_enough_together_are_combined() -> None:
    assert partition({"x": {*"abc"}, "y": {*"de"}, "z": {"f"}}, 3) == ({"x"}, {"y", "z"})


def test_a_small_group_takes_the_smallest_large_one_along() -> None:
    assert partition({"x": {*"abcd"}, "y": {*"abc"}, "z": {"d"}}, 3) == ({"x"}, {"y", "z"})


def test_without_enough_developers_nothing_is_separate() -> None:
    assert partition({"x": {"a"}, "y": {"b"}}, 3) == (set(), {"x", "y"})


@given(groups=GROUPS, k=st.integers(1, 5))
def test_every_published_group_covers_k_developers(groups: dict[int, set[str]], k: int) -> None:
    separate, combined = partition(groups, k)
    assert separate | combined == set(groups)
    assert not separate & combined
    assert all(len(groups[key]) >= k for key in separate)
    left = set().union(*(groups[key] for key in combined))
    everybody = set().union(*groups.values())
    assert not combined or len(left) >= k or (not separate and len(everybody) < k)
