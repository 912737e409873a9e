"""Names of parts for a reader. Pure."""

OTHERS = "(other)"
NO_PROJECT = "(no project)"
_AGES = {"0": "under a day", "unknown": "unknown", "": OTHERS}
_BRANCHES = {
    "default": "default branch",
    "other": "another branch",
    "detached": "no branch",
    "": f"{OTHERS} or outside git",
}


def age(name: str) -> str:
    """The label of an age class."""
    return _AGES.get(name, f"{name.replace('-', ' to ')} days")


def branch(name: str) -> str:
    """The label of a kind of branch."""
    return _BRANCHES.get(name, name)


def project(name: str, target: str) -> str:
    """The label of a target's project; without both names it is the rest of all."""
    return name or (NO_PROJECT if target else OTHERS)
