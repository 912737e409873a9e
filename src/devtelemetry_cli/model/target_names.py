"""Sanitising of target and project names (untrusted input)."""

# Not plain names, so that no target can have them.
OTHER = "(other)"
DEFAULT = "(default)"  # a call without a goal
SEVERAL = "(several)"  # a call with more goals than a name holds
_MOST_GOALS = 3

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+/@:=-")
_LENGTH = 64


def is_plain(name: str) -> bool:
    """Whether a name is kept as it is: at most 64 ASCII letters, digits and `._%+/@:=-`, no leading `/`."""
    return 0 < len(name) <= _LENGTH and not name.startswith("/") and _LETTERS.issuperset(name)


def sanitize(target: str) -> str:
    """The name under which a target is recorded: as typed when it is a plain name, else `(other)`."""
    return target if is_plain(target) or target in (DEFAULT, SEVERAL) else OTHER


def from_goals(goals: list[str]) -> str:
    """The name of a whole call: its goals in their order (`lint+test`), `(default)` without one, else `(several)`."""
    name = "+".join(goals) or DEFAULT
    return name if len(goals) <= 1 or (len(goals) <= _MOST_GOALS and len(name) <= _LENGTH) else SEVERAL


def is_aggregated(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a name is sent as `(other)`: the project file lists patterns, and none matches.

    Of a whole call each goal counts; `(default)` and `(several)` name none.
    """
    if not patterns or name in (DEFAULT, SEVERAL) or _belongs(name, patterns):
        return False
    return not all(_belongs(goal, patterns) for goal in name.split("+"))


def _belongs(name: str, patterns: tuple[str, ...]) -> bool:
    return any(_matches(name, pattern) for pattern in patterns)


def _matches(name: str, pattern: str) -> bool:
    """Whether `name` matches a pattern in make's form: at most one %."""
    before, percent, after = pattern.partition("%")
    if not percent:
        return name == pattern
    return len(name) > len(before) + len(after) and name.startswith(before) and name.endswith(after)
