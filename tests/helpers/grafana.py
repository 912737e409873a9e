"""Grafana's handling of a dashboard's file: its panels, and the SQL of a query.

The browser replaces variables first; then the data source's backend replaces macros, each of which it must know.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devtelemetry_cli.server import dashboards

FOLDER = Path(dashboards.__file__).parent
FILES = {"mariadb": "devtel-mysql.json", "postgresql": "devtel-postgresql.json"}
BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
END = datetime(2026, 2, 15, 23, 59, 59, 999000, tzinfo=UTC)

Json = dict[str, Any]
Chosen = Mapping[str, Sequence[str]]  # the values that a viewer chose, by variable; all of them where it has none

_REFERENCE = re.compile(r"\$\{(\w+)(?::(\w+))?\}|\$(\w+)")
_MACRO = re.compile(r"\$(\w+)\(([^)]*)\)")


def board(kind: str) -> Json:
    """The dashboard for a kind of database."""
    loaded: Json = json.loads((FOLDER / FILES[kind]).read_text())
    return loaded


def panels(of: Json) -> Iterator[Json]:
    """Every panel, those of collapsed rows too."""
    for panel in of["panels"]:
        yield panel
        yield from panel.get("panels", [])


def query(of: Json, title: str) -> str:
    """The SQL of the panel with that title, as the file has it."""
    (found,) = [panel for panel in panels(of) if panel["title"] == title]
    (target,) = found["targets"]
    return str(target["rawSql"])


def references(text: str) -> list[tuple[str, str]]:
    """The variables that a text uses, with their formats; macros are no variables."""
    found = [(braced or bare, form) for braced, form, bare in _REFERENCE.findall(text)]
    return [(name, form) for name, form in found if not name.startswith("__")]


def sql(of: Json, raw: str, chosen: Chosen | None = None) -> str:
    """The SQL that reaches the database. Fails where a variable or a macro is not one."""
    defined = {variable["name"]: variable for variable in of["templating"]["list"]}
    replaced = _REFERENCE.sub(lambda match: _value(match, defined, chosen or {}), raw)
    dialect = _MYSQL if defined["datasource"]["query"] == "mysql" else _POSTGRESQL
    return _MACRO.sub(lambda match: dialect[match[1]](match[2].strip()), replaced)


def _value(match: re.Match[str], defined: Mapping[str, Json], chosen: Chosen) -> str:
    name, form = match[1] or match[3], match[2]
    if name.startswith("__"):
        return match[0]
    variable = defined[name]
    if variable["type"] == "constant":
        return str(variable["query"])
    if name not in chosen:
        return str(variable["allValue"])  # as it stands, in whatever format
    assert form == "sqlstring"
    return ",".join("'" + value.replace("'", "''") + "'" for value in chosen[name])


def _between(moment: Callable[[datetime], str]) -> Mapping[str, Callable[[str], str]]:
    return {"__timeFilter": lambda column: f"{column} BETWEEN {moment(BEGIN)} AND {moment(END)}"}


_MYSQL = _between(lambda moment: f"FROM_UNIXTIME({int(moment.timestamp())})")
_POSTGRESQL = _between(lambda moment: f"'{moment.isoformat().replace('+00:00', 'Z')}'")
