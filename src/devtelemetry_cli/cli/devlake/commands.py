"""`devtel devlake`: find, add and watch what DevLake collects, for operators."""

import json
import os
import sys
from datetime import datetime, time
from types import ModuleType

import click

from devtelemetry_cli.cli.devlake import tables
from devtelemetry_cli.cli.devlake.connect import connect_command
from devtelemetry_cli.cli.devlake.options import ConnectionOptions, connection_options
from devtelemetry_cli.cli.devlake.output import (
    interruptible,
    log,
    log_errors,
    pipeline_progress,
    print_step,
    print_step_as_json,
    service,
    summary,
    sync_progress,
)
from devtelemetry_cli.client import paths, server_access
from devtelemetry_cli.devlake import credentials, discover, plugin, run
from devtelemetry_cli.devlake.api.pipelines import COMPLETED
from devtelemetry_cli.devlake.api.retry import Clock
from devtelemetry_cli.devlake.monitor import monitor, state_file
from devtelemetry_cli.devlake.sync import daily, sync
from devtelemetry_cli.devlake.sync.options import PROJECT_NAME, SyncOptions, saturday_before
from devtelemetry_cli.errors import missing_extra


@click.group()
def devlake() -> None:
    """Set up and watch what DevLake collects."""


devlake.add_command(connect_command)


@devlake.command("discover")
@click.argument("connection", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the missing scopes by name.")
@connection_options
def discover_(access: ConnectionOptions, connection: tuple[str, ...], as_json: bool) -> None:
    """List the connections with their scopes, added and still missing. CONNECTION is like github or github/1."""
    with interruptible("Nothing was written."), access.client() as client:
        found = list(discover.discover(client, connection))
    if as_json:
        click.echo(json.dumps([tables.discover_json(item) for item in found], indent=2, ensure_ascii=False))
    else:
        click.echo(tables.table(tables.DISCOVER_HEADS, [tables.discover_row(item) for item in found]))
    for note in [note for item in found for note in tables.config_notes(item)]:
        log(note)
    sys.exit(any(item.fault for item in found))


@devlake.command("sync")
@click.argument("connection", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Print the plan and write nothing.")
@click.option("--include", multiple=True, metavar="PATTERN", help="Only repositories like acme/*; may be repeated.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="None like */sandbox-*; may be repeated.")
@click.option("--project-name", default=PROJECT_NAME, show_default=True, help="Pattern of the projects' names.")
@click.option("--scope-config", default="devtel", show_default=True, help="Name of the new scopes' scope config.")
@click.option("--deployment-pattern", default="(?i)deploy", show_default=True, help="CI jobs that are deployments.")
@click.option("--production-pattern", default="(?i)prod", show_default=True, help="Deployments to production.")
@click.option("--timezone", default="UTC", show_default=True, help="Time zone of days and of --daily-at.")
@click.option("--daily-at", default="", metavar="HH:MM", help="Keep running, and sync at this time of each day.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as one JSON object a line.")
@connection_options
def sync_(  # noqa: PLR0913, PLR0917 - click passes every option
    access: ConnectionOptions,
    connection: tuple[str, ...],
    dry_run: bool,
    timezone: str,
    daily_at: str,
    as_json: bool,
    **wanted: object,
) -> None:
    """Add new repositories, each with a project and its blueprint. CONNECTION is like github or github/1."""
    zone, at = daily.zone(timezone), _time_of_day(daily_at)

    def options() -> SyncOptions:
        return SyncOptions(saturday_before(datetime.now(zone).date(), zone), **wanted)  # type: ignore[arg-type]

    def once() -> int:
        show = print_step_as_json if as_json else print_step
        with access.client() as client, sync.exclusive(paths.state_folder(dict(os.environ)), client.file_tag):
            return _sync(sync.Sync(client, options(), connection, show, sync_progress, dry_run))

    options()  # report a wrong pattern now, not at the first daily sync
    if at is None:
        with interruptible("Finished steps stay; a new sync does the rest."):
            sys.exit(once())
    with service():
        daily.every_day(lambda: log_errors(once), lambda due: log(f"next sync at {due:%F %T} UTC"), at, zone, Clock())


def _sync(job: sync.Sync) -> int:
    result = job.run()
    for failure in result.failures:
        log(str(failure))
    log(summary(result, job.dry_run))
    if result.ended_early:
        raise result.ended_early
    return int(bool(result.failures))


def _time_of_day(text: str) -> time | None:
    try:
        return daily.daily_time(text) if text else None
    except ValueError as fault:
        raise click.UsageError(f"--daily-at: {fault}.") from None


@devlake.command("monitor")
@click.option("--interval", type=click.FloatRange(1), default=300, show_default=True, help="Seconds between checks.")
@click.option(
    "--listen", default="127.0.0.1:9100", show_default=True, metavar="[HOST]:PORT", help="Address of /metrics."
)
@click.option("--label-time-failed", is_flag=True, help="A series for each failure, labelled time_failed.")
@click.option("--once", is_flag=True, help="Print a table; exit 1 if anything is failing. For cron.")
@click.option("--json", "as_json", is_flag=True, help="With --once: print JSON.")
@connection_options
def monitor_(  # noqa: PLR0913, PLR0917 - click passes every option
    access: ConnectionOptions, interval: float, listen: str, label_time_failed: bool, once: bool, as_json: bool
) -> None:
    """Watch the pipelines of all blueprints, and serve Prometheus metrics."""
    if as_json and not once:
        raise click.UsageError("--json requires --once.")
    if once:
        _check_once(access, as_json)
    host, port = _listen(listen)
    metrics = _metrics()
    with service(), access.client() as client:
        state = state_file.path_for(paths.state_folder(dict(os.environ)), client.file_tag)
        watcher = monitor.Monitor(client, state, log)
        exported = metrics.Metrics(lambda: watcher.snapshot, Clock().now, label_time_failed)
        with metrics.served(exported, host, port) as bound:
            log(f"metrics on http://{host or 'localhost'}:{bound}/metrics")
            watcher.run(interval)


def _check_once(access: ConnectionOptions, as_json: bool) -> None:
    with interruptible("Nothing was written."), access.client() as client:
        result = monitor.check(client, {})
    entries = sorted(result.entries.values(), key=lambda entry: (not entry.is_failing, entry.project))
    for fault in result.faults:
        log(fault)
    if as_json:
        click.echo(json.dumps([tables.monitor_json(entry) for entry in entries], indent=2, ensure_ascii=False))
    else:
        click.echo(tables.table(tables.MONITOR_HEADS, [tables.monitor_row(entry) for entry in entries]))
    sys.exit(bool(result.faults) or any(entry.is_failing for entry in entries))


def _listen(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise click.UsageError("--listen requires [HOST]:PORT, like :9100 or 127.0.0.1:9100.")
    return host.strip("[]") or "0.0.0.0", int(port)  # noqa: S104 - Prometheus connects from other hosts


def _metrics() -> ModuleType:
    """The module that needs the extra; imported late, since no other command needs it."""
    try:
        from devtelemetry_cli.devlake.monitor import metrics  # noqa: PLC0415 - see above
    except ModuleNotFoundError as fault:
        if (fault.name or "").partition(".")[0] != "prometheus_client":
            raise
        raise missing_extra(
            "devtel devlake monitor needs prometheus_client, which is not installed.", "devlake"
        ) from None
    return metrics


@devlake.command("run")
@click.argument("project")
@click.option("--wait", is_flag=True, help="Follow the pipeline; its result is the exit code.")
@click.option("--interval", type=click.FloatRange(0.1), default=2, help="Seconds between requests with --wait.")
@click.option("--full-sync", is_flag=True, help="Collect all data again, not only new data.")
@click.option("--skip-collectors", is_flag=True, help="Only process again what was collected.")
@click.option("--json", "as_json", is_flag=True, help="Print the pipeline as JSON.")
@connection_options
def run_(  # noqa: PLR0913, PLR0917 - click passes every option
    access: ConnectionOptions,
    project: str,
    wait: bool,
    interval: float,
    full_sync: bool,
    skip_collectors: bool,
    as_json: bool,
) -> None:
    """Run the blueprint of PROJECT now."""
    with interruptible("The pipeline continues."), access.client() as client:
        pipeline = run.trigger(client, project, full_sync, skip_collectors)
        if wait:
            with pipeline_progress(pipeline) as update:
                pipeline = run.follow(client, pipeline, update, interval, Clock())
        reasons = run.reasons(client, pipeline)
    click.echo(tables.pipeline_json(pipeline, reasons) if as_json else tables.pipeline_line(project, pipeline))
    for reason in reasons:
        log(reason)
    if skip_collectors and pipeline.status == COMPLETED:
        log("collectors were skipped: the data is not newer than before.")
    sys.exit(wait and pipeline.status != COMPLETED)


@devlake.command("plugin")
@click.option("--name", default="devtel", show_default=True, help="Name of the connection.")
@click.option("--endpoint", default="", metavar="URL", help="Address of `devtel serve`, for a new connection.")
@click.option("--token-file", default="", metavar="FILE", help="File with the server's view token.")
@click.option("--project", "links", multiple=True, metavar="A=B", help="Show project A of the server in DevLake's B.")
@click.option("--dry-run", is_flag=True, help="Print the changes and write nothing.")
@connection_options
def plugin_(  # noqa: PLR0913, PLR0917 - click passes every option
    access: ConnectionOptions, name: str, endpoint: str, token_file: str, links: tuple[str, ...], dry_run: bool
) -> None:
    """Set up devtel's DevLake plugin: its connection, its projects and their place in blueprints."""
    token = server_access.read_key(token_file) if token_file else ""
    url = credentials.check_url(endpoint) if endpoint else ""
    options = plugin.PluginOptions(name, url, token, _links(links))
    changes: list[str] = []

    def show(change: str) -> None:
        changes.append(change)
        click.echo(change)

    with interruptible("Running it again continues from here."), access.client() as client:
        unlinked = plugin.Setup(client, options, show, dry_run).run()
    for project in unlinked:
        log(f"{project} is in no DevLake project: --project '{project}=NAME' links it.")
    log("nothing to do." if not changes else "nothing was written." if dry_run else "done.")


def _links(texts: tuple[str, ...]) -> dict[str, list[str]]:
    """DevLake projects by project of the server."""
    result: dict[str, list[str]] = {}
    for text in texts:
        source, _, project = text.partition("=")
        if not source or not project:
            raise click.UsageError("--project requires A=B, like shop=github/acme/shop.")
        result.setdefault(source, []).append(project)
    return result
