"""An operator's settings; cli/serve.py reads them from flags and the environment."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Settings of one server. Tokens are in clear, empty if not set.

    `retention_days` 0 keeps reports for ever. Pages show only groups of at least `min_developers`, and the time waited
    as money at `hourly_cost`, if it is not 0. `demo` marks everything shown as made up. With `is_open`, connections
    without a token accept reports from other machines. `public_url` is the address of the server for clients, without a
    slash at its end. `metrics_folder` is set by the parent of several workers.
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
    hourly_cost: int = 0
    demo: bool = False
    is_open: bool = False
    public_url: str = ""
    trusted_proxies: str = "127.0.0.1,::1"
    metrics_folder: Path | None = None
