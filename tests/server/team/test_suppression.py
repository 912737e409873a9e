"""Which groups may be told apart."""

from hypothesis import given
from hypothesis import strategies as st

from devtelemetry_cli.server.team.suppression import fold

GROUPS = st.dictionaries(st.integers(0, 9), st.sets(st.sampled_from("abcdefgh"), min_size=1), max_size=8)


def test_large_groups_are_told_apart() -> None:
    assert fold({"x": {*"abc"}, "y": {*"def"}}, 3) == ({"x", "y"}, set())


def test_small_groups_that_are_enough_together_are_told_together() -> None:
    assert fold({"x": {*"abc"}, "y": {*"de"}, "z": {"f"}}, 3) == ({"x"}, {"y", "z"})


def test_a_small_group_takes_the_smallest_large_one_along() -> None:
    assert fold({"x": {*"abcd"}, "y": {*"abc"}, "z": {"d"}}, 3) == ({"x"}, {"y", "z"})


def test_without_enough_developers_nothing_is_told_apart() -> None:
    assert fold({"x": {"a"}, "y": {"b"}}, 3) == (set(), {"x", "y"})


@given(groups=GROUPS, k=st.integers(1, 5))
def test_whatever_is_told_covers_k_developers(groups: dict[int, set[str]], k: int) -> None:
    apart, together = fold(groups, k)
    assert apart | together == set(groups)
    assert not apart & together
    assert all(len(groups[key]) >= k for key in apart)
    left = set().union(*(groups[key] for key in together))
    everybody = set().union(*groups.values())
    assert not together or len(left) >= k or (not apart and len(everybody) < k)
