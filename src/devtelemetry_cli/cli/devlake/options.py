"""The options by which every `devtel devlake` command reaches DevLake."""

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click

from devtelemetry_cli.devlake import credentials
from devtelemetry_cli.devlake.api import client as api
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.retry import Clock, Policy


@dataclass(frozen=True)
class ConnectionOptions:
    """How to reach DevLake, from the options that every command here has."""

    url: str
    key_file: str
    rate: float
    timeout: float

    @contextmanager
    def client(self) -> Iterator[Client]:
        """A client that is closed at the end. Raises DevtelError where no DevLake answers."""
        found = credentials.find(dict(os.environ), self.url, self.key_file)
        with api.connect(found, Policy(rate=self.rate, timeout=self.timeout), Clock()) as client:
            yield client


def connection_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options by which DevLake is reached; they come as its argument `reach`."""

    @click.option("--url", default="", help="Address of DevLake or its config-ui; else DEVTEL_DEVLAKE_URL.")
    @click.option("--key-file", default="", metavar="FILE", help="Holds the API key; else DEVTEL_DEVLAKE_KEY_FILE.")
    @click.option("--rate", type=click.FloatRange(0), default=0, help="At most so many requests a second.")
    @click.option("--timeout", type=click.FloatRange(0.1), default=30, show_default=True, help="Seconds for an answer.")
    @functools.wraps(command)
    def with_reach(url: str, key_file: str, rate: float, timeout: float, **others: object) -> None:
        command(reach=ConnectionOptions(url, key_file, rate, timeout), **others)

    return with_reach
