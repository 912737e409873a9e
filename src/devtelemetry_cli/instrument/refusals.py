"""Why a target is left alone: each thing that would not be as before, with its line."""

import re
from collections.abc import Callable, Iterator

from devtelemetry_cli.instrument import families, knowledge, scanning, surroundings
from devtelemetry_cli.instrument.knowledge import PREFIX, Makefile, Refusal, Stated
from devtelemetry_cli.instrument.reading import Kind


def refuse(makefile: Makefile, target: str, force_phony: bool) -> Iterator[Refusal]:
    """What stands in the way of one target, apart from the others."""
    for reason in _REASONS:
        yield from reason(makefile, target)
    if not force_phony:
        yield from families.makes_a_file(makefile, target)


def _name(makefile: Makefile, target: str) -> Iterator[Refusal]:
    if target.startswith(PREFIX) or knowledge.is_special(target) or target in ("devtel.mk", "FORCE"):
        yield Refusal.at(makefile.rules_of(target)[0].line, "a target of this name cannot be handed over")
    taken = [s for s in makefile.rules + makefile.elsewhere if PREFIX + target in makefile.expanded(s.rule.targets)]
    if taken:
        yield Refusal.at(taken[0].line, f"there is a target {PREFIX}{target} already")
    for stated in makefile.elsewhere:
        if target in makefile.expanded(stated.rule.targets):
            yield Refusal.at(stated.line, "another Makefile speaks of it as well")
    for stated in makefile.rules:
        rule = stated.rule
        if target in makefile.expanded(rule.targets) and target not in rule.targets:
            yield Refusal.at(stated.line, "its name stands in a variable there")


def _defines(makefile: Makefile, target: str) -> Iterator[Refusal]:
    makes_rules = any("eval" in scanning.called(line.text) for line in makefile.everything)
    for line in makefile.everything if makes_rules else []:
        if line.kind is Kind.DEFINE and re.search(rf"^\s*{re.escape(target)}\s*:", line.value, flags=re.MULTILINE):
            yield Refusal.at(line, "a define speaks of it, and $(eval) may make a rule of that")


def _shape(makefile: Makefile, target: str) -> Iterator[Refusal]:
    stated = makefile.rules_of(target)
    for one in stated:
        rule, number = one.rule, one.line.number
        if rule.colons != ":":
            yield Refusal(number, f"it is a {'double-colon' if rule.colons == '::' else 'grouped'} rule")
        if any("$" in name or "\\" in name for name in rule.targets) or "\n" in rule.head:
            yield Refusal(number, "not all names before the colon stand there plainly, on one line")
        if rule.is_torn:
            yield Refusal(rule.is_torn[0], "its recipe stands in another branch of a conditional than its name")
    if stated and _comes_first_by_another_line(makefile, target):
        yield Refusal.at(stated[0].line, "it is the default goal by a line without recipe; set .DEFAULT_GOAL")


def _lists(makefile: Makefile, target: str) -> Iterator[Refusal]:
    for one in makefile.rules_of(target):
        rule, number = one.rule, one.line.number
        if "##" in rule.inline:
            yield Refusal(number, "a help text in the recipe behind a semicolon would stand there twice or not at all")
        if any("$$" in re.sub(r"\$\$\*", "", name) for name in rule.prerequisites):
            yield Refusal(number, "prerequisites that are expanded a second time may ask for the target's name")
        if any(scanning.is_unfinished(text) for text in _recipe_texts(one)):
            yield Refusal(number, "a reference in its recipe has no end, so make stops there")
        if any(PREFIX + "%=%" in text for text in _recipe_texts(one)):
            yield Refusal(number, "its recipe already holds what could not be told from ours when it is undone")


def _conditionals(makefile: Makefile, target: str) -> Iterator[Refusal]:
    main = makefile.main_rules(target)
    rest = [one for one in makefile.rules_of(target) if one not in main]
    if len(main) == 1 and not main[0].line.branches:
        return
    for one in main:
        if not one.line.branches or not one.rule.has_recipe or rest:
            yield Refusal.at(one.line, "whether this rule or another one counts cannot be told for all conditions")
            return
    for index, one in enumerate(main):
        for other in main[index + 1 :]:
            if not _exclude(one.line.branches, other.line.branches):
                yield Refusal.at(other.line, "it has a second recipe there")


def _exclude(one: tuple[tuple[int, int], ...], other: tuple[tuple[int, int], ...]) -> bool:
    """Whether two places stand in different branches of one conditional."""
    return any(a[0] == b[0] and a[1] != b[1] for a, b in zip(one, other, strict=False))


def _comes_first_by_another_line(makefile: Makefile, target: str) -> bool:
    """Whether the file's first target would be the implementation: its first line is not the one that hands over."""
    if ".DEFAULT_GOAL" in makefile.variables:
        return False
    goals = [s for s in makefile.rules if not s.rule.is_pattern and not s.rule.targets[0].startswith(".")]
    return bool(goals) and target in goals[0].rule.targets and goals[0] not in makefile.main_rules(target)


def _special(makefile: Makefile, target: str) -> Iterator[Refusal]:
    for stated in makefile.rules + makefile.elsewhere:
        special = [name for name in stated.rule.targets if knowledge.is_special(name) and name != ".PHONY"]
        if special and target in makefile.expanded(stated.rule.prerequisites):
            yield Refusal.at(stated.line, f"{special[0]} names it")


def _recipe_texts(stated: Stated) -> list[str]:
    return [stated.rule.inline, *(line.raw for line in stated.rule.recipe)]


def _recipe(makefile: Makefile, target: str) -> Iterator[Refusal]:
    tainted = makefile.tainted
    for stated in makefile.rules_of(target):
        numbers = [stated.line.number, *(line.number for line in stated.rule.recipe)]
        for number, text in zip(numbers, _recipe_texts(stated), strict=True):
            spans = [text[begin : scanning.after_reference(text, begin)] for begin, _ in scanning.own_names(text)]
            if other := [span for span in spans if span not in ("$@", "${@}")]:
                yield Refusal(number, f"{other[0]} would be made of the implementation's name")
            if re.search(r"\$(\*|[({]\*)", text.replace("$$", "")) and not (
                stated.rule.is_pattern or stated.rule.pattern
            ):
                yield Refusal(number, "$* in a rule without % depends on the target's name")
            for name in sorted(scanning.referred(text) & tainted.keys()):
                where = f"line {tainted[name].number}"
                yield Refusal(number, f"{name} ({where}) uses $@, which would be the implementation's name")
            if tainted and scanning.is_computed(text):
                yield Refusal(number, "which variable it takes cannot be told, and some use $@")


def _goals(makefile: Makefile, target: str) -> Iterator[Refusal]:
    """What asks for the target by name in a conditional on MAKECMDGOALS."""
    for line in makefile.everything:
        found = surroundings.ONE_GOAL.fullmatch(scanning.without_comment(line.text))
        if found and target in (found[1], found[2]):
            yield Refusal.at(line, "MAKECMDGOALS is another one in the make that runs the implementation")


_REASONS: list[Callable[[Makefile, str], Iterator[Refusal]]] = [
    _name, _defines, _shape, _lists, _conditionals, _special, _recipe, _goals,
    families.variables, families.variables_elsewhere, families.pattern,
]  # fmt: skip
