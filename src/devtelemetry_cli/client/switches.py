"""What the environment alone decides: whether devtel is switched off, and whether make only pretends.

Known without reading a file, so `wrap` can exec make before anything else.
"""

OFF = ("DEVTEL_DISABLED", "DO_NOT_TRACK", "CI")

_DRY_WORDS = frozenset({"--dry-run", "--just-print", "--recon", "--question", "--touch"})
_TAKES_VALUE = "CEIOWfjlo"  # make's short options that take the rest of their cluster as value
_DRY_LETTERS = "nqt"


def switched_off(environ: dict[str, str]) -> str | None:
    """The name of the variable that switches devtel off (set to anything but empty, 0 or false), or None."""
    for name in OFF:
        if is_set(environ.get(name, "")):
            return name
    return None


def is_set(value: str) -> bool:
    """Whether an environment variable's value means yes."""
    return value.lower() not in ("", "0", "false")


def is_dry_run(makeflags: str, arguments: list[str]) -> bool:
    """Whether make runs no recipe (-n, -q or -t), by MAKEFLAGS or by the arguments of `devtel wrap`.

    MAKEFLAGS' first word holds the single letters, unless it starts with `-` or contains `=`
    (docs/make-and-processes.md).
    """
    first = makeflags.split(" ", 1)[0]
    if first and not first.startswith("-") and "=" not in first and _has_dry_letter(first):
        return True
    return any(_is_dry_argument(argument) for argument in arguments)


def is_parallel(makeflags: str) -> bool:
    """Whether the calling make runs parallel jobs."""
    return any(word.startswith(("-j", "--jobserver")) for word in makeflags.split())


def _is_dry_argument(argument: str) -> bool:
    if argument.startswith("--"):
        return len(argument) > 3 and any(word.startswith(argument) for word in _DRY_WORDS)  # make takes --dry too
    return argument.startswith("-") and _has_dry_letter(argument[1:])


def _has_dry_letter(cluster: str) -> bool:
    for letter in cluster:
        if letter in _DRY_LETTERS:
            return True
        if letter in _TAKES_VALUE:
            return False
    return False
