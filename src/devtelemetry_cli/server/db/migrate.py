"""The version of the tables: checked at every start, and upgraded by migrations/ where it is older."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from devtelemetry_cli import __version__
from devtelemetry_cli.errors import ConfigurationError, UnavailableError
from devtelemetry_cli.server.db import locks

HEAD = "0006"  # the last of migrations/versions; a test compares
VERSION_TABLE = "devtel_schema"
MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine) -> bool:
    """Migrate if needed, one process at a time; whether there was something to do.

    Raises ConfigurationError for tables that a newer devtel made, and SQLAlchemy's errors.
    """
    with engine.connect() as db:
        if current(db) == HEAD:
            return False
    with engine.execution_options(writes=True).begin() as db, locks.held(db, "schema", wait=True) as is_held:
        if not is_held:
            raise UnavailableError("Another process has been migrating the database for a minute.", "Try again later.")
        return _migrate(db)


def current(db: Connection) -> str | None:
    """The version of the tables, None where no migration ever ran."""
    if not inspect(db).has_table(VERSION_TABLE):
        return None
    found: str | None = db.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608 - a constant
    return found


def _migrate(db: Connection) -> bool:
    # Loaded only when there is something to do: it costs a start a quarter of a second.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config(attributes={"connection": db, "table": VERSION_TABLE})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    found = current(db)
    if found == HEAD:  # another process was faster
        return False
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise ConfigurationError(
            f"The database has tables of version {found}; this devtel ({__version__}) supports versions up to {HEAD}.",
            "A newer devtel made them: update this one.",
        )
    command.upgrade(config, "head")
    return True
