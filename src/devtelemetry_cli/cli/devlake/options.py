"""The connection options of every `devtel devlake` command."""

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click

from devtelemetry_cli.devlake import credentials
from devtelemetry_cli.devlake.api.client import Client, open_client
from devtelemetry_cli.devlake.api.retry import Clock, Policy

REMOTE_TIMEOUT = 75.0  # seconds; DevLake itself waits up to 60 for the service behind a connection


@dataclass(frozen=True)
class ConnectionOptions:
    """Address, key and limits of the requests."""

    url: str
    key_file: str
    rate: float
    timeout: float | None

    @contextmanager
    def client(self) -> Iterator[Client]:
        """A client, closed at the end. Raises DevtelError where no DevLake answers."""
        found = credentials.find(dict(os.environ), self.url, self.key_file)
        policy = Policy(rate=self.rate, timeout=self.timeout or 30.0, remote_timeout=self.timeout or REMOTE_TIMEOUT)
        with open_client(found, policy, Clock()) as client:
            yield client


def connection_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the connection options to a command, which receives them as its argument `access`."""

    @click.option("--url", default="", help="Address of DevLake or its config-ui; else DEVTEL_DEVLAKE_URL.")
    @click.option("--key-file", default="", metavar="FILE", help="File with the API key; else DEVTEL_DEVLAKE_KEY_FILE.")
    @click.option("--rate", type=click.FloatRange(0), default=0, help="Maximum of requests per second; 0: no limit.")
    @click.option(
        "--timeout", type=click.FloatRange(0.1), help="Seconds for an answer; default: 30, or 75 for a service."
    )
    @functools.wraps(command)
    def with_access(url: str, key_file: str, rate: float, timeout: float | None, **others: object) -> None:
        command(access=ConnectionOptions(url, key_file, rate, timeout), **others)

    return with_access
