"""A Makefile's text as its logical lines, told apart as make does. No byte is lost: the lines' `raw` join to it."""

import re
from dataclasses import dataclass, field, replace
from enum import Enum

from devtelemetry_cli.instrument import scanning


class UnreadableError(Exception):
    """The text is no Makefile; `number` is the line that shows it."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(why)
        self.number = number
        self.why = why


class Kind(Enum):
    """What a logical line is."""

    RULE = "rule"
    RECIPE = "recipe"
    ASSIGNMENT = "assignment"
    CONDITIONAL = "conditional"
    DEFINE = "define"
    INCLUDE = "include"
    DIRECTIVE = "directive"
    OTHER = "other"


@dataclass(frozen=True)
class Rule:
    """A rule's own line: `head` goes up to and with its colons, `rest` from there to the end of the line."""

    head: str
    targets: tuple[str, ...]
    colons: str
    rest: str
    pattern: str = ""  # of a static pattern rule
    prerequisites: tuple[str, ...] = ()
    inline: str = ""  # the recipe behind a semicolon
    variable: str = ""  # the name, where the line sets a target's own variable
    recipe: list["Line"] = field(default_factory=list, compare=False)
    is_torn: list[int] = field(default_factory=list, compare=False)  # recipe lines in another branch of a conditional

    @property
    def has_recipe(self) -> bool:
        """Whether anything is to be run."""
        return bool(self.inline) or bool(self.recipe)

    @property
    def is_pattern(self) -> bool:
        """Whether it is an implicit rule."""
        return not self.pattern and any("%" in target for target in self.targets)


@dataclass(frozen=True)
class Line:
    """One logical line: several physical ones where they are continued."""

    kind: Kind
    number: int
    raw: str
    prefix: str  # what recipe lines begin with, here
    branches: tuple[tuple[int, int], ...] = ()  # the conditionals around it: where each begins, and which branch
    rule: Rule | None = None
    file: str = ""  # another one than the file that is to be rewritten
    name: str = ""  # of the variable that is set, or the directive
    operator: str = ""
    value: str = ""
    is_exported: bool = False

    @property
    def text(self) -> str:
        """Without its line break."""
        return self.raw.rstrip("\r\n")

    @property
    def end(self) -> str:
        """Its line break; empty at the end of a file that has none."""
        return self.raw[len(self.text) :]


_ASSIGNMENT = re.compile(
    r"\s*((?:(?:export|override|private|unexport)\s+)*)([^\s:#=!?+][^\s:#=]*?)\s*(:{0,3}=|\?=|\+=|!=)(.*)", re.DOTALL
)
_DEFINE = re.compile(r"\s*(?:(?:export|override|private)\s+)*define\s+([^\s=:+?!]+)")
_ENDEF = re.compile(r"\s*endef\b")
_CONDITIONAL = re.compile(r"\s*(ifdef|ifndef|ifeq|ifneq|else|endif)\b")
_INCLUDE = re.compile(r"\s*(?:include|-include|sinclude)\s")
_DIRECTIVE = re.compile(r"\s*(export|unexport|undefine|vpath|load|-load)\b(?!\s*:[^=:])")
_COLONS = re.compile(r"&?::?")


def read(text: str) -> list[Line]:
    """The logical lines. Raises UnreadableError."""
    return _Reader(text).lines()


class _Reader:
    def __init__(self, text: str) -> None:
        self.physical = re.findall(r"[^\n]*\n|[^\n]+", text)
        self.at = 0
        self.prefix = "\t"
        self.branches: list[tuple[int, int]] = []  # of each open conditional: its line, and which branch of it
        self.pending: Rule | None = None
        self.pending_branches: list[tuple[int, int]] = []

    def lines(self) -> list[Line]:
        found = []
        while self.at < len(self.physical):
            found.append(self._next())
        if self.branches:
            raise UnreadableError(self.branches[-1][0], "a conditional has no endif")
        if found and found[-1].text.endswith("\\"):
            raise UnreadableError(found[-1].number, "the file ends in the middle of a line")
        return found

    def _next(self) -> Line:
        number = self.at + 1
        raw = self._take_continued()
        if self.pending is not None and raw.startswith(self.prefix):
            return self._recipe(number, raw)
        if _DEFINE.match(raw) and not _is_rule_like(raw):
            return self._define(number, raw)
        if conditional := _CONDITIONAL.match(raw):
            self._branch(number, conditional[1])
            return Line(Kind.CONDITIONAL, number, raw, self.prefix)
        line = replace(_plain_line(number, raw, self.prefix, bool(self.branches)), branches=tuple(self.branches))
        if line.kind is Kind.RULE:
            self.pending, self.pending_branches = line.rule, list(self.branches)
        elif line.kind is not Kind.OTHER and line.name != "$":
            self.pending = None
        if line.name == ".RECIPEPREFIX":
            self.prefix = line.value.strip()[:1] or "\t"
        return line

    def _take_continued(self) -> str:
        raw = ""
        while self.at < len(self.physical):
            raw += self.physical[self.at]
            self.at += 1
            text = raw.rstrip("\r\n")
            if (len(text) - len(text.rstrip("\\"))) % 2 == 0:
                break
        return raw

    def _recipe(self, number: int, raw: str) -> Line:
        line = Line(Kind.RECIPE, number, raw, self.prefix)
        if self.pending is not None:
            self.pending.recipe.append(line)
            if self.branches[: len(self.pending_branches)] != self.pending_branches:
                self.pending.is_torn.append(number)
        return line

    def _define(self, number: int, raw: str) -> Line:
        found = _DEFINE.match(raw)
        name, depth, body = found[1] if found else "", 1, ""
        while depth:
            if self.at >= len(self.physical):
                raise UnreadableError(number, "a define has no endef")
            part = self._take_continued()
            depth += bool(_DEFINE.match(part)) - bool(_ENDEF.match(part))
            raw += part
            body += part if depth else ""
        self.pending = None
        return Line(Kind.DEFINE, number, raw, self.prefix, name=name, operator="=", value=body)

    def _branch(self, number: int, word: str) -> None:
        if word.startswith("if"):
            self.branches.append((number, 0))
            return
        if not self.branches:
            raise UnreadableError(number, f"{word} stands outside of a conditional")
        begin, branch = self.branches.pop()
        if word == "else":
            self.branches.append((begin, branch + 1))


def _is_rule_like(raw: str) -> bool:
    return re.match(r"\s*define\s*[:=]", raw) is not None


def _plain_line(number: int, raw: str, prefix: str, lenient: bool) -> Line:
    text = scanning.without_comment(raw.rstrip("\r\n"))
    line = Line(Kind.OTHER, number, raw, prefix)
    if not text.strip():
        return line
    if _INCLUDE.match(text):
        return replace(line, kind=Kind.INCLUDE, value=text.split(None, 1)[1])
    if _first_sign(text) == "=" and (found := _ASSIGNMENT.fullmatch(text)):
        return replace(
            line, kind=Kind.ASSIGNMENT, name=found[2], operator=found[3], value=found[4].strip(),
            is_exported="export" in found[1].split(),
        )  # fmt: skip
    if found := _DIRECTIVE.match(text):
        return replace(line, kind=Kind.DIRECTIVE, name=found[1], value=text[found.end() :].strip())
    if _first_sign(text) == ":":
        return _rule_line(line, raw.rstrip("\r\n"))
    if lenient or text.lstrip().startswith("$"):
        return replace(line, kind=Kind.DIRECTIVE, name="$", value=text.strip())
    raise UnreadableError(number, "it is neither a rule nor an assignment nor a directive (spaces in place of a tab?)")


def _first_sign(text: str) -> str:
    """Whether a line is an assignment or a rule: what comes first of `=` and a colon that begins no `:=`."""
    at = scanning.find(text, ":=")
    if at < 0:
        return ""
    return "=" if text[at] == "=" or re.match(r":{1,3}=", text[at:]) else ":"


def _rule_line(line: Line, text: str) -> Line:
    rule = _rule(text)
    rest = scanning.without_comment(rule.rest)
    is_setting = _first_sign(rest) == "=" and scanning.find(rest, ";=") == scanning.find(rest, "=")
    if is_setting and (found := _ASSIGNMENT.fullmatch(rest)):
        own = replace(rule, variable=found[2], prerequisites=(), inline="", pattern="")
        return replace(line, kind=Kind.RULE, rule=own, name=found[2], operator=found[3], value=found[4].strip())
    return replace(line, kind=Kind.RULE, rule=rule)


def _rule(text: str) -> Rule:
    colon = scanning.find(text, ":")
    start = colon - 1 if text[colon - 1 : colon] == "&" else colon
    colons = _COLONS.match(text, start)
    end = colons.end() if colons else colon + 1
    head, rest = text[:end], text[end:]
    rule = Rule(head, tuple(scanning.names(text[:start])), text[start:end], rest)
    end_of_list = scanning.find(rest, ";#")
    listed = rest if end_of_list < 0 else rest[:end_of_list]
    inline = rest[end_of_list + 1 :] if end_of_list >= 0 and rest[end_of_list] == ";" else ""
    second = scanning.find(listed, ":")
    pattern = listed[:second].strip() if second >= 0 else ""
    return replace(rule, pattern=pattern, prerequisites=tuple(scanning.names(listed[second + 1 :])), inline=inline)
