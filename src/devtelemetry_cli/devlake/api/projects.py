"""Creation of DevLake projects, each with a blueprint."""

from typing import Any

from devtelemetry_cli.devlake.api import decode
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.errors import ApiError

_DORA = {"pluginName": "dora", "pluginOption": {}, "enable": True}


def create(client: Client, name: str) -> dict[str, Any] | None:
    """The blueprint of a new project with DORA metrics; None where a project of that name exists. Raises ApiError.

    A blueprint in the request would be stored unchecked, so DevLake makes its default one.
    """
    try:
        made = client.write("POST", "/projects", {"name": name, "description": "", "metrics": [_DORA]})
    except ApiError as fault:
        if fault.is_duplicate:
            return None
        raise
    blueprint = decode.record(made, "POST /projects").get("blueprint")
    return blueprint if isinstance(blueprint, dict) and blueprint.get("id") else None
