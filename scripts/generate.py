#!/usr/bin/env python3
"""Generate docs/cli.md, settings.md, exit-codes.md, fields.md and the man pages from the code.

scripts/generate.py [FOLDER]    FOLDER: the project's root by default

The man pages are committed: building them with the wheel would need click-man and every dependency at each install.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import click
import man_pages as man
from click_man.core import generate_man_page

from devtelemetry_cli import __version__, errors
from devtelemetry_cli.cli import command
from devtelemetry_cli.client import chosen_target, settings_reference
from devtelemetry_cli.report import fields

NOTE = "<!-- Written by scripts/generate.py. -->\n\n"
PLACES = {
    settings_reference.ENVIRONMENT: "",
    settings_reference.CONFIG: (
        "In `~/.config/devtel`, on macOS `~/Library/Application Support/devtel`; or in `DEVTEL_HOME`.\n\n"
    ),
    settings_reference.PROJECT: "In the root of the repository; `devtel init` writes it.\n\n",
}
WRAP = (
    ("`wrap`", "the exit code of make; a make killed by a signal ends `wrap` by the same signal"),
    ("`wrap` 126", "make cannot be run"),
    ("`wrap` 127", "make is missing"),
)
CODES = ((0, "done, or nothing to do"), (2, "invalid arguments"))


def contexts(cmd: click.Command, name: str, parent: click.Context | None = None) -> Iterator[click.Context]:
    """The context of a command and of all below it, in the order of the help."""
    settings = {"terminal_width": 78, "max_content_width": 78, **cmd.context_settings}  # as when it is called: -h
    ctx = click.Context(cmd, info_name=name, parent=parent, **settings)
    yield ctx
    if isinstance(cmd, click.Group):
        for sub in cmd.list_commands(ctx):
            found = cmd.get_command(ctx, sub)
            if found is not None and not found.hidden:
                yield from contexts(found, sub, ctx)


def cli() -> str:
    """The reference of all commands: each one's own help."""
    parts = ["# Commands\n\n" + NOTE + "What `--help` says, for every command.\n"]
    for ctx in contexts(command, "devtel"):
        parts.append(f"## {ctx.command_path}\n\n```text\n{help_of(ctx)}\n```\n")
    return "\n".join(parts)


def help_of(ctx: click.Context) -> str:
    """A command's help; that of `wrap`, which click never sees, is its own."""
    if ctx.command_path == "devtel wrap":
        return chosen_target.HELP.rstrip()

    return "\n".join(line.rstrip() for line in ctx.get_help().splitlines())


def settings() -> str:
    """The tables of all settings."""
    text = "# Settings\n\n" + NOTE
    text += (
        "Flags come first, then the environment, then the user config, then the project file, then defaults. Of the\n"
        "report URL alone the project file's comes before the user config's\n"
        "([why](decisions/0002-report-url-order.md)).\n"
    )
    for where in (settings_reference.ENVIRONMENT, settings_reference.CONFIG, settings_reference.PROJECT):
        text += f"\n## {where}\n\n{PLACES[where]}| name | meaning | default |\n|---|---|---|\n"
        rows = [setting for setting in settings_reference.SETTINGS if setting.where == where]
        text += "".join(f"| `{row.name}` | {row.meaning} | {row.default} |\n" for row in rows)
    return text


def sent_fields() -> str:
    """The table of all fields that are sent."""
    text = f"# Every field that is sent\n\n{NOTE}Version {fields.NOTICE_VERSION} of the notice.\n\n"
    text += "| field | what it holds |\n|---|---|\n"
    return text + "".join(f"| `{field.path}` | {field.meaning} |\n" for field in fields.FIELDS)


def exit_codes() -> str:
    """The table of exit codes, from the errors that carry them."""
    rows: dict[str, str] = {str(code): meaning for code, meaning in CODES}
    kinds: list[type[errors.DevtelError]] = [errors.DevtelError]
    kinds += [kind for kind in errors.DevtelError.__subclasses__() if kind.__module__ == errors.__name__]
    for kind in kinds:
        rows[str(kind.exit_code)] = summary(kind)
    text = "# Exit codes\n\n" + NOTE + "| code | meaning |\n|---|---|\n"
    text += "".join(f"| {code} | {rows[code]} |\n" for code in sorted(rows, key=int))
    return text + "".join(f"| {code} | {meaning} |\n" for code, meaning in WRAP)


def summary(kind: type[errors.DevtelError]) -> str:
    """The first sentence of an error's docstring."""
    if kind is errors.DevtelError:
        return "failure"
    return (kind.__doc__ or "").partition(".\n")[0].partition(". ")[0].rstrip(".")


def man_pages() -> dict[str, str]:
    """Each command's man page, by file name; dated by nothing, so that the same code makes the same page."""
    found = list(contexts(command, "devtel"))
    for ctx in found:  # whole, where a page would cut its name's line off in the middle of a sentence
        ctx.command.short_help = ctx.command.get_short_help_str(limit=200)
    return {
        f"{ctx.command_path.replace(' ', '-')}.1": generate_man_page(
            ctx, version=__version__, date=f"devtel {__version__}"
        )
        + "\n"
        + man.sections(ctx.command_path)
        for ctx in found
    }


def main(root: Path) -> None:
    """Write everything below `root`."""
    (root / "docs").mkdir(parents=True, exist_ok=True)
    (root / "man").mkdir(exist_ok=True)
    (root / "docs/cli.md").write_text(cli())
    (root / "docs/settings.md").write_text(settings())
    (root / "docs/exit-codes.md").write_text(exit_codes())
    (root / "docs/fields.md").write_text(sent_fields())
    for name, text in man_pages().items():
        (root / "man" / name).write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
