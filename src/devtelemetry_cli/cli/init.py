"""`devtel init`: the two files that a repository commits, by questions or by flags."""

import difflib
import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from devtelemetry_cli.client import destination, paths, settings
from devtelemetry_cli.commands.init import defaults, endpoint, project_file
from devtelemetry_cli.commands.init.project_file import Answers, WrongAnswerError
from devtelemetry_cli.commands.makefile import templates
from devtelemetry_cli.errors import ConfigurationError, DevtelError

MAKEFILES = ("GNUmakefile", "makefile", "Makefile")  # in make's order
Flag = str | tuple[str, ...] | None
QUESTIONS = {
    "organisation": "Who asks for the reports (organisation)",
    "purpose": "What for (purpose)",
    "contact": "Whom to ask (contact)",
    "project": "The project's name in reports (- for none)",
    "report_url": "The report URL, up to /connections/ID/report (- for none yet)",
    "default_branch": "The default branch (- for what origin/HEAD says)",
    "targets": "Targets to be sent by name, with spaces between (- for all)",
}
WANTED = ("organisation", "purpose", "contact")
CHECKS: dict[str, Callable[[str], str]] = {
    "project": project_file.checked_project,
    "report_url": project_file.checked_url,
}


@click.command(short_help="Write .devtel.toml and devtel.mk for a repository.")
@click.option("--organisation", help="Who asks for the reports.")
@click.option("--purpose", help="What for.")
@click.option("--contact", help="Whom to ask.")
@click.option("--project", help="The project's name in reports.")
@click.option("--report-url", help="The whole address, up to /connections/ID/report.")
@click.option("--default-branch", help="The default branch's name.")
@click.option("--target", "targets", multiple=True, help="A target, or family such as dev.up.%, to be sent by name.")
@click.option("--yes", is_flag=True, help="Ask nothing: take the flags, what is there already, and the proposals.")
@click.option("--force", is_flag=True, help="Write over files that say something else.")
@click.option("--no-check", is_flag=True, help="Do not look whether the report URL answers.")
def init(yes: bool, force: bool, no_check: bool, **flags: Flag) -> None:
    """Write .devtel.toml and devtel.mk, for the maintainers of a repository to commit."""
    here = Path(_working_folder())
    proposal = defaults.find(here)
    project = proposal.root / paths.PROJECT_FILE
    standing = _standing(project, force)
    answers = _answers(flags, standing, proposal, yes)
    to = destination.parse(answers.report_url) if answers.report_url else None
    if to is not None and not no_check:
        for sentence in endpoint.check(to):
            click.echo(sentence, err=True)
    makefile = next((here / name for name in MAKEFILES if (here / name).exists()), None)
    folder = here if makefile else proposal.root
    new = {folder / templates.FRAGMENT: templates.render(templates.FRAGMENT, to)}
    says_so_already = bool(standing.path) and answers.is_said_by(standing)
    new[project] = (_text(project) or "") if says_so_already else project_file.render(answers)
    _write(new, force)
    click.echo(_next_step(folder, proposal), err=True)


def _working_folder() -> str:
    folder = paths.working_folder()
    if folder is None:
        raise DevtelError("The working directory does not exist any more.", "Change to one that does.")
    return folder


def _standing(path: Path, force: bool) -> settings.ProjectFile:
    """What the project file says now; a damaged one is only written over by force."""
    try:
        return settings.read_project(str(path))
    except settings.DamagedError as fault:
        if force:
            return settings.ProjectFile()
        raise settings.DamagedError(fault.path, "it is damaged", "Correct it, or say --force.") from fault


def _answers(flags: dict[str, Flag], standing: settings.ProjectFile, proposal: defaults.Defaults, yes: bool) -> Answers:
    asks = not yes and sys.stdin.isatty()
    if not yes and not asks:
        raise click.UsageError("nobody is there to be asked; give the values as flags, and --yes.")
    said: dict[str, str] = {}
    for name, question in QUESTIONS.items():
        default = _default(name, flags, standing, proposal)
        if asks and not flags[name]:
            said[name] = _ask(name, question, default)
        else:
            said[name] = _checked_flag(name, default)
    if missing := [f"--{name}" for name in WANTED if not said[name]]:
        raise click.UsageError(f"{' and '.join(missing)} must be given: developers are told before they agree.")
    targets = tuple(said.pop("targets").split())
    return Answers(**said, targets=targets)


def _default(name: str, flags: dict[str, Flag], standing: settings.ProjectFile, proposal: defaults.Defaults) -> str:
    """What is taken without an answer: the flag, else what stands there, else what the repository proposes."""
    flag = flags[name]
    given = getattr(standing, name) if flag is None or flag == () else flag
    if not given and not flag and not standing.path:
        given = getattr(proposal, name, "") if flag != "" else ""
    return given if isinstance(given, str) else " ".join(given)


def _ask(name: str, question: str, default: str) -> str:
    """An answer that can be kept; asked again until it is one."""
    while True:
        answer = click.prompt(question, default=default, show_default=bool(default), err=True)
        try:
            checked = "" if answer == "-" else _checked(name, answer)
        except (WrongAnswerError, ConfigurationError) as fault:
            why = fault.message if isinstance(fault, ConfigurationError) else fault  # its advice is for files
            click.echo(f"That cannot be taken: {why}", err=True)
            continue
        if checked or name not in WANTED:
            return checked
        click.echo("Developers are told this before they agree, so it cannot be empty.", err=True)


def _checked_flag(name: str, value: str) -> str:
    try:
        return _checked(name, value)
    except WrongAnswerError as fault:
        raise click.UsageError(f"--{name.replace('_', '-').removesuffix('s')}: {fault}.") from None


def _checked(name: str, value: str) -> str:
    text = project_file.checked_text(value)
    if name == "targets":
        return " ".join(project_file.checked_target(word) for word in text.split())
    return CHECKS.get(name, str)(text)


def _write(new: dict[Path, str], force: bool) -> None:
    """Write all of them or none: what says something else already is shown, and only written over by force."""
    changed = {path: text for path, text in new.items() if _text(path) != text}
    blocking = [path for path in changed if path.exists() and not _may_be_renewed(path)]
    for path in blocking:
        old, text = _text(path) or "", changed[path]
        click.echo("".join(difflib.unified_diff(_lines(old), _lines(text), str(path), str(path))), nl=False)
    if blocking and not force:
        named = " and ".join(str(path) for path in blocking)
        raise DevtelError(f"{named} would be written over.", "Nothing was changed; say --force to do it.")
    for path in changed:
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise DevtelError(f"{path} cannot be written.", "Nothing was changed.")
    for path, text in changed.items():
        path.write_text(text, encoding="utf-8")
        click.echo(f"Wrote {path}.", err=True)
    for path in new.keys() - changed.keys():
        click.echo(f"{path} is as it should be.", err=True)


def _may_be_renewed(path: Path) -> bool:
    """A fragment is devtel's own and holds nothing of anybody else."""
    return path.name == templates.FRAGMENT and templates.is_ours(templates.FRAGMENT, _text(path) or "")


def _text(path: Path) -> str | None:
    return path.read_bytes().decode("utf-8", "replace") if path.exists() else None


def _lines(text: str) -> list[str]:
    return [line if line.endswith("\n") else f"{line}\n" for line in text.splitlines(keepends=True)]


def _next_step(folder: Path, proposal: defaults.Defaults) -> str:
    where = "" if folder == proposal.root else f" (in {folder})"
    commit = "Commit both files." if proposal.is_repository else "Keep both files with the Makefile."
    return f"{commit} Next{where}: the two lines per target at the top of {templates.FRAGMENT}."
