"""Why a target is left alone beside others: each wrapped one is a make of its own, which knows of no other."""

from collections.abc import Iterator

from devtelemetry_cli.instrument import knowledge
from devtelemetry_cli.instrument.knowledge import Makefile, Refusal, Stated


def refuse(makefile: Makefile, target: str, wrapped: set[str]) -> Iterator[Refusal]:
    """What would run twice, or miss a variable, with the target handed over beside those that are already."""
    graph, together = makefile.graph, wrapped | {target}
    goals = [
        (stated, name)
        for stated in makefile.rules + makefile.elsewhere
        for name in makefile.expanded(stated.rule.targets)
        if not knowledge.is_special(name)
    ]
    for stated, name in goals:
        if not any(graph.is_one_of(one, {target}) for one in graph.reach([name])):
            continue
        if name != target:
            yield from _missed(makefile, target, name)
        before, after = graph.times([name], wrapped), graph.times([name], together)
        if twice := [one for one, often in after.items() if often > max(1, before[one])]:
            yield Refusal.at(stated.line, f"{name} would run {twice[0]} in two makes, perhaps at once")
        yield from _unclear(makefile, stated, name, together)


def _unclear(makefile: Makefile, stated: Stated, name: str, together: set[str]) -> Iterator[Refusal]:
    """What a reference stands for may be what another of the makes runs too."""
    graph = makefile.graph
    reached = graph.reach(graph.wanted_by(name) if name in together else [name], together)
    unknown = [one for one in graph.reach([name]) if graph.is_unknown(one)]
    runs_more = [one for one in graph.reach([name]) if one != name and graph.does_run(one) and one not in unknown]
    if unknown and len(runs_more) > 1 and any(one != name and graph.is_one_of(one, together) for one in reached):
        yield Refusal.at(stated.line, f"whether {unknown[0]} is part of what else {name} runs cannot be told")


def _missed(makefile: Makefile, target: str, name: str) -> Iterator[Refusal]:
    for setting in makefile.settings + makefile.settings_elsewhere:
        if (
            any(name == one or knowledge.stem_of(name, one) for one in setting.rule.targets if one != "%")
            and " private " not in f" {setting.rule.rest}"
        ):
            yield Refusal.at(setting.line, f"{setting.rule.variable}, set for {name}, would not reach {target}")
