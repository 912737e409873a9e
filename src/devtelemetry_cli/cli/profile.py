"""`devtel profile`: one call of make, with each target's own time on stderr after it."""

import json
import os
from pathlib import Path

import click

from devtelemetry_cli.cli import complete
from devtelemetry_cli.client import process
from devtelemetry_cli.commands import repository_files
from devtelemetry_cli.commands.profile import call
from devtelemetry_cli.commands.profile import profile as profiles
from devtelemetry_cli.commands.profile.profile import Profile
from devtelemetry_cli.model import formatting

_WIDTH = 24  # characters of the longest bar
_MOST = 20  # targets in the table
_UNSEEN = "Not seen: targets with their own SHELL, and targets of sub-makes (their time counts for the calling target)."


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON instead of the table.")
@click.option("--trace", type=click.Path(path_type=Path, dir_okay=False), help="Also write a trace for Perfetto.")
@click.argument(
    "words", metavar="[MAKE ARGUMENTS]...", nargs=-1, type=click.UNPROCESSED, shell_complete=complete.targets
)
def profile(as_json: bool, trace: Path | None, words: tuple[str, ...]) -> None:
    """Run make once, as if `make [MAKE ARGUMENTS]` had been called, then print each target's own time on stderr.

    Nothing is recorded or sent, so no consent is needed. It works offline, in any repository, with GNU make 4.
    Options of devtel stand before the arguments of make; `--` ends them. Not seen are targets with a SHELL of
    their own and the targets of sub-makes; with -j only the moments at which targets start are known.
    """
    if trace:
        repository_files.check_writable(trace)  # before a long build
    ended = call.run(os.environ.get("DEVTEL_MAKE") or "make", list(words))
    found = ended.profile
    if trace:
        repository_files.write(trace, json.dumps(profiles.as_trace(found)))
    click.echo(json.dumps(profiles.as_json(found)) if as_json else "\n".join(_table(found)), err=True)
    process.exit_like(ended.status)


def _table(found: Profile) -> list[str]:
    what = f"{found.command}: {formatting.duration(found.duration)}"
    failed = (
        f", failed in {found.failed}" if found.failed else f", exit code {found.exit_code}" if found.exit_code else ""
    )
    lines = ["", f"devtel profile: {what}{failed}"]
    if found.parallel:
        starts = {span.target: span.start for span in reversed(found.spans)}
        lines += ["With -j only the starts are known:"]
        lines += [
            f"{formatting.duration(at):>10}  {name}" for name, at in sorted(starts.items(), key=lambda one: one[1])
        ]
        return [*lines, _UNSEEN]
    seconds = found.seconds()
    longest = max(seconds.values(), default=0) or 1
    for name, own in list(seconds.items())[:_MOST]:
        bar = "\N{FULL BLOCK}" * round(_WIDTH * own / longest)
        mark = "  failed" if name == found.failed else ""
        lines.append(
            f"{formatting.duration(own):>10} {formatting.share(own, found.duration):>9}  {bar:<{_WIDTH}}  {name}{mark}"
        )
    if len(seconds) > _MOST:
        lines.append(f"and {formatting.counted(len(seconds) - _MOST, 'more target')}, each shorter")
    return [*lines, _UNSEEN]
