"""The plugin's tables in DevLake: connections, scope configs, projects and weekly figures."""

import hashlib
from datetime import datetime
from typing import Any, Optional

from pydantic import SecretStr
from pydevlake import Connection, Field, ScopeConfig
from pydevlake.model import ToolModel, ToolScope
from sqlalchemy import Column, Text


class DevtelConnection(Connection):
    """A devtel server and its view token.

    The secret is called `token` because DevLake blanks only a field of that name in its answers. `endpoint` is optional
    for pydevlake and required in the schema: DevLake's test of a saved connection passes `proxy` and `token` only.
    """

    endpoint: Optional[str]
    token: Optional[SecretStr]
    rate_limit_per_hour: Optional[int]

    class Config:
        """Marks `endpoint` as required in the JSON schema that DevLake shows."""

        @staticmethod
        def schema_extra(schema: dict[str, Any], _model: type) -> None:
            """Add `endpoint` to the required fields."""
            schema["required"] = sorted({*schema.get("required", []), "endpoint"})


class DevtelScopeConfig(ScopeConfig):
    """No settings of its own: weekly figures are never converted into pipelines or deployments."""


class Project(ToolScope, table=True):
    """A project as the reports name it."""

    project: str
    url: Optional[str]


class TargetWeek(ToolModel, table=True):
    """One target of a project in one week (its Monday, UTC), over at least `min_developers` developers.

    Seconds in `waited_seconds`, `mean_seconds`, `p50_seconds` and `p90_seconds`. JSON in `durations` (histogram bucket
    -> runs), `exit_codes` (code -> runs) and `checkouts` (list of objects).
    """

    week_id: str = Field(primary_key=True, max_length=32)
    project: str
    target: str
    week: datetime
    min_developers: int
    developers: int
    runs: int
    failures: int
    interrupted: int
    lost: int
    waited_seconds: float
    mean_seconds: float
    p50_seconds: Optional[float]
    p90_seconds: Optional[float]
    durations: str = Field(sa_column=Column(Text))
    exit_codes: str = Field(sa_column=Column(Text))
    checkouts: str = Field(sa_column=Column(Text))


def digest(*names: str) -> str:
    """A key of 32 characters for names that may be long or differ in case only."""
    return hashlib.sha256("\0".join(names).encode()).hexdigest()[:32]


def scope_id(project: str) -> str:
    """The scope's key in DevLake.

    The prefix matters: DevLake deletes by connection and scope over all plugins' tables, without asking the plugin.
    """
    return f"project:{project}" if len(project) <= 100 else f"project#{digest(project)}"
