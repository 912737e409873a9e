"""Take the indirection out again, byte for byte; what a maintainer changed elsewhere since stays changed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from devtelemetry_cli.instrument import knowledge, scanning
from devtelemetry_cli.instrument.knowledge import PREFIX, Makefile, Refusal, Stated
from devtelemetry_cli.instrument.reading import Kind
from devtelemetry_cli.instrument.rewriting import HAND_OVER, LAST_LINE, OWN_NAMES, split_comment


@dataclass(frozen=True)
class _Site:
    """One indirection as it was written: the line that hands over, what follows it, and the implementation."""

    public: Stated
    between: tuple[int, ...]
    implementation: Stated


@dataclass
class Undone:
    """The new text, which targets are plain again, and which could not be."""

    text: str
    done: list[str] = field(default_factory=list)
    refused: dict[str, Refusal] = field(default_factory=dict)


def undo(text: str, chosen: Iterable[str] = ()) -> Undone:
    """The text without the indirection of the chosen targets; of all where none is chosen. Raises UnreadableError."""
    makefile = knowledge.read(text)
    wanted = set(chosen)
    sites = [site for site in _sites(makefile) if not wanted or wanted & set(site.public.rule.targets)]
    outcome = Undone(text)
    kept = []
    for site in sites:
        if reason := _in_use(makefile, site):
            outcome.refused |= dict.fromkeys(site.public.rule.targets, reason)
        else:
            kept.append(site)
            outcome.done += [name for name in site.public.rule.targets if name not in outcome.done]
    for target in wanted - {name for site in sites for name in site.public.rule.targets}:
        if target in makefile.wrapped:
            outcome.refused[target] = Refusal.at(makefile.rules_of(target)[0].line, "devtel did not write it so")
    outcome.text = _without_include(_restore(makefile, kept, set(outcome.done)))
    return outcome


def _sites(makefile: Makefile) -> list[_Site]:
    rules = {stated.line.number: stated for stated in makefile.rules}
    found = []
    for index, line in enumerate(makefile.lines):
        public = rules.get(line.number)
        following = makefile.lines[index + 1 : index + 4]
        if public is None or len(following) < 2 or following[0].text != f"{line.prefix}{HAND_OVER}":
            continue
        between = 2 if (following[1].rule and ".PHONY" in following[1].rule.targets) else 1
        implementation = rules.get(following[between].number) if len(following) > between else None
        if implementation and implementation.rule.targets == tuple(PREFIX + t for t in public.rule.targets):
            found.append(_Site(public, tuple(one.number for one in following[:between]), implementation))
    return found


def _in_use(makefile: Makefile, site: _Site) -> Refusal | None:
    """A line that speaks of the implementation by its name, so that it would miss it."""
    public, implementation = site.public.rule, site.implementation.rule
    names = {PREFIX + name for name in public.targets}
    if not set(public.prerequisites) <= set(implementation.prerequisites):
        return Refusal.at(site.public.line, "it has prerequisites that its implementation lacks")
    word = re.compile("|".join(rf"(?<![\w.%/-]){re.escape(name)}(?![\w.%/-])" for name in names))
    for line in makefile.lines:
        if line.kind is Kind.OTHER:
            continue
        if line.number in site.between:
            if line.rule and not set(line.rule.prerequisites) <= names | set(public.targets):
                return Refusal.at(line, "more was written into this line")
            continue
        is_own = line.rule is not None and names & set(line.rule.targets)
        text = line.rule.rest if line.rule is not None and is_own else line.text
        if word.search(text) and not (line.rule and ".PHONY" in line.rule.targets):
            return Refusal.at(line, "it speaks of the implementation by its name")
    return None


def _restore(makefile: Makefile, sites: list[_Site], done: set[str]) -> str:
    replaced: dict[int, str] = {}
    names = {PREFIX + name: name for name in done}
    for stated in makefile.rules + makefile.settings:
        if names.keys() & set(stated.rule.targets):
            replaced[stated.line.number] = _renamed(stated, names) + stated.line.end
            replaced |= {line.number: _own_names(line.raw) for line in stated.rule.recipe}
    for site in sites:
        _, comment = split_comment(site.public.rule.rest)
        line = site.implementation.line
        replaced[line.number] = _renamed(site.implementation, names) + comment + line.end
        replaced |= dict.fromkeys((site.public.line.number, *site.between), "")
    return "".join(replaced.get(line.number, line.raw) for line in makefile.lines)


def _renamed(stated: Stated, names: dict[str, str]) -> str:
    rule = stated.rule
    head = "".join(names.get(word, word) for word in re.split(r"(\s+|:)", rule.head))
    rest = rule.rest
    if rule.pattern.startswith(PREFIX):
        rest = rest.replace(rule.pattern, rule.pattern.removeprefix(PREFIX), 1)
    return head + (_own_names(rest) if rule.inline else rest)


def _own_names(text: str) -> str:
    for begin, _ in reversed(scanning.own_names(text)):
        for before, after in OWN_NAMES.items():
            if text.startswith(after, begin):
                text = text[:begin] + before + text[begin + len(after) :]
    return text


def _without_include(text: str) -> str:
    """The text without our own last line, where nothing hands over any more."""
    if knowledge.HANDS_OVER in text:
        return text
    found = re.search(r"(\r?\n)" + re.escape(LAST_LINE) + r"(\r?\n|\Z)", text)
    if not found:
        return text
    before, behind = text[: found.start()], text[found.end() :]
    return before + ("" if before.endswith("\n") or not behind else found[1]) + behind
