"""`devtel wrap TARGET`: the make call for one chosen target, as its recipe in a Makefile asks for it."""

import posix  # as in client/paths.py

from devtelemetry_cli.client import make_call

HELP = """\
usage: devtel wrap [--make MAKE] [--makefile FILE] [--prefix PREFIX] [--as-called] [--] TARGET [MAKE ARGUMENTS]...

Runs `make --no-print-directory impl-TARGET` and ends as make ends.

  --make MAKE      the make to run; else $DEVTEL_MAKE, else make
  --makefile FILE  passed to make as -f FILE
  --prefix PREFIX  the prefix of the implementation's name (impl-)
  --as-called      pass -W, -o and several -f of the calling make on, which make itself does not
"""

AS_CALLED = "--as-called"


class ChosenTarget:
    """The call as `devtel wrap` runs it; `words` are those after `wrap`. Raises ValueError with a sentence."""

    every_target = False

    def __init__(self, words: list[str], environ: dict[str, str]) -> None:
        options = {"--make": environ.get("DEVTEL_MAKE") or "make", "--makefile": "", "--prefix": "impl-", AS_CALLED: ""}
        rest = _take_options(words, options)
        if not rest or not rest[0]:
            raise ValueError("the target is missing")
        self.goals, self.arguments = rest[:1], rest[1:]
        goal = options["--prefix"] + rest[0]
        if goal.startswith("-"):
            raise ValueError(f"{goal} would be an option of make, not a target")
        file = ["-f", options["--makefile"]] if options["--makefile"] else []
        if options[AS_CALLED]:
            called = make_call.of_parent() or []
            named = make_call.makefiles(called)
            file = [*(named if len(named) > 2 else file), *make_call.old_and_new(called)]
        self.command = [*_make_words(options["--make"]), "--no-print-directory", *file, goal, *self.arguments]

    def prompt_limit(self) -> str:
        """How a person may be asked after this target: other targets of the call may follow."""
        from devtelemetry_cli.client.consent import terminal  # noqa: PLC0415  make runs already

        return terminal.prompt_limit(self.goals, make_call.goals(make_call.of_parent() or []))

    @staticmethod
    def environment(environ: dict[bytes, bytes]) -> dict[bytes, bytes]:
        """What this process was given -> what make is given."""
        return environ

    def end_parent(self, status: int) -> None:
        """The make that called us sees this process end as make ended, and goes on."""


def _make_words(make: str) -> list[str]:
    """`$(MAKE)` as an unwrapped recipe has it, unquoted: `make MAKE='make -s'` is two words, a file's name is one."""
    if " " not in make or posix.access(make, posix.F_OK):
        return [make]
    return make.split() or [make]


def _take_options(words: list[str], options: dict[str, str]) -> list[str]:
    """Read the leading options into `options`; returns the words after them, without the `--`."""
    rest = list(words)
    while rest and rest[0].startswith("-"):
        word = rest.pop(0)
        if word == "--":
            break
        if word == AS_CALLED:
            options[word] = word
            continue
        name, equals, value = word.partition("=")
        if name not in options:
            raise ValueError(f"unknown option {word}")
        if not equals and not rest:
            raise ValueError(f"{name} needs a value")
        options[name] = value if equals else rest.pop(0)
    return rest
