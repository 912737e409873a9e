"""How targets and projects may be called in a record: what a person typed can hold anything."""

OTHER = "(other)"  # no plain name, so it never meets one

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+/@:=-")
_LENGTH = 64


def is_plain(name: str) -> bool:
    """Whether a name is kept as it is: at most 64 ASCII letters, digits and `._%+/@:=-`, no leading `/`."""
    return 0 < len(name) <= _LENGTH and not name.startswith("/") and _LETTERS.issuperset(name)


def sanitize(target: str) -> str:
    """The name under which a target is recorded: as typed when it is a plain name, else `(other)`."""
    return target if is_plain(target) else OTHER


def is_aggregated(name: str, families: tuple[str, ...]) -> bool:
    """Whether the maintainers asked for other families of targets than this one: it is sent as `(other)` then."""
    return bool(families) and not any(_matches(name, family) for family in families)


def _matches(name: str, family: str) -> bool:
    """Whether `name` is one of a family of targets written as make writes it: at most one %."""
    before, percent, after = family.partition("%")
    if not percent:
        return name == family
    return len(name) > len(before) + len(after) and name.startswith(before) and name.endswith(after)
