"""Which groups may be told apart: each has at least k developers, and so has what is left over.

Cell suppression with complementary suppression, as in statistical disclosure control: a total beside its parts gives
the missing part away, so what is left over must be large enough itself.
Source: A. Hundepool et al., Statistical Disclosure Control, Wiley 2012, chapter 4.
"""

from collections.abc import Mapping, Set
from typing import TypeVar

Key = TypeVar("Key")


def fold(groups: Mapping[Key, Set[str]], k: int) -> tuple[set[Key], set[Key]]:
    """The groups (key -> developers) that may be told apart, and those that may only be told together.

    The second set's developers are at least `k` too, or it is empty; unless all groups together have fewer than `k`:
    then all are in it, and nothing may be told.
    """
    apart = {key for key, developers in groups.items() if len(developers) >= k}
    together = set(groups) - apart
    smallest_first = sorted(apart, key=lambda key: (len(groups[key]), str(key)))
    for key in smallest_first:
        if not together or len(_developers(groups, together)) >= k:
            break
        apart.remove(key)
        together.add(key)
    return apart, together


def _developers(groups: Mapping[Key, Set[str]], keys: Set[Key]) -> set[str]:
    return set().union(*(groups[key] for key in keys))
