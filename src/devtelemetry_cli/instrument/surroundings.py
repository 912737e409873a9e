"""Why all targets of a Makefile are left alone: it would be read differently in the make below."""

import re
from collections.abc import Iterator

from devtelemetry_cli.instrument import scanning
from devtelemetry_cli.instrument.knowledge import Makefile, Refusal
from devtelemetry_cli.instrument.reading import Kind, Line

_GOALS = re.compile(r"\bMAKECMDGOALS\b")
ONE_GOAL = re.compile(r"\s*ifn?eq\s*\(\s*\$[({]MAKECMDGOALS[)}]\s*,\s*([\w.-]+)\s*\)\s*|"
                       r"\s*ifn?eq\s*\(\s*([\w.-]+)\s*,\s*\$[({]MAKECMDGOALS[)}]\s*\)\s*")  # fmt: skip
_LEVEL = re.compile(r"\bMAKELEVEL\b")
_FLAGS = re.compile(r"\$\$?[({]?M(?:AKE)?FLAGS\b|\$\([a-z-]+ [^)]*\$[({]MAKEFLAGS")
_JOBS = re.compile(r"(?:^|\s)(?:-\w*j|--jobs)")
_SPEAKS = re.compile(r"\$[({](?:info|warning)\s")
_PATH_LIKE = re.compile(r".*PATH")
_READ_AT_ONCE = (Kind.RULE, Kind.ASSIGNMENT, Kind.CONDITIONAL, Kind.INCLUDE, Kind.DIRECTIVE)


def refuse(makefile: Makefile) -> Iterator[Refusal]:
    """What stands in the way of every target: the Makefile would be read differently in the make below."""
    for line in makefile.everything:
        text = line.text if line.kind is Kind.RECIPE else scanning.without_comment(line.text)
        yield from _of_line(line, text)
    yield from _growing(makefile)
    yield from _shells(makefile)


def _of_line(line: Line, text: str) -> Iterator[Refusal]:
    if line.kind in _READ_AT_ONCE and scanning.is_unfinished(text):
        yield Refusal.at(line, "a reference has no end there, so make stops")
    if _GOALS.search(text) and not ONE_GOAL.fullmatch(text):
        yield Refusal.at(line, "MAKECMDGOALS is another one in the make that runs the implementation")
    if _LEVEL.search(text):
        yield Refusal.at(line, "MAKELEVEL is one more in the make that runs the implementation")
    if _FLAGS.search(text):
        yield Refusal.at(line, "MAKEFLAGS has more in it in the make that runs the implementation")
    if line.name == "MAKEFLAGS" and _JOBS.search(line.value):
        yield Refusal.at(line, "it sets -j, of which the make below would warn")
    if line.name == ".RECIPEPREFIX" and (line.value.strip()[:1].isalnum() or line.value.strip()[:1] in list("#:=$\\")):
        yield Refusal.at(line, "with such a .RECIPEPREFIX no line is sure to be what it seems")
    at_once = line.kind is Kind.DIRECTIVE or (line.kind is Kind.ASSIGNMENT and line.operator not in ("=", "?="))
    if at_once and _SPEAKS.search(text):
        yield Refusal.at(line, "it prints while the Makefile is read, which would happen twice")


def _growing(makefile: Makefile) -> Iterator[Refusal]:
    everything = any(
        (line.kind is Kind.DIRECTIVE and line.name == "export" and not line.value)
        or (line.rule and ".EXPORT_ALL_VARIABLES" in line.rule.targets)
        for line in makefile.everything
    )
    exported = {n for line in makefile.everything if line.name == "export" for n in line.value.split()}
    for name, lines in makefile.variables.items():
        if not everything and name not in exported and not any(line.is_exported for line in lines):
            continue
        first = next((line for line in lines if line.rule is None), None)
        if first and _grows(first) and name != "MAKEFILE_LIST" and not _PATH_LIKE.fullmatch(name):
            yield Refusal.at(first, f"{name} is exported and grows by its own value, in the make below once more")


def _grows(line: Line) -> bool:
    """Whether an assignment adds to what came from the environment. Folders twice on a PATH are no harm."""
    return line.operator == "+=" or (line.operator in (":=", "::=") and line.name in scanning.referred(line.value))


def _shells(makefile: Makefile) -> Iterator[Refusal]:
    """What runs the line that hands over must be a shell, and not one that shows what it runs."""
    for line in makefile.everything:
        is_shell = line.name == "SHELL" and line.kind is Kind.ASSIGNMENT
        if is_shell and not re.search(r"\b(ba|da|k|z|a)?sh\b", line.value):
            yield Refusal.at(line, "recipes are run by something else than a shell")
        if (is_shell or line.name == ".SHELLFLAGS") and re.search(r"\s-\w*[xv]|^-\w*[xv]", line.value):
            yield Refusal.at(line, "the shell shows what it runs, so the indirection as well")
