"""`devtel serve`: the report endpoint without DevLake."""

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from devtelemetry_cli.errors import missing_extra
from devtelemetry_cli.server.token_file import read_token

EXTRA = frozenset(
    {"alembic", "fastapi", "fastapi_offline", "jinja2", "markupsafe", "platformdirs", "prometheus_client", "pydantic"}
    | {"sqlalchemy", "starlette", "uvicorn"}
)
DATABASE = "sqlite:///FILE, postgresql://... or mariadb://...; default: reports.db in the data folder."

F = TypeVar("F", bound=Callable[..., Any])


class _Port(click.IntRange):
    """A port. Kubernetes sets DEVTEL_SERVE_PORT=tcp://... for a Service named devtel-serve: the default then."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        if str(value).startswith("tcp://"):
            return 8080
        return super().convert(value, param, ctx)


def _setting(name: str, variable: str, **more: Any) -> Callable[[F], F]:  # noqa: ANN401 - what click.option takes
    """An option that an environment variable can set too; docs/settings.md lists these."""
    return click.option(name, envvar=variable, show_envvar=True, **more)


def _public_url(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    """The address without a slash at its end."""
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment):
        raise click.BadParameter("http://HOST or https://HOST is expected.")
    return value.rstrip("/")


@click.command(short_help="Run the report server and the team's pages.")
@_setting("--host", "DEVTEL_SERVE_HOST", default="127.0.0.1", show_default=True, help="Address to listen on.")
@_setting(
    "--port",
    "DEVTEL_SERVE_PORT",
    default=8080,
    show_default=True,
    type=_Port(0, 65535),
    help="0 takes a free one.",
)
@_setting("--database", "DEVTEL_DATABASE", default="", metavar="URL", help=DATABASE)
@_setting(
    "--workers",
    "DEVTEL_WORKERS",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes; more than one is useful only with a database server.",
)
@_setting(
    "--retention-days",
    "DEVTEL_RETENTION_DAYS",
    default=365,
    show_default=True,
    type=click.IntRange(0, 36500),
    help="Older reports are deleted; 0 keeps them.",
)
@_setting("--view-token-file", "DEVTEL_VIEW_TOKEN_FILE", metavar="FILE", help="Read-only token for remote viewers.")
@_setting(
    "--admin-token-file",
    "DEVTEL_ADMIN_TOKEN_FILE",
    metavar="FILE",
    help="Token for remote administration: connections and rows.",
)
@_setting(
    "--trusted-proxies",
    "DEVTEL_TRUSTED_PROXIES",
    default="127.0.0.1,::1",
    show_default=True,
    metavar="ADDRESSES",
    help="Proxies whose X-Forwarded-For and -Proto are believed, separated by commas.",
)
@_setting(
    "--min-developers",
    "DEVTEL_MIN_DEVELOPERS",
    default=3,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="The pages show only groups of at least so many; fewer than 3 only with --demo.",
)
@_setting(
    "--hourly-cost",
    "DEVTEL_HOURLY_COST",
    default=0,
    metavar="N",
    type=click.IntRange(0, 1_000_000),
    help="What an hour of a developer costs: the pages show the time waited as money too.",
)
@_setting(
    "--log",
    "DEVTEL_SERVE_LOG",
    default="plain",
    show_default=True,
    type=click.Choice(["plain", "json", "none"]),
    help="The form of the line per request.",
)
@_setting(
    "--public-url",
    "DEVTEL_PUBLIC_URL",
    default="",
    metavar="URL",
    callback=_public_url,
    help="The server's address for clients, such as https://devtel.example.com.",
)
@click.option(
    "--open",
    "is_open",
    is_flag=True,
    envvar="DEVTEL_SERVE_OPEN",
    show_envvar=True,
    help="Let connections without a token accept reports from other machines.",
)
@click.option("--quiet", is_flag=True, help="The same as --log none.")
@click.option("--demo", is_flag=True, help="Serve made-up data from a temporary database, to see the pages.")
@click.option("--migrate-only", is_flag=True, help="Migrate the database to this version, and exit.")
@click.option(
    "--add-connection", metavar="NAME", help="Create or find the connection NAME, print its report path, and exit."
)
@click.option(
    "--token-file",
    metavar="FILE",
    help="With --add-connection: its token from now on; - reads standard input.",
)
@click.option(
    "--dashboards",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write the Grafana dashboards into DIR, and exit.",
)
@click.option("--withdraw-developer", metavar="ID", help="Delete a developer's reports and their cells, and exit.")
@click.option(
    "--withdraw-day", type=click.DateTime(["%Y-%m-%d"]), help="Delete a day's reports and their cells, and exit."
)
@click.option(
    "--connection", type=click.IntRange(0), metavar="ID", help="With --withdraw-...: of this connection only."
)
def serve(  # noqa: PLR0913, PLR0917 - click passes every option
    quiet: bool,
    demo: bool,
    migrate_only: bool,
    add_connection: str | None,
    dashboards: Path | None,
    token_file: str | None,
    withdraw_developer: str | None,
    withdraw_day: datetime | None,
    connection: int | None,
    view_token_file: str | None,
    admin_token_file: str | None,
    database: str,
    **settings: Any,  # noqa: ANN401 - as server.settings declares them
) -> None:
    """Run the report server, compatible with DevLake's developer_telemetry plugin, and the team's pages."""
    _refuse(token_file and add_connection is None, "--token-file belongs to --add-connection.")
    _refuse(demo and database, "--demo makes a database of its own.")
    is_alone = connection is not None and not (withdraw_developer or withdraw_day)
    _refuse(is_alone, "--connection belongs to --withdraw-developer or --withdraw-day.")
    if withdraw_developer or withdraw_day:
        day = withdraw_day and withdraw_day.date()
        click.echo(_server().withdraw(database, withdraw_developer, day, connection))
    elif dashboards is not None:
        _write_dashboards(dashboards)
    elif migrate_only:
        click.echo(_server().migrate(database))
    elif add_connection is not None:
        token = read_token(token_file)
        click.echo(_server().add_connection(database, add_connection, token, settings["public_url"]))
    else:
        tokens = {"view_token": read_token(view_token_file), "admin_token": read_token(admin_token_file)}
        if quiet:
            settings["log"] = "none"
        server = _server()
        run = server.run_demo if demo else server.run
        sys.exit(run(server.Settings(database=database, **tokens, **settings)))


def _refuse(wrong: object, sentence: str) -> None:
    if wrong:
        raise click.UsageError(sentence)


def _write_dashboards(folder: Path) -> None:
    from devtelemetry_cli.server import dashboards  # noqa: PLC0415 - no other command needs it

    for file in dashboards.write(folder):
        click.echo(file)


def _server() -> ModuleType:
    """The server, loaded only here: no other command waits for it or needs its extra."""
    try:
        from devtelemetry_cli.server import main  # noqa: PLC0415 - see above
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in EXTRA:
            raise
        raise missing_extra(f"devtel serve needs {error.name}, which is not installed.", "server") from None
    return main
