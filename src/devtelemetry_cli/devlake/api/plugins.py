"""The data source plugins that can be synced: the field of a scope's id, and the contents of their scope configs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

REPORTS = "developer_telemetry"
DEVTEL = "devtel"  # our own plugin, set up by `devtel devlake plugin` and never synced


@dataclass(frozen=True)
class Plugin:
    """One plugin. `id_field` is the field of a scope whose value, as text, a blueprint calls `scopeId`."""

    name: str
    id_field: str
    entities: tuple[str, ...]
    patterns: Mapping[str, str] = field(default_factory=dict)  # config-ui's defaults, as far as DORA metrics need them

    def scope_id(self, data: dict[str, Any], default: str) -> str:
        """The id of a scope in a blueprint; `default` where its data has none."""
        value = data.get(self.id_field)
        return str(value) if isinstance(value, str | int) and value not in ("", 0) else default

    def scope_config(self, name: str, deployment: str, production: str) -> dict[str, Any]:
        """The body that creates a scope config; deployment patterns only for plugins with deployments."""
        body: dict[str, Any] = {"name": name, "entities": list(self.entities), **self.patterns}
        if "CICD" in self.entities:
            body |= {"deploymentPattern": deployment, "productionPattern": production}
        return body


# config-ui fills these in before it creates a scope config; the API stores empty ones without them. Deployments of an
# environment whose name no envNamePattern matches are not production, and issues without a type are no incidents.
_ENVIRONMENT = {"envNamePattern": "(?i)prod(.*)"}
_ISSUE_TYPES = {
    "issueTypeRequirement": "(feat|feature|proposal|requirement)",
    "issueTypeBug": "(bug|broken)",
    "issueTypeIncident": "(incident|failure)",
}
_ISSUE_STATES = {
    "issueStatusTodo": "new,open",
    "issueStatusDone": "closed",
    "issueStatusOther": "on hold,wontfix,duplicate,invalid",
}
_CODE_HOST = ("CODE", "TICKET", "CODEREVIEW", "CROSS", "CICD")

SYNCED = {
    plugin.name: plugin
    for plugin in (
        Plugin("github", "githubId", _CODE_HOST, {**_ENVIRONMENT, **_ISSUE_TYPES}),
        Plugin("gitlab", "gitlabId", _CODE_HOST, _ENVIRONMENT),
        Plugin("bitbucket", "bitbucketId", _CODE_HOST, _ISSUE_STATES),
        Plugin("azuredevops_go", "id", ("CODE", "CODEREVIEW", "CROSS", "CICD")),
        Plugin("jira", "boardId", ("TICKET", "CROSS")),
        Plugin("jenkins", "fullName", ("CICD",)),
        Plugin("circleci", "id", ("CICD",)),
        Plugin("bamboo", "planKey", ("CICD", "CROSS"), _ENVIRONMENT),
    )
}

WITH_SCOPES = {**SYNCED, DEVTEL: Plugin(DEVTEL, "id", ())}
