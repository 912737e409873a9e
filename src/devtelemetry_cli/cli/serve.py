"""`devtel serve`: the report endpoint, for where there is no DevLake."""

import sys
from pathlib import Path
from types import ModuleType

import click

from devtelemetry_cli.errors import ConfigurationError

EXTRA = frozenset({"alembic", "fastapi", "prometheus_client", "pydantic", "sqlalchemy", "starlette", "uvicorn"})


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option(
    "--database",
    default="",
    envvar="DEVTEL_DATABASE",
    metavar="URL",
    help="sqlite:///FILE, postgresql://..., mariadb://...; default: reports.db in the data folder.",
)
@click.option(
    "--admin-token-file",
    envvar="DEVTEL_ADMIN_TOKEN_FILE",
    metavar="FILE",
    help="Token for managing connections from elsewhere.",
)
@click.option("--quiet", is_flag=True, help="No line per request.")
@click.option("--migrate-only", is_flag=True, help="Bring the database up to this version, and exit.")
@click.option("--add-connection", metavar="NAME", help="Make the connection NAME, print its report path, and exit.")
@click.option(
    "--token-file",
    metavar="FILE",
    help="With --add-connection: reports need this token; - reads it from standard input.",
)
def serve(  # noqa: PLR0913, PLR0917 - click hands over every option
    host: str,
    port: int,
    database: str,
    admin_token_file: str | None,
    quiet: bool,
    migrate_only: bool,
    add_connection: str | None,
    token_file: str | None,
) -> None:
    """Take daily reports, as DevLake's developer_telemetry plugin does, and keep them in a database."""
    if token_file and add_connection is None:
        raise click.UsageError("--token-file belongs to --add-connection.")
    token = _token(admin_token_file if add_connection is None else token_file)
    server = _server()
    if migrate_only:
        click.echo(server.migrate(database))
    elif add_connection is None:
        server.run(host, port, database, token, quiet)
    else:
        click.echo(server.add_connection(database, add_connection, token))


def _server() -> ModuleType:
    """The receiver, loaded only here: no other command waits for it or needs its extra."""
    try:
        from devtelemetry_cli.receiver import server  # noqa: PLC0415 - see above
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in EXTRA:
            raise
        raise ConfigurationError(
            f"devtel serve needs {error.name}, which is not installed.",
            "Install it: pip install 'devtelemetry-cli[server]'",
        ) from None
    return server


def _token(file: str | None) -> str:
    """The token in `file` (- is standard input), empty without a file. Raises ConfigurationError."""
    if not file:
        return ""
    try:
        token = (sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ConfigurationError(f"The token file {file} cannot be read: {reason}.") from None
    if not token or not token.isprintable():
        raise ConfigurationError(f"The token file {file} does not hold one line with a token.")
    return token
