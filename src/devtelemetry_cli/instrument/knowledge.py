"""What the lines of a Makefile say together: its variables, its rules, what is phony, and who wants whom."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from devtelemetry_cli.instrument import reading, scanning
from devtelemetry_cli.instrument.reading import Line, Rule

HANDS_OVER = "$(DEVTEL)"
PREFIX = "impl-"
_DEPTH = 20
_REFERENCE = re.compile(r"\$[({]([A-Za-z_][\w.-]*)(?::([^\s%=$]*)%([^\s%=$]*)=([^\s=$(){}]*))?[)}]")
_BUILT_BY_MAKE_ITSELF = (".o", ".a", ".s", ".i")


@dataclass(frozen=True)
class Refusal:
    """One reason to leave something alone, and the line that shows it."""

    number: int
    why: str
    file: str = ""  # another file than the one that is to be rewritten

    @classmethod
    def at(cls, line: Line, why: str) -> "Refusal":
        """The reason that a line shows."""
        return cls(line.number, why, line.file)


@dataclass(frozen=True)
class Stated:
    """A rule and its line."""

    line: Line
    rule: Rule


@dataclass
class Makefile:
    """One Makefile, with what is known of the files that it includes."""

    lines: list[Line]
    included: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.everything = self.lines + self.included
        self.variables: dict[str, list[Line]] = {}
        self.told: dict[str, list[str]] = {}  # what words with references stand for
        for line in self.everything:
            if line.name and line.operator:
                self.variables.setdefault(line.name, []).append(line)
        self.rules = [Stated(line, line.rule) for line in self.lines if line.rule and not line.rule.variable]
        self.settings = [Stated(line, line.rule) for line in self.lines if line.rule and line.rule.variable]
        self.settings_elsewhere = [Stated(one, one.rule) for one in self.included if one.rule and one.rule.variable]
        self.elsewhere = [Stated(line, line.rule) for line in self.included if line.rule and not line.rule.variable]
        self.phony = {
            name
            for stated in self.rules + self.elsewhere
            if ".PHONY" in stated.rule.targets
            for name in self.expanded(stated.rule.prerequisites)
        }

    def rules_of(self, target: str) -> list[Stated]:
        """Every rule in this file that speaks of the target by its own name, its variables left out."""
        return [stated for stated in self.rules if target in stated.rule.targets]

    def main_rules(self, target: str) -> list[Stated]:
        """The rules that become the indirection: those with a recipe, or else the first."""
        stated = self.rules_of(target)
        return [one for one in stated if one.rule.has_recipe] or stated[:1]

    def targets(self) -> list[str]:
        """Each name that can be chosen, in the file's order."""
        plain = [t for s in self.rules for t in s.rule.targets if "$" not in t and not is_special(t)]
        return list(dict.fromkeys(plain))

    @cached_property
    def wrapped(self) -> set[str]:
        """Targets that hand over already."""
        return {t for s in self.rules if hands_over(s.rule) for t in self.expanded(s.rule.targets)}

    def expanded(self, listed: Iterable[str]) -> list[str]:
        """Names with the variables put in that are set once and plainly; what cannot be told stays as written."""
        return [name for word in listed for name in self._names_in(word)]

    def _names_in(self, word: str) -> list[str]:
        if "$" not in word:
            return [word]
        if word not in self.told:
            self.told[word] = scanning.names(self._expand(word, _DEPTH))
        return self.told[word]

    def _expand(self, text: str, depth: int) -> str:
        return _REFERENCE.sub(lambda found: self._value(found, depth), text)

    def _value(self, found: re.Match[str], depth: int) -> str:
        value = self._plain_value(found[1], found[0], depth)
        if found[4] is None or value == found[0]:
            return value
        made = [(stem_of(w, f"{found[2]}%{found[3]}"), w) for w in scanning.names(value)]
        return " ".join(w if stem is None else found[4].replace("%", stem, 1) for stem, w in made)

    def _plain_value(self, name: str, reference: str, depth: int) -> str:
        settings = self.variables.get(name, [])
        if len(settings) != 1 or settings[0].operator not in ("=", ":=", "::=", "?=") or not depth:
            return reference
        return self._expand(settings[0].value, depth - 1)

    @cached_property
    def graph(self) -> "Graph":
        """Who wants whom."""
        return Graph(self)

    @cached_property
    def tainted(self) -> dict[str, Line]:
        """The variables that speak of the target that is made (`$@`), directly or by others, and where they are set."""
        found = {n: line for n, lines in self.variables.items() for line in lines if scanning.own_names(line.value)}
        while True:
            more = {
                name: line
                for name, lines in self.variables.items()
                for line in lines
                if name not in found and scanning.referred(line.value) & found.keys()
            }
            if not more:
                return found
            found |= more


class Graph:
    """The targets, what they want, and which of them run something."""

    def __init__(self, makefile: Makefile) -> None:
        self.wants: dict[str, list[str]] = {}
        self.runs: set[str] = set()
        self.patterns: list[tuple[str, list[str]]] = []
        self.hands_over: set[str] = set()
        for stated in makefile.rules + makefile.elsewhere:
            self._add(stated.rule, makefile)

    def _add(self, rule: Rule, makefile: Makefile) -> None:
        wanted = makefile.expanded(rule.prerequisites)
        for name in makefile.expanded(rule.targets):
            if is_special(name):
                continue
            stem = stem_of(name, rule.pattern) if rule.pattern else None
            found = [w.replace("%", stem, 1) for w in wanted] if stem is not None else wanted
            if "%" in name:
                self.patterns.append((name, wanted))
            self.wants.setdefault(name, []).extend(w for w in found if w != "|")
            if rule.has_recipe:
                self.runs.add(name)
            if hands_over(rule):
                self.hands_over.add(name)

    def wanted_by(self, name: str) -> list[str]:
        """Its prerequisites, by its own rules and by the pattern that makes it."""
        own = list(self.wants.get(name, []))
        if name not in self.runs and "%" not in name and (pattern := self._pattern(name)):
            stem = stem_of(name, pattern[0]) or ""
            own += [w.replace("%", stem, 1) for w in pattern[1] if w != "|"]
            return [*own, PREFIX + name] if pattern[0] in self.hands_over else own
        return [*own, PREFIX + name] if name in self.hands_over else own

    def does_run(self, name: str) -> bool:
        """Whether making it may run something."""
        return (
            name in self.runs
            or "$" in name
            or name.endswith(_BUILT_BY_MAKE_ITSELF)
            or (name not in self.wants and self._pattern(name) is not None)
        )

    @staticmethod
    def is_unknown(name: str) -> bool:
        """Whether this stands for names that cannot be told here."""
        return re.match(r"\$\$|\$[({][^$]*[)}]$", name) is not None

    def _pattern(self, name: str) -> tuple[str, list[str]] | None:
        return next((p for p in self.patterns if stem_of(name, p[0])), None)

    def is_one_of(self, name: str, chosen: set[str]) -> bool:
        """Whether a name, or the family that makes it, is among the chosen."""
        if name in chosen or name in self.runs or "%" in name:
            return name in chosen
        pattern = self._pattern(name)
        return pattern is not None and pattern[0] in chosen

    def reach(self, begin: Iterable[str], stops: set[str] | None = None) -> list[str]:
        """Everything that is wanted from `begin` on, itself included, not beyond `stops`."""
        found: dict[str, None] = {}
        left, stop = list(begin), stops or set()
        while left:
            name = left.pop()
            if name in found:
                continue
            found[name] = None
            if not self.is_one_of(name, stop):
                left.extend(self.wanted_by(name))
        return list(found)

    def times(self, goals: Iterable[str], wrapped: set[str], depth: int = _DEPTH) -> Counter[str]:
        """How often each recipe would run for these goals, where every wrapped target is a make of its own."""
        counted: Counter[str] = Counter()
        for name in self.reach(goals, wrapped):
            if depth and self.is_one_of(name, wrapped):
                counted += Counter([name]) + self.times(self.wanted_by(name), wrapped, depth - 1)
            elif self.does_run(name):
                counted[name] += 1
        return counted


def hands_over(rule: Rule) -> bool:
    """Whether the rule's recipe is devtel's."""
    return HANDS_OVER in rule.inline or any(HANDS_OVER in line.raw for line in rule.recipe)


def is_special(name: str) -> bool:
    """Whether make itself gives the name a meaning, as `.PHONY`."""
    return re.fullmatch(r"\.[A-Z_]+", name) is not None


def stem_of(name: str, pattern: str) -> str | None:
    """What `%` stands for where the pattern makes the name; None where it does not."""
    before, percent, after = pattern.partition("%")
    fits = percent and len(name) > len(before) + len(after) and name.startswith(before) and name.endswith(after)
    return name[len(before) : len(name) - len(after)] if fits else None


def may_meet(one: str, other: str) -> bool:
    """Whether two patterns may make the same name."""
    (before, _, after), (begin, _, end) = one.partition("%"), other.partition("%")
    fits_left = before.startswith(begin) or begin.startswith(before)
    return fits_left and (after.endswith(end) or end.endswith(after))


def read(text: str, included: Mapping[str, str] | None = None) -> Makefile:
    """What a Makefile says, beside the files that are read with it. Raises UnreadableError for its own text."""
    others: list[Line] = []
    for name, other in (included or {}).items():
        try:
            others += [replace(line, file=name) for line in reading.read(other)]
        except reading.UnreadableError:
            continue  # it is not what is to be rewritten; make will say
    return Makefile(reading.read(text), others)
