"""What an operator decides about a server; cli/serve.py reads it from flags and the environment."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """How to serve. Tokens are the tokens themselves, empty where there is none.

    `retention_days` 0 keeps reports for ever. Pages show nothing that is about fewer than `min_developers`. With
    `demo` everything shown is marked as made up. `metrics_folder` is set by the parent of several workers.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    database: str = ""
    workers: int = 1
    view_token: str = ""
    admin_token: str = ""
    retention_days: int = 365
    log: str = "plain"
    min_developers: int = 3
    demo: bool = False
    metrics_folder: Path | None = None
