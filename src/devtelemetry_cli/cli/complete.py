"""Completion of target names, from the text of the Makefile; make is not run."""

import re
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from devtelemetry_cli.client import atomic_files
from devtelemetry_cli.model import plain_text

_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")  # in make's order
_GENERATED = "# GNUmakefile:"  # the first words of devtel's own, which only includes the next one
_END = r"(?:[ \t][^:=\n]*)?:(?!=)"  # each line is read once, whatever the Makefile holds
_IMPLEMENTATION = re.compile(r"^impl-([^\s:=#%$()]+)" + _END, re.MULTILINE)
_RULE = re.compile(r"^([A-Za-z0-9][^\s:=#%$()]*)" + _END, re.MULTILINE)


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
            with open(folder / name, "rb", opener=atomic_files.open_nonblocking) as file:
                text = plain_text.normalised(file.read(atomic_files.MAX_BYTES))
        except OSError:
            continue
        if not text.startswith(_GENERATED):
            return text
    return ""
