"""`devtel devlake connect`: the destination of devtel's own reports, its key, and the files that name it."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from devtelemetry_cli.cli.devlake.options import ConnectionOptions, connection_options
from devtelemetry_cli.cli.devlake.output import interruptible, log
from devtelemetry_cli.client import atomic_files, destination, paths, tokens
from devtelemetry_cli.client.destination import Destination
from devtelemetry_cli.commands import probe, repository_files
from devtelemetry_cli.commands.init import project_file
from devtelemetry_cli.commands.makefile import templates
from devtelemetry_cli.devlake import connect
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.models import Connection
from devtelemetry_cli.errors import ConfigurationError
from devtelemetry_cli.model import plain_text


@click.command("connect")
@click.option("--name", default="devtel", show_default=True, help="Name of the connection.")
@click.option("--key-name", default="", help="Name of the new API key; default: made of the connection's name.")
@click.option("--key-to", default="", metavar="FILE", help="Also write the key into FILE, to distribute it.")
@click.option("--no-key", is_flag=True, help="For a DevLake that accepts reports without a key, without /rest.")
@click.option("--write/--no-write", default=None, help="Write report_url into .devtel.toml; default: ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@connection_options
def connect_command(  # noqa: PLR0913, PLR0917 - click passes every option
    access: ConnectionOptions, name: str, key_name: str, key_to: str, no_key: bool, write: bool | None, as_json: bool
) -> None:
    """Create the destination of devtel's own reports and a key for it, and print its report URL."""
    if not name.strip() or len(name) > connect.MAX_NAME:
        raise click.UsageError(f"--name requires 1 to {connect.MAX_NAME} characters.")
    _check_key_file(key_to)
    with interruptible("Running connect again continues from here."), access.client() as client:
        connection, is_new = connect.find_or_create(client, name)
        log(f"the connection {connection} {'was created' if is_new else 'exists already'}")
        url = connect.report_url(client.root, connection.id, with_key=not no_key)
        click.echo(json.dumps({"connection": connection.id, "reportUrl": url}) if as_json else url)
        if not no_key:
            _store_key(client, url, connection, key_name, key_to)
    _offer_project_file(url, write)


def _store_key(client: Client, url: str, connection: Connection, key_name: str, key_to: str) -> None:
    """Create a key, unless a valid one is stored here and no other was requested; stored as by `devtel token set`."""
    config, target = paths.config_file(dict(os.environ)), destination.parse(url)
    key = "" if key_name else tokens.find(config, {}, target.key, url, ())
    if key and probe.accepts_reports(url, key) is False:
        log("DevLake refuses the key that is stored here; it is replaced")
        key = ""
    if key:
        log("a key for it is already stored here")
    else:
        key = connect.make_key(client, key_name or f"{connection.name} reports", connection.id)
        tokens.keep(config, target.key, key)  # first of all: DevLake never shows it again
        log("the key is stored for this destination, as by `devtel token set`")
    if key_to:
        atomic_files.atomic_write(Path(key_to), f"{key}\n".encode())
        log(f"the key was written to {key_to}, readable for you only")


def _check_key_file(file: str) -> None:
    """Refuse an unwritable file for the key, or a link, before a key is created. Raises DevtelError."""
    if file and (Path(file).is_dir() or not os.access(Path(file).absolute().parent, os.W_OK | os.X_OK)):
        raise ConfigurationError(f"--key-to {file} is not a writable file.", "Nothing was created.")
    if file:
        repository_files.read(Path(file))  # a committed link may lead to any file of the user


def _offer_project_file(url: str, write: bool | None) -> None:
    found = paths.project_file(str(Path.cwd()))
    file = Path(found or paths.PROJECT_FILE)
    try:
        document = plain_text.decode(atomic_files.read(file)) if found else ""
    except ValueError as fault:
        raise ConfigurationError(f"{file}: {fault}.", f'Correct it, then add: report_url = "{url}"') from None
    new = project_file.with_report_url(document, url)
    if new == document and not write:
        return
    if write is None:
        write = sys.stdin.isatty() and sys.stderr.isatty() and click.confirm(f"Write it into {file}?", err=True)
    if new != document and write:
        repository_files.write(file, new)
        log(f"report_url was written to {file}")
    if write:
        for path in _renewed(sorted({file.absolute().parent, Path.cwd()}), destination.parse(url)):
            log(f"{path} was written again for this report_url")


def _renewed(folders: list[Path], target: Destination) -> Iterator[Path]:
    """Write devtel.mk and GNUmakefile again, where devtel wrote them: they contain the destination."""
    for path in (folder / name for folder in folders for name in (templates.FRAGMENT, templates.EVERY_TARGET)):
        text = plain_text.normalised(path.read_bytes()) if path.is_file() and not path.is_symlink() else ""
        new = templates.render(path.name, target)
        if templates.is_ours(path.name, text) and text != new:
            repository_files.write(path, new)
            yield path
