"""`devtel init`: the files that a repository commits, by questions or by options."""

import difflib
import sys
from collections.abc import Callable
from pathlib import Path

import click

from devtelemetry_cli.cli import complete
from devtelemetry_cli.client import destination, paths, settings
from devtelemetry_cli.commands import repository_files
from devtelemetry_cli.commands.init import defaults, endpoint, project_file
from devtelemetry_cli.commands.init.defaults import Defaults
from devtelemetry_cli.commands.init.project_file import Answers, InvalidAnswerError
from devtelemetry_cli.commands.makefile import every_target, templates
from devtelemetry_cli.errors import ConfigurationError, DevtelError

MAKEFILES = ("GNUmakefile", "makefile", "Makefile")  # in make's order
Flag = str | tuple[str, ...] | None
_NOTICE = "Developers read these three texts before they agree:"
_OPTIONAL = "The rest is optional; answer - to leave a value out."
_URL = "Where reports go: `devtel serve --add-connection` and `devtel devlake connect` print it."
_BRANCH = "Reports contain whether a run was on this branch, never the name of a branch."
_TARGETS = "Others are summed as (other); a pattern such as dev.up.% names several."
_WAYS = "GNUmakefile measures whole calls of make, devtel.mk the targets that the Makefile names."
# Name, text of the question, and a line that is printed before it.
QUESTIONS = {
    "organisation": ("Organisation that asks for the reports", _NOTICE),
    "purpose": ("Purpose (for example, find the slowest targets)", ""),
    "contact": ("Contact for questions and erasure", ""),
    "project": ("Project name in reports", _OPTIONAL),
    "report_url": ("Report URL, up to /connections/ID/report", _URL),
    "default_branch": ("Default branch", _BRANCH),
    "targets": ("Targets that are sent by name, separated by spaces (- for all)", _TARGETS),
}
REQUIRED = ("organisation", "purpose", "contact")
CHECKS: dict[str, Callable[[str], str]] = {
    "project": project_file.check_project,
    "report_url": project_file.check_url,
}


@click.command()
@click.option("--organisation", help="The organisation that asks for the reports.")
@click.option("--purpose", help="The purpose of the reports.")
@click.option("--contact", help="The contact for questions and erasure.")
@click.option("--project", help="The project name in reports.")
@click.option("--report-url", help="The whole address, up to /connections/ID/report.")
@click.option("--default-branch", help="The name of the default branch.")
@click.option(
    "--target", "targets", multiple=True, shell_complete=complete.targets,
    help="A target, or a pattern such as dev.up.%, sent by name.",
)  # fmt: skip
@click.option(
    "--every-target/--chosen-targets", "every", default=None,
    help="Write GNUmakefile, for whole calls (recommended), or devtel.mk, for targets named in the Makefile.",
)  # fmt: skip
@click.option("--yes", is_flag=True, help="Ask nothing: use the options, existing values and defaults.")
@click.option("--force", is_flag=True, help="Replace files with other content.")
@click.option("--no-check", is_flag=True, help="Do not contact the report URL.")
def init(yes: bool, force: bool, no_check: bool, every: bool | None, **flags: Flag) -> None:
    """Write .devtel.toml and GNUmakefile or devtel.mk, for the maintainers of a repository to commit."""
    here = Path(_working_folder())
    found = defaults.find(here)
    project = found.root / paths.PROJECT_FILE
    existing = _existing(project, force)
    answers = _answers(flags, existing, found, yes)
    to = destination.parse(answers.report_url) if answers.report_url else None
    is_named = bool(flags["report_url"]) or answers.report_url != existing.report_url  # not by the file alone
    if to is not None and is_named and not no_check:
        for sentence in endpoint.check(to):
            click.echo(sentence, err=True)
    makefile = next((here / name for name in MAKEFILES if (here / name).exists()), None)
    folder = here if makefile else found.root
    name = templates.EVERY_TARGET if _measures_every_target(every, yes, folder) else templates.FRAGMENT
    new = {folder / name: templates.render(name, to)}
    is_unchanged = bool(existing.path) and answers.equal(existing)
    new[project] = (repository_files.read(project) or "") if is_unchanged else project_file.render(answers)
    _write(new, force)
    click.echo(_next_step(folder, found, name), err=True)


def _measures_every_target(every: bool | None, yes: bool, folder: Path) -> bool:
    """The way that was chosen by option or answer, else that of the existing file. Raises DevtelError."""
    has_every = every_target.is_written_here(folder / templates.EVERY_TARGET)
    if every is None and not yes:
        click.echo(_WAYS, err=True)
        default = has_every or not (folder / templates.FRAGMENT).exists()
        every = click.confirm("Measure every target, without a change to the Makefile?", default=default, err=True)
    elif every is None:
        every = has_every
    if every:
        every_target.check(folder)
    return bool(every)


def _working_folder() -> str:
    folder = paths.working_folder()
    if folder is None:
        raise DevtelError("The working directory no longer exists.", "Change to an existing one.")
    return folder


def _existing(path: Path, force: bool) -> settings.ProjectFile:
    """The current project file; --force replaces a damaged one."""
    repository_files.read(path)
    try:
        return settings.read_project(str(path))
    except settings.DamagedError as fault:
        if force:
            return settings.ProjectFile()
        raise settings.DamagedError(fault.path, "it is damaged", "Correct it, or use --force.") from fault


def _answers(flags: dict[str, Flag], existing: settings.ProjectFile, found: Defaults, yes: bool) -> Answers:
    asks = not yes and sys.stdin.isatty()
    if not yes and not asks:
        raise click.UsageError("questions need a terminal. Use --yes, with the values as options.")
    answers: dict[str, str] = {}
    for name, (question, introduction) in QUESTIONS.items():
        default = _default(name, flags, existing, found)
        if asks and introduction:
            click.echo(introduction, err=True)
        answers[name] = _ask(name, question, default) if asks and not flags[name] else _checked_flag(name, default)
    if missing := [f"--{name}" for name in REQUIRED if not answers[name]]:
        raise click.UsageError(f"{' and '.join(missing)} must not be empty: developers read them before they agree.")
    targets = tuple(answers.pop("targets").split())
    return Answers(**answers, targets=targets)


def _default(name: str, flags: dict[str, Flag], existing: settings.ProjectFile, found: Defaults) -> str:
    """The value without an answer: the option, else the existing value, else the repository's default."""
    flag = flags[name]
    given = getattr(existing, name) if flag is None or flag == () else flag
    if not given and not flag and not existing.path:
        given = getattr(found, name, "") if flag != "" else ""
    return given if isinstance(given, str) else " ".join(given)


def _ask(name: str, question: str, default: str) -> str:
    """A valid answer; an invalid one is asked again."""
    while True:
        answer = click.prompt(question, default=default, show_default=bool(default), err=True)
        try:
            checked = "" if answer == "-" else _checked(name, answer)
        except (InvalidAnswerError, ConfigurationError) as fault:
            why = fault.message if isinstance(fault, ConfigurationError) else fault  # its advice is for files
            click.echo(f"Invalid: {why}", err=True)
            continue
        if checked or name not in REQUIRED:
            return checked
        click.echo("Developers read this before they agree, so it must not be empty.", err=True)


def _checked_flag(name: str, value: str) -> str:
    try:
        return _checked(name, value)
    except InvalidAnswerError as fault:
        raise click.UsageError(f"--{name.replace('_', '-').removesuffix('s')}: {fault}.") from None


def _checked(name: str, value: str) -> str:
    text = project_file.check_text(value)
    if name == "targets":
        return " ".join(project_file.check_target(word) for word in text.split())
    return CHECKS.get(name, str)(text)


def _write(new: dict[Path, str], force: bool) -> None:
    """Write all files or none. A file with other content is shown as a difference, and only replaced by --force."""
    old = {path: repository_files.read(path) for path in new}
    changed = {path: text for path, text in new.items() if old[path] != text}
    blocking = [path for path in changed if old[path] is not None and not _is_generated(path, old[path] or "")]
    for path in blocking:
        difference = difflib.unified_diff(_lines(old[path] or ""), _lines(changed[path]), str(path), str(path))
        click.echo("".join(difference), nl=False)
    if blocking and not force:
        names = " and ".join(str(path) for path in blocking)
        raise DevtelError(f"This would replace {names}.", "Nothing was changed; --force replaces.")
    for path in changed:
        repository_files.check_writable(path)
    for path, text in changed.items():
        repository_files.write(path, text)
        click.echo(f"Wrote {path}.", err=True)
    for path in new.keys() - changed.keys():
        click.echo(f"{path} is up to date.", err=True)


def _is_generated(path: Path, text: str) -> bool:
    """Whether devtel wrote all of a file, so that replacing it loses nothing."""
    names = (templates.FRAGMENT, templates.EVERY_TARGET)
    return path.name in names and templates.is_ours(path.name, text)


def _lines(text: str) -> list[str]:
    return [line if line.endswith("\n") else f"{line}\n" for line in text.splitlines(keepends=True)]


def _next_step(folder: Path, found: Defaults, name: str) -> str:
    where = "" if folder == found.root else f" (in {folder})"
    commit = "Commit both files." if found.is_repository else "Keep both files beside the Makefile."
    if name == templates.EVERY_TARGET:
        return f"{commit} {name}{where} measures every target; the Makefile stays as it is."
    return f"{commit} Next{where}: the two lines per target at the top of {name}."
