"""How targets and projects may be called in a record: what a person typed can hold anything."""

# No plain names, so that they never meet one.
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


def is_aggregated(name: str, families: tuple[str, ...]) -> bool:
    """Whether the maintainers asked for other families of targets than this one: it is sent as `(other)` then.

    Of a whole call each goal counts; `(default)` and `(several)` name none.
    """
    if not families or name in (DEFAULT, SEVERAL) or _belongs(name, families):
        return False
    return not all(_belongs(goal, families) for goal in name.split("+"))


def _belongs(name: str, families: tuple[str, ...]) -> bool:
    return any(_matches(name, family) for family in families)


def _matches(name: str, family: str) -> bool:
    """Whether `name` is one of a family of targets written as make writes it: at most one %."""
    before, percent, after = family.partition("%")
    if not percent:
        return name == family
    return len(name) > len(before) + len(after) and name.startswith(before) and name.endswith(after)
