"""`devtel devlake`: find, add and watch what DevLake collects, for operators."""

import json
import os
import sys
from datetime import datetime, time
from pathlib import Path
from types import ModuleType

import click

from devtelemetry_cli.cli.devlake import tables
from devtelemetry_cli.cli.devlake.options import ConnectionOptions, connection_options
from devtelemetry_cli.cli.devlake.output import (
    log_errors,
    one_shot,
    print_step,
    print_step_as_json,
    repositories,
    service,
    summary,
    tasks,
    tell,
)
from devtelemetry_cli.client import atomic_files, destination, paths, tokens
from devtelemetry_cli.devlake import connect, discover, run
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.models import Connection
from devtelemetry_cli.devlake.api.pipelines import COMPLETED
from devtelemetry_cli.devlake.api.retry import Clock
from devtelemetry_cli.devlake.monitor import monitor as watch
from devtelemetry_cli.devlake.sync import daily, sync
from devtelemetry_cli.devlake.sync.options import PROJECT_NAME, SyncOptions, saturday_before
from devtelemetry_cli.errors import ConfigurationError


@click.group()
def devlake() -> None:
    """Set up and watch what DevLake collects."""


@devlake.command("discover")
@click.argument("connection", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the missing scopes by name.")
@connection_options
def discover_(reach: ConnectionOptions, connection: tuple[str, ...], as_json: bool) -> None:
    """List the connections with their scopes, added and still missing. CONNECTION is like github or github/1."""
    with one_shot("Nothing was written."), reach.client() as client:
        found = list(discover.discover(client, connection))
    if as_json:
        click.echo(json.dumps([item.as_json() for item in found], indent=2, ensure_ascii=False))
    else:
        click.echo(tables.table(discover.HEADS, [item.row() for item in found]))
    sys.exit(any(item.fault for item in found))


@devlake.command("sync")
@click.argument("connection", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Print the plan and write nothing.")
@click.option("--include", multiple=True, metavar="PATTERN", help="Only repositories like acme/*; may be repeated.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="None like */sandbox-*; may be repeated.")
@click.option("--project-name", default=PROJECT_NAME, show_default=True, help="Pattern of the projects' names.")
@click.option("--scope-config", default="devtel", show_default=True, help="Name of the new scopes' scope config.")
@click.option("--deployment-pattern", default="(?i)deploy", show_default=True, help="Which CI jobs deploy.")
@click.option("--production-pattern", default="(?i)prod", show_default=True, help="Which of them to production.")
@click.option("--timezone", default="UTC", show_default=True, help="Whose days and hours count.")
@click.option("--daily-at", default="", metavar="HH:MM", help="Keep running, and sync at this time of each day.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as one JSON object a line.")
@connection_options
def sync_(  # noqa: PLR0913, PLR0917 - click hands over every option
    reach: ConnectionOptions,
    connection: tuple[str, ...],
    dry_run: bool,
    timezone: str,
    daily_at: str,
    as_json: bool,
    **wanted: object,
) -> None:
    """Add new repositories, each with a project and its blueprint. CONNECTION is like github or github/1."""
    zone, at = daily.zone(timezone), _time_of_day(daily_at)

    def wish() -> SyncOptions:
        return SyncOptions(saturday_before(datetime.now(zone).date(), zone), **wanted)  # type: ignore[arg-type]

    def once() -> int:
        printed = print_step_as_json if as_json else print_step
        with reach.client() as client, sync.alone(paths.state_folder(dict(os.environ)), client.mark):
            return _sync(sync.Sync(client, wish(), connection, printed, repositories, dry_run))

    wish()  # a wrong pattern is told of now, not at night
    if at is None:
        with one_shot("What was done stays; a new sync does the rest."):
            sys.exit(once())
    with service():
        daily.every_day(lambda: log_errors(once), lambda due: tell(f"next sync at {due:%F %T} UTC"), at, zone, Clock())


def _sync(job: sync.Sync) -> int:
    result = job.run()
    for failure in result.failures:
        tell(str(failure))
    tell(summary(result, job.dry_run))
    if result.ended_early:
        raise result.ended_early
    return int(bool(result.failures))


def _time_of_day(text: str) -> time | None:
    try:
        return daily.daily_time(text) if text else None
    except ValueError as fault:
        raise click.UsageError(f"--daily-at: {fault}.") from None


@devlake.command()
@click.option("--interval", type=click.FloatRange(1), default=300, show_default=True, help="Seconds between checks.")
@click.option("--listen", default=":9100", show_default=True, metavar="[HOST]:PORT", help="Where /metrics is served.")
@click.option("--label-time-failed", is_flag=True, help="A series for each failure, labelled time_failed.")
@click.option("--once", is_flag=True, help="Print a table; exit 1 if anything is failing. For cron.")
@click.option("--json", "as_json", is_flag=True, help="With --once: print JSON.")
@connection_options
def monitor(  # noqa: PLR0913, PLR0917 - click hands over every option
    reach: ConnectionOptions, interval: float, listen: str, label_time_failed: bool, once: bool, as_json: bool
) -> None:
    """Watch the pipelines of all blueprints, and serve Prometheus metrics."""
    if as_json and not once:
        raise click.UsageError("--json goes with --once.")
    if once:
        _look_once(reach, as_json)
    host, port = _listen(listen)
    metrics = _metrics()
    with service(), reach.client() as client:
        watcher = watch.Monitor(client, watch.state_file(paths.state_folder(dict(os.environ)), client.mark), tell)
        shown = metrics.Metrics(lambda: watcher.board, Clock().now, label_time_failed)
        with metrics.served(shown, host, port) as bound:
            tell(f"metrics on http://{host or 'localhost'}:{bound}/metrics")
            watcher.keep_watching(interval)


def _look_once(reach: ConnectionOptions, as_json: bool) -> None:
    with one_shot("Nothing was written."), reach.client() as client:
        result = watch.check(client, {})
    entries = sorted(result.entries.values(), key=lambda entry: (not entry.is_failing, entry.project))
    for fault in result.faults:
        tell(str(fault))
    if as_json:
        click.echo(json.dumps([tables.monitor_json(entry) for entry in entries], indent=2, ensure_ascii=False))
    else:
        click.echo(tables.table(tables.MONITOR_HEADS, [tables.monitor_row(entry) for entry in entries]))
    sys.exit(bool(result.faults) or any(entry.is_failing for entry in entries))


def _listen(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise click.UsageError("--listen wants [HOST]:PORT, like :9100 or 127.0.0.1:9100.")
    return host.strip("[]") or "0.0.0.0", int(port)  # noqa: S104 - Prometheus asks from elsewhere


def _metrics() -> ModuleType:
    """The only part that needs the extra; no other command waits for it."""
    try:
        from devtelemetry_cli.devlake.monitor import metrics  # noqa: PLC0415 - see above
    except ModuleNotFoundError as fault:
        if (fault.name or "").partition(".")[0] != "prometheus_client":
            raise
        raise ConfigurationError(
            "devtel devlake monitor needs prometheus_client, which is not installed.",
            "Install it: pip install 'devtelemetry-cli[devlake]'",
        ) from None
    return metrics


@devlake.command("run")
@click.argument("project")
@click.option("--wait", is_flag=True, help="Follow the pipeline; its result is the exit code.")
@click.option("--interval", type=click.FloatRange(0.1), default=2, help="Seconds between looks at it.")
@click.option("--full-sync", is_flag=True, help="Collect all again, not only what is new.")
@click.option("--skip-collectors", is_flag=True, help="Only work out again what was collected.")
@click.option("--json", "as_json", is_flag=True, help="Print the pipeline as JSON.")
@connection_options
def run_(  # noqa: PLR0913, PLR0917 - click hands over every option
    reach: ConnectionOptions,
    project: str,
    wait: bool,
    interval: float,
    full_sync: bool,
    skip_collectors: bool,
    as_json: bool,
) -> None:
    """Run the blueprint of PROJECT now."""
    with one_shot("The pipeline goes on."), reach.client() as client:
        pipeline = run.trigger(client, project, full_sync, skip_collectors)
        if wait:
            with tasks(pipeline) as look:
                pipeline = run.follow(client, pipeline, look, interval, Clock())
        reasons = run.reasons(client, pipeline)
    click.echo(tables.pipeline_json(pipeline, reasons) if as_json else tables.pipeline_line(project, pipeline))
    for reason in reasons:
        tell(reason)
    sys.exit(wait and pipeline.status != COMPLETED)


@devlake.command("connect")
@click.option("--name", default="devtel", show_default=True, help="Name of the connection.")
@click.option("--key-name", default="", help="Name of the new API key; default: made of the connection's name.")
@click.option("--key-to", default="", metavar="FILE", help="Also write the key into FILE, to hand it out.")
@click.option("--no-key", is_flag=True, help="For a DevLake that takes reports from anybody, without /rest.")
@click.option("--write/--no-write", default=None, help="Write report_url into .devtel.toml; asked where not given.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@connection_options
def connect_(  # noqa: PLR0913, PLR0917 - click hands over every option
    reach: ConnectionOptions, name: str, key_name: str, key_to: str, no_key: bool, write: bool | None, as_json: bool
) -> None:
    """Make the place for devtel's own reports, a key for it, and print its report URL."""
    if not name.strip():
        raise click.UsageError("--name must not be empty.")
    _check_key_file(key_to)
    with one_shot("A new connect goes on from here."), reach.client() as client:
        place, is_new = connect.connection(client, name)
        tell(f"the connection {place} is {'new' if is_new else 'there already'}")
        url = connect.report_url(client.root, place.id, with_key=not no_key)
        click.echo(json.dumps({"connection": place.id, "reportUrl": url}) if as_json else url)
        if not no_key:
            _keep_key(client, url, place, key_name, key_to)
    _offer_project_file(url, write)


def _keep_key(client: Client, url: str, place: Connection, key_name: str, key_to: str) -> None:
    """Make a key, unless one is kept here and no other was asked for. It goes where `devtel token set` puts it."""
    config, where = paths.config_file(dict(os.environ)), destination.parse(url)
    key = "" if key_name else tokens.find(config, {}, where.key, url, only_destination=False)
    if key:
        tell("a key for it is kept here already")
    else:
        key = connect.make_key(client, key_name or f"{place.name} reports", place.id)
        tokens.keep(config, where.key, key)  # before all else: DevLake never shows it again
        tell("the key is kept for this destination, as by `devtel token set`")
    if key_to:
        atomic_files.atomic_write(Path(key_to), f"{key}\n".encode())
        tell(f"the key stands in {key_to}, which only you can read")


def _check_key_file(file: str) -> None:
    """Refuse a place for the key that cannot be written, before there is a key."""
    if file and (Path(file).is_dir() or not os.access(Path(file).absolute().parent, os.W_OK | os.X_OK)):
        raise ConfigurationError(f"--key-to {file} is no file that can be written.", "Nothing was made.")


def _offer_project_file(url: str, write: bool | None) -> None:
    found = paths.project_file(str(Path.cwd()))
    file = Path(found or paths.PROJECT_FILE)
    try:
        document = atomic_files.read(file).decode("utf-8") if found else ""
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} is not UTF-8.", f'Correct it, then add: report_url = "{url}"') from None
    new = connect.with_report_url(document, url)
    if new == document:
        return
    if write is None:
        write = sys.stdin.isatty() and sys.stderr.isatty() and click.confirm(f"Write it into {file}?", err=True)
    if write:
        file.write_text(new, encoding="utf-8")
        tell(f"report_url stands in {file}")
