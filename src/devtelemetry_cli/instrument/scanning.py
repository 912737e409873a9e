"""How make reads one line: what stands inside a reference, where a name ends, where a comment begins."""

import re
from collections.abc import Iterator

_CLOSERS = {"(": ")", "{": "}"}
_NAME_OF_REFERENCE = re.compile(r"\$[({]([^\s(){}$:=,#]+)[):}]|\$[({](?:call|value|flavor|origin)\s+([^\s(){}$:=,#]+)")
_COMPUTED = re.compile(r"\$[({](?:(?:call|value)\s+)?[^\s(){}]*\$")
_SELF = re.compile(r"@|[({]@[DF]?[)}]|[({]@:")


def after_reference(text: str, dollar: int) -> int:
    """The index behind the reference that begins with the dollar sign at `dollar`."""
    opener = text[dollar + 1 : dollar + 2]
    if opener not in _CLOSERS or not opener:
        return dollar + 2
    depth = 0
    for index in range(dollar + 1, len(text)):
        depth += (text[index] == opener) - (text[index] == _CLOSERS[opener])
        if depth == 0:
            return index + 1
    return len(text)


def is_unfinished(text: str) -> bool:
    """Whether a reference has no end, so that make stops there."""
    index = text.find("$")
    while index >= 0:
        opener, after = text[index + 1 : index + 2], after_reference(text, index)
        inside = text[index + 1 : after]
        if opener in _CLOSERS and inside.count(opener) != inside.count(_CLOSERS[opener]):
            return True
        index = text.find("$", after)
    return False


def outside(text: str, start: int = 0) -> Iterator[tuple[int, str]]:
    """Each character that stands in no reference and behind no backslash, with its index."""
    index = start
    while index < len(text):
        if text[index] == "$":
            index = after_reference(text, index)
        elif text[index] == "\\":
            index += 2
        else:
            yield index, text[index]
            index += 1


def find(text: str, characters: str, start: int = 0) -> int:
    """The index of the first of `characters` outside of references, or -1."""
    if not any(character in text for character in characters):
        return -1
    return next((index for index, character in outside(text, start) if character in characters), -1)


def without_comment(text: str) -> str:
    """A line that is no recipe, up to its comment."""
    end = find(text, "#")
    return text if end < 0 else text[:end]


def words(text: str) -> list[str]:
    """The words of a line, continuations joined, each reference kept whole."""
    joined = re.sub(r"\\\r?\n", " ", text)
    edges = {index for index, character in outside(joined) if character.isspace()}
    return "".join("\0" if index in edges else character for index, character in enumerate(joined)).split("\0")


def names(text: str) -> list[str]:
    """The words that are not empty."""
    if "$" not in text and "\\" not in text:
        return text.split()
    return [word for word in words(text) if word]


def referred(text: str) -> set[str]:
    """The variables that a text names in its references, `$(call ...)` included."""
    return {first or second for first, second in _NAME_OF_REFERENCE.findall(text.replace("$$", ""))}


def is_computed(text: str) -> bool:
    """Whether the name of a variable is made of other variables, so that it cannot be told here."""
    return _COMPUTED.search(text.replace("$$", "")) is not None


def own_names(text: str) -> list[tuple[int, int]]:
    """Where a text speaks of the target that is made: the spans of `$@`, `$(@)`, `$(@D)`, `$(@:a=b)` and so on."""
    spans, index = [], 0
    while (index := text.find("$", index)) >= 0:
        found = _SELF.match(text, index + 1)
        if found:
            spans.append((index, found.end()))
        index += 2
    return spans


def called(text: str) -> set[str]:
    """The functions of make that a text calls."""
    return set(re.findall(r"\$[({]([a-z-]+)\s", text.replace("$$", "")))
