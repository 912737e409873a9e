"""Turn chosen targets into the indirection: the rule's line stays where it was and hands over; the rest is impl-.

    test: build  ## run the tests            test:  ## run the tests
    <tab>pytest                       ->     <tab>+@$(DEVTEL)
                                             .PHONY: impl-test
                                             impl-test: build
                                             <tab>pytest

Recipe lines stay, byte for byte, but for `$@`. Prerequisites go along with the recipe: the make below reads the
Makefile before they are made, as the first one did before, so `make test` is as it was, and they are measured too.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from devtelemetry_cli.instrument import company, families, knowledge, refusals, scanning, surroundings
from devtelemetry_cli.instrument.knowledge import PREFIX, Makefile, Refusal, Stated
from devtelemetry_cli.instrument.reading import Kind, Line

INCLUDED = "devtel.mk"
LAST_LINE = f"include {INCLUDED}  # `devtel instrument --undo` takes this line out"
OWN_NAMES = {"$@": "$(@:impl-%=%)", "${@}": "${@:impl-%=%}"}
HAND_OVER = "+@$(DEVTEL)"


class UnknownTargetError(Exception):
    """No rule names the target; `close` are names that do, and look like it."""

    def __init__(self, target: str, close: list[str]) -> None:
        super().__init__(target)
        self.target = target
        self.close = close


@dataclass
class Outcome:
    """The new text, what became of each target, and what a maintainer should know."""

    text: str
    done: list[str] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    refused: dict[str, Refusal] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def instrument(
    text: str, chosen: Iterable[str], included: Mapping[str, str] | None = None, force_phony: bool = False
) -> Outcome:
    """The text with the chosen targets handed over, as far as nothing but the indirection changes.

    `included` are the files that make reads with it, by name. Raises UnreadableError, UnknownTargetError.
    """
    makefile = knowledge.read(text, included)
    targets = list(dict.fromkeys(chosen))
    _know(makefile, targets)
    wrapped = makefile.wrapped
    outcome = Outcome(text, already=[target for target in targets if target in wrapped])
    for_all = next(surroundings.refuse(makefile), None)
    for target in targets:
        if target in wrapped:
            continue
        if for_all:
            outcome.refused[target] = for_all
        else:
            _decide(makefile, target, set(targets), outcome, force_phony)
    _keep_companions(makefile, outcome)
    if outcome.done:
        outcome.text = _with_include(_rewrite(makefile, set(outcome.done)), makefile)
        outcome.notes = _notes(makefile, outcome.done)
    return outcome


def _know(makefile: Makefile, targets: list[str]) -> None:
    known = makefile.targets()
    in_variables = makefile.expanded(name for s in makefile.rules for name in s.rule.targets)
    for target in targets:
        if target not in known and target not in in_variables:
            raise UnknownTargetError(target, difflib.get_close_matches(target, known, 3))


def _decide(makefile: Makefile, target: str, chosen: set[str], outcome: Outcome, force_phony: bool) -> None:
    reasons = []
    if target not in makefile.targets():
        reasons.append(Refusal.at(_variable_line(makefile, target), "its name stands in a variable there"))
    if not reasons:
        reasons = [*refusals.refuse(makefile, target, force_phony)][:1]
    if not reasons:
        for stated in makefile.main_rules(target):
            if left := [name for name in stated.rule.targets if name not in chosen]:
                reasons.append(Refusal.at(stated.line, f"its rule makes {' '.join(left)} too; choose all of them"))
    reasons = reasons or [*company.refuse(makefile, target, makefile.wrapped | set(outcome.done))][:1]
    if reasons:
        outcome.refused[target] = reasons[0]
    else:
        outcome.done.append(target)


def _variable_line(makefile: Makefile, target: str) -> Line:
    return next(s.line for s in makefile.rules if target in makefile.expanded(s.rule.targets))


def _keep_companions(makefile: Makefile, outcome: Outcome) -> None:
    """Leave alone what shares its rule with a target that is left alone."""
    while True:
        torn = [
            (target, stated, left[0])
            for target in outcome.done
            for stated in makefile.main_rules(target)
            if (left := [name for name in stated.rule.targets if name not in outcome.done])
        ]
        if not torn:
            return
        target, stated, other = torn[0]
        outcome.done.remove(target)
        outcome.refused[target] = Refusal.at(stated.line, f"it shares its rule with {other}, which is left alone")


def _rewrite(makefile: Makefile, done: set[str]) -> str:
    end = next((line.end for line in makefile.lines if line.end), "\n")
    replaced: dict[int, str] = {}
    for stated in makefile.rules + makefile.settings:
        targets = done & set(stated.rule.targets)
        if not targets:
            continue
        if any(stated in makefile.main_rules(target) for target in targets):
            replaced[stated.line.number] = _indirection(makefile, stated, end)
            replaced |= {line.number: _own_names(line.raw) for line in stated.rule.recipe}
        else:
            replaced[stated.line.number] = _renamed(stated, targets) + stated.line.end
    return "".join(replaced.get(line.number, line.raw) for line in makefile.lines)


def _renamed(stated: Stated, targets: set[str]) -> str:
    """The rule's line with some targets under the implementations' names."""
    head, colons = stated.rule.head, stated.rule.colons
    names = re.split(r"(\s+)", head[: len(head) - len(colons)])
    return "".join(PREFIX + name if name in targets else name for name in names) + colons + _rest(stated)


def _rest(stated: Stated) -> str:
    rule = stated.rule
    if rule.variable or not rule.inline:
        text = rule.rest
    else:
        before = len(rule.rest) - len(rule.inline)
        text = rule.rest[:before] + _own_names(rule.inline)
    if rule.pattern:
        return text.replace(rule.pattern, PREFIX + rule.pattern, 1)
    return text


def _indirection(makefile: Makefile, stated: Stated, end: str) -> str:
    """The line that hands over, its recipe, and the implementation's line."""
    rule, line = stated.rule, stated.line
    _, comment = split_comment(rule.rest)
    implementation = _renamed(stated, set(rule.targets)).removesuffix(comment)
    target = rule.targets[0]
    forced = "".join(f" {name}" for name in families.forces(makefile, target)) if rule.is_pattern else ""
    public = f"{rule.head}{forced}{comment}"
    middle = [f"{line.prefix}{HAND_OVER}"]
    if not rule.is_pattern:
        unknown = [name for name in rule.targets if name not in makefile.phony]
        middle.append(" ".join([".PHONY:", *unknown, *(PREFIX + name for name in rule.targets)]))
    return end.join([public, *middle, implementation]) + line.end


def split_comment(rest: str) -> tuple[str, str]:
    """What follows the colon, and its comment with the space before it; a continued line keeps its comment."""
    at = scanning.find(rest, ";#")
    if "\n" in rest or at < 0 or rest[at] == ";":
        return rest, ""
    text = rest[:at].rstrip()
    return text, rest[len(text) :]


def _own_names(text: str) -> str:
    """`$@` so that it gives the target's own name in its implementation."""
    for begin, stop in reversed(scanning.own_names(text)):
        text = text[:begin] + OWN_NAMES[text[begin:stop]] + text[stop:]
    return text


def _with_include(text: str, makefile: Makefile) -> str:
    if any(line.kind is Kind.INCLUDE and INCLUDED in line.value.split() for line in makefile.everything):
        return text
    end = next((line.end for line in makefile.lines if line.end), "\n")
    if text.endswith("\n"):
        return text + end + LAST_LINE + end
    return text + end + LAST_LINE


def _notes(makefile: Makefile, done: list[str]) -> list[str]:
    """What is as before for each goal by itself, but not in every company."""
    graph = makefile.graph
    notes = []
    for target in done:
        wanted = graph.reach(graph.wanted_by(target))
        shared = [name for name in wanted if name in graph.runs and name in makefile.phony]
        if shared:
            name = shared[0]
            notes = [f"`make {name} {target}` in one call makes {name} twice: by itself, and inside {target}."]
            break
    return notes + [_shown(line) for line in makefile.lines if _lists_targets(line)]


def _lists_targets(line: Line) -> bool:
    """Whether a recipe looks for targets in the Makefile or asks make for them, other than by their help texts."""
    asks_make = re.search(r"\$[({]MAKE[)}].* (-[a-zA-Z]*p|--print-data-base)", line.raw)
    greps = re.search(r"\b(grep|awk|sed)\b.*(MAKEFILE|[Mm]akefile\b)", line.raw) and "##" not in line.raw
    return line.kind is Kind.RECIPE and bool(asks_make or greps)


def _shown(line: Line) -> str:
    return f"line {line.number} may list targets; look whether it shows names with {PREFIX}."
