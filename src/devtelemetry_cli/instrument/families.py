"""Why a pattern is left alone, or a target for what is said of its family: patterns, their variables, files."""

from collections.abc import Iterator

from devtelemetry_cli.instrument import knowledge
from devtelemetry_cli.instrument.knowledge import PREFIX, Makefile, Refusal


def variables(makefile: Makefile, target: str) -> Iterator[Refusal]:
    """Variables of its own that would not go along."""
    for stated in makefile.settings:
        names = stated.rule.targets
        if any(target in makefile.expanded([n]) and n != target for n in names):
            yield Refusal.at(stated.line, "its variable is set under a name that stands in a variable")
        patterns = [n for n in names if "%" in n and n not in ("%", target)]
        if any(_is_touched(target, n) and not knowledge.stem_of(PREFIX + target, n) for n in patterns):
            yield Refusal.at(stated.line, f"{stated.rule.variable} is set for a pattern that fits its old name only")
        if "%" in target and any(knowledge.stem_of(n, target) for n in names):
            yield Refusal.at(stated.line, f"{stated.rule.variable} is set for one of this family")


def variables_elsewhere(makefile: Makefile, target: str) -> Iterator[Refusal]:
    """Variables of its own that stand in a file which is not rewritten."""
    for stated in makefile.settings_elsewhere:
        names = makefile.expanded(stated.rule.targets)
        if any(n == target or (n != "%" and "%" in n and _is_touched(target, n)) for n in names):
            yield Refusal.at(stated.line, "another Makefile sets a variable for it")


def _is_touched(target: str, pattern: str) -> bool:
    if "%" in target:
        return knowledge.may_meet(target, pattern)
    return knowledge.stem_of(target, pattern) is not None


def pattern(makefile: Makefile, target: str) -> Iterator[Refusal]:
    """What stands in the way of a family."""
    if "%" not in target:
        return
    main = makefile.main_rules(target)[0]
    if target.startswith("%"):
        yield Refusal.at(main.line, "a pattern that begins with % would make its own implementation as well")
    if not main.rule.has_recipe:
        yield Refusal.at(main.line, "a pattern without a recipe only takes another rule away")
    if len(makefile.rules_of(target)) > 1:
        yield Refusal.at(makefile.rules_of(target)[1].line, "the pattern has more than one rule")
    if len(main.rule.targets) > 1:
        yield Refusal.at(main.line, "a pattern rule of several targets makes them all at once")
    yield from _meeting(makefile, target)


def _meeting(makefile: Makefile, target: str) -> Iterator[Refusal]:
    """Rules that make the same names, or add to one of them."""
    rule = makefile.main_rules(target)[0].rule
    depends = bool(set(rule.prerequisites) - set(forces(makefile, target)))
    for stated in makefile.rules + makefile.elsewhere:
        names = makefile.expanded(stated.rule.targets)
        if not stated.rule.has_recipe and any(knowledge.stem_of(n, target) for n in names):
            yield Refusal.at(stated.line, "one of this family has more prerequisites there")
        others = [n for n in names if "%" in n and n != target and stated.rule.is_pattern]
        if depends and any(knowledge.may_meet(target, n) for n in others):
            yield Refusal.at(stated.line, "another pattern may make the same names, depending on prerequisites")


def makes_a_file(makefile: Makefile, target: str) -> Iterator[Refusal]:
    """Whether it is, for all that is said, a file: the indirection would make it each time."""
    number = makefile.rules_of(target)[0].line.number
    if "%" in target:
        if not forces(makefile, target):
            yield Refusal(
                number, "a pattern makes files unless it wants a FORCE; where these are none, say --force-phony"
            )
    elif target not in makefile.phony:
        yield Refusal(number, "it is not .PHONY, so it makes a file; where it is none, say --force-phony")


def forces(makefile: Makefile, target: str) -> list[str]:
    """The prerequisites that make a pattern run each time: phony ones, and ones that nothing makes."""
    rule = makefile.main_rules(target)[0].rule
    graph = makefile.graph
    return [
        name for name in rule.prerequisites
        if "%" not in name and "$" not in name and name != "|"
        and not graph.does_run(name) and not graph.wanted_by(name) and name in graph.wants
    ]  # fmt: skip
