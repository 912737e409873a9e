"""Completion of target names, from the text of the Makefile; make is not run."""

import re
from pathlib import Path

import click
from click.shell_completion import CompletionItem

_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")  # in make's order
_GENERATED = "# GNUmakefile:"  # the first words of devtel's own, which only includes the next one
_IMPLEMENTATION = re.compile(r"^impl-([^\s:=#%$()]+)[^:=]*:(?!=)", re.MULTILINE)
_RULE = re.compile(r"^([A-Za-z0-9][^\s:=#%$()]*)[^:=]*:(?!=)", re.MULTILINE)


def wrapped_targets(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The targets with an implementation (`impl-TARGET`)."""
    return _items(_IMPLEMENTATION.findall(_makefile(Path())), incomplete)


def targets(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Every target that the Makefile names."""
    return _items([name.removeprefix("impl-") for name in _RULE.findall(_makefile(Path()))], incomplete)


def _items(names: list[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in sorted(set(names)) if name.startswith(incomplete)]


def _makefile(folder: Path) -> str:
    for name in _MAKEFILES:
        try:
            text = (folder / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if not text.startswith(_GENERATED):
            return text
    return ""
