"""Migrations: each step holds the tables as they were when it was written. A released step never changes."""

from datetime import datetime
from typing import Optional

from pydantic import SecretStr
from pydevlake import Connection, Field, ScopeConfig
from pydevlake.migration import MigrationScriptBuilder, migration
from pydevlake.model import ToolModel, ToolScope


@migration(20261125000001, name="create the tables of devtel")
def create_tables(builder: MigrationScriptBuilder) -> None:
    """The first tables."""

    class DevtelConnection(Connection):
        endpoint: str
        token: Optional[SecretStr]
        rate_limit_per_hour: Optional[int]

    class DevtelScopeConfig(ScopeConfig):
        pass

    class Project(ToolScope):
        project: str
        url: Optional[str]

    class TargetWeek(ToolModel):
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
        durations: str
        exit_codes: str
        checkouts: str

    builder.create_tables(DevtelConnection, DevtelScopeConfig, Project, TargetWeek)
