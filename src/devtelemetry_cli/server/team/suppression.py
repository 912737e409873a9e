"""Which groups may be shown separately: each has at least k developers, and so has the rest together.

Cell suppression with complementary suppression, as in statistical disclosure control: a total beside its parts reveals
the missing part, so the rest must be large enough itself.
Source: A. Hundepool et al., Statistical Disclosure Control, Wiley 2012, chapter 4.
"""

from collections.abc import Mapping, Set
from typing import TypeVar

Key = TypeVar("Key")


def partition(groups: Mapping[Key, Set[str]], k: int) -> tuple[set[Key], set[Key]]:
    """The groups (key -> developers) that may be shown separately, and those that may only be shown together.

    The second set is empty or has at least `k` developers too; if all groups together have fewer than `k`, all are
    in it, and nothing may be shown.
    """
    separate = {key for key, developers in groups.items() if len(developers) >= k}
    combined = set(groups) - separate
    smallest_first = sorted(separate, key=lambda key: (len(groups[key]), str(key)))
    for key in smallest_first:
        if not combined or len(_developers(groups, combined)) >= k:
            break
        separate.remove(key)
        combined.add(key)
    return separate, combined


def _developers(groups: Mapping[Key, Set[str]], keys: Set[Key]) -> set[str]:
    return set().union(*(groups[key] for key in keys))
