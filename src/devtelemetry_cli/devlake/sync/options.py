"""The wanted state of a sync: the repositories, the names of their projects, and the first day of data."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from fnmatch import fnmatchcase

from devtelemetry_cli.devlake.api.models import Connection, RemoteScope
from devtelemetry_cli.errors import ConfigurationError

MAX_NAME_BYTES = 100  # of a project; DevLake counts bytes
PROJECT_NAME = "{plugin}/{full-name}"
FIELDS = frozenset({"plugin", "connection", "connection-id", "full-name", "name"})
_FIELD = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class SyncOptions:
    """The wanted state. Patterns are shell patterns on the full name; `*` matches slashes too.

    Raises ConfigurationError for a wrong pattern of the project name.
    """

    time_after: datetime
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    project_name: str = PROJECT_NAME
    scope_config: str = "devtel"
    deployment_pattern: str = "(?i)deploy"
    production_pattern: str = "(?i)prod"

    def __post_init__(self) -> None:
        unknown = sorted(set(_FIELD.findall(self.project_name)) - FIELDS)
        if unknown or re.search(r"[{}]", _FIELD.sub("", self.project_name)):
            known = " ".join(f"{{{name}}}" for name in sorted(FIELDS))
            raise ConfigurationError(f"Invalid project name pattern '{self.project_name}'.", f"Its fields are {known}.")
        if not _FIELD.search(self.project_name):
            raise ConfigurationError("A project name without any {field} would be the same for all repositories.")

    def includes(self, full_name: str) -> bool:
        """Whether a repository is wanted."""
        included = not self.include or any(fnmatchcase(full_name, pattern) for pattern in self.include)
        return included and not any(fnmatchcase(full_name, pattern) for pattern in self.exclude)

    def scope_config_name(self, connection: Connection) -> str:
        """The name of a connection's scope config; DevLake requires it to be unique over a plugin's connections."""
        return f"{self.scope_config} {connection}"

    def existing_scope_config(self, connection: Connection, configs: dict[str, int]) -> int | None:
        """The id of a connection's scope config, also of one under the plain name of earlier versions."""
        return configs.get(self.scope_config_name(connection), configs.get(self.scope_config))

    def project(self, connection: Connection, scope: RemoteScope) -> str:
        """The name of a repository's project; one that is too long is cut and ends in a hash of the whole."""
        values = {
            "plugin": connection.plugin,
            "connection": connection.name,
            "connection-id": str(connection.id),
            "full-name": scope.full_name,
            "name": scope.full_name.rpartition("/")[2],
        }
        name = _FIELD.sub(lambda match: values[match[1]], self.project_name).strip()
        return name if len(name.encode()) <= MAX_NAME_BYTES else marked(name)


def marked(name: str) -> str:
    """A project name that is cut at a character and ends in a hash of the whole, at most 100 bytes."""
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name.encode()[: MAX_NAME_BYTES - 9].decode('utf-8', 'ignore')}~{digest}"


def saturday_before(today: date, zone: tzinfo = UTC) -> datetime:
    """Midnight at the beginning of the last Saturday before `today`; on a Saturday, a week ago."""
    days = (today.weekday() - 5) % 7 or 7
    return datetime.combine(today - timedelta(days=days), time(), zone)
