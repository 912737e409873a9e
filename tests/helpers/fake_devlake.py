"""A DevLake in memory that answers as the facts say it does: paging, masked secrets, duplicates, whole replacement."""

import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

ID_FIELDS = {
    "github": "githubId",
    "gitlab": "gitlabId",
    "bitbucket": "bitbucketId",
    "azuredevops_go": "id",
    "jira": "boardId",
    "jenkins": "fullName",
    "circleci": "id",
    "bamboo": "planKey",
}
REMOTE_PAGE = 100
DUMP = "\n\nstack trace:\n" + "\n".join(f"    goroutine {number} [running]" for number in range(40))


class RefusedError(Exception):
    """An answer with an error status; without a message its body is empty."""

    def __init__(self, status: int, message: str = "", causes: list[str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.causes = status, message, causes


class FakeDevLake:
    """What is in this DevLake. Ids rise over everything, so that no two things share one."""

    def __init__(self) -> None:
        self.plugins = [*ID_FIELDS, "developer_telemetry", "webhook", "dora", "refdiff"]
        self.connections: dict[str, dict[int, dict[str, Any]]] = {name: {} for name in self.plugins[:-2]}
        self.remote: dict[tuple[str, int], dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
        self.scopes: dict[tuple[str, int], dict[str, dict[str, Any]]] = defaultdict(dict)
        self.configs: dict[tuple[str, int], dict[str, dict[str, Any]]] = defaultdict(dict)
        self.projects: dict[str, dict[str, Any]] = {}
        self.blueprints: dict[int, dict[str, Any]] = {}
        self.pipelines: dict[int, dict[str, Any]] = {}
        self.tasks: dict[int, list[dict[str, Any]]] = {}
        self.keys: dict[str, dict[str, Any]] = {}
        self.triggers: list[dict[str, Any]] = []
        self.steps: dict[int, list[dict[str, Any]]] = {}
        self._blueprint_of: dict[str, int] = {}
        self._number = 0

    def number(self) -> int:
        """The next id."""
        self._number += 1
        return self._number

    # what a test puts in

    def connect(self, plugin: str, name: str = "") -> int:
        """A new connection; its number within the plugin."""
        number = len(self.connections[plugin]) + 1
        self.connections[plugin][number] = {"id": number, "name": name or f"{plugin} {number}", "token": "secret"}
        return number

    def group(self, plugin: str, connection: int, name: str, parent: str = "") -> str:
        """A group that holds remote scopes."""
        self.remote[plugin, connection][parent].append(
            {"type": "group", "parentId": parent or None, "id": name, "name": name, "fullName": name, "data": None}
        )
        return name

    def repository(self, plugin: str, connection: int, full_name: str, group: str = "", key: Any = None) -> str:
        """A remote scope; its id as a blueprint names it."""
        numeric = plugin in ("github", "gitlab", "jira")
        identity = key if key is not None else (self.number() + 1000 if numeric else full_name)
        data = {ID_FIELDS[plugin]: identity, "name": full_name.rpartition("/")[2], "fullName": full_name}
        self.remote[plugin, connection][group].append(
            {
                "type": "scope",
                "parentId": group or None,
                "id": str(identity),
                "name": data["name"],
                "fullName": full_name,
                "data": data,
            }
        )
        return str(identity)

    def blueprint(self, project: str, **changes: Any) -> int:
        """A project with its blueprint, as somebody made them by hand."""
        made = self.post_project({"name": project, "metrics": []})
        self.blueprints[made["blueprint"]["id"]] |= changes
        return int(made["blueprint"]["id"])

    def pipeline(self, blueprint: int, status: str = "TASK_COMPLETED", message: str = "", ended: str = "") -> int:
        """A run of a blueprint."""
        number = self.number()
        finished = ended or f"2026-11-20T10:{number % 60:02}:00Z"
        self.pipelines[number] = {
            "id": number,
            "blueprintId": blueprint,
            "status": status,
            "message": message,
            "errorName": "",
            "beganAt": "2026-11-20T09:00:00.000+00:00",
            "finishedAt": None if status == "TASK_RUNNING" else finished,
            "spentSeconds": 60,
            "totalTasks": 3,
            "finishedTasks": 1 if status == "TASK_RUNNING" else 3,
        }
        return number

    # what the API answers

    def get_plugins(self) -> Any:
        return [{"plugin": name, "metric": {}} for name in self.plugins]

    def get_connections(self, plugin: str) -> Any:
        if plugin not in self.connections:
            raise RefusedError(404)
        shown = self.connections[plugin].values()
        return [{**item, "token": f"{item.get('token', '')[:2]}***"} for item in shown]

    def post_connection(self, plugin: str, body: dict[str, Any]) -> Any:
        if not body.get("endpoint"):
            raise RefusedError(500, "Error 1364: endpoint has no default value" + DUMP)
        if any(item["name"] == body["name"] for item in self.connections[plugin].values()):
            raise RefusedError(400, "duplicate connection" + DUMP, ["the name is duplicated"])
        made = self.connections[plugin][self.connect(plugin, body["name"])]
        made["endpoint"] = body["endpoint"]
        return made

    def get_remote(self, plugin: str, connection: str, query: dict[str, str]) -> Any:
        children = self.remote[plugin, int(connection)][query.get("groupId", "")]
        start = int(query["pageToken"][4:]) if query.get("pageToken") else 0
        more = start + REMOTE_PAGE < len(children)
        token = f"tok-{start + REMOTE_PAGE}" if more else ""
        return {"children": children[start : start + REMOTE_PAGE], "nextPageToken": token}

    def get_scopes(self, plugin: str, connection: str, query: dict[str, str]) -> Any:
        size = min(1000, int(query.get("pageSize", 100)))
        items = [{"scope": scope, "scopeConfig": None} for scope in self.scopes[plugin, int(connection)].values()]
        return {"count": len(items), "scopes": _page(items, query, size)}

    def put_scopes(self, plugin: str, connection: str, body: dict[str, Any]) -> Any:
        for data in body["data"]:
            if data.get("name") == "refused":
                raise RefusedError(400, "error saving scopes" + DUMP, ["this repository is refused"])
        for data in body["data"]:
            self.scopes[plugin, int(connection)][str(data[ID_FIELDS[plugin]])] = data
        return body["data"]

    def get_configs(self, plugin: str, connection: str) -> Any:
        return list(self.configs[plugin, int(connection)].values())

    def post_config(self, plugin: str, connection: str, body: dict[str, Any]) -> Any:
        there = self.configs[plugin, int(connection)]
        if body["name"] in there:
            raise RefusedError(500, "error creating scope config: the name is duplicated" + DUMP)
        there[body["name"]] = {"id": self.number(), **body}
        return there[body["name"]]

    def get_projects(self, query: dict[str, str]) -> Any:
        return {"count": len(self.projects), "projects": _page([*self.projects.values()], query, 50)}

    def get_project(self, name: str) -> Any:
        if name not in self.projects:
            raise RefusedError(404, f"could not find project [{name}] in DB (404)")
        return self._with_blueprint(name)

    def post_project(self, body: dict[str, Any]) -> Any:
        if len(body["name"]) > 100:
            raise RefusedError(500, "Error 1406: Data too long for column 'name'")
        if body["name"] in self.projects:
            raise RefusedError(400, f"A project with name [{body['name']}] already exists" + DUMP)
        self.projects[body["name"]] = {"name": body["name"], "metrics": body["metrics"]}
        number = self._blueprint_of[body["name"]] = self.number()
        self.blueprints[number] = {
            "id": number,
            "name": f"{body['name']}-Blueprint",
            "projectName": body["name"],
            "mode": "NORMAL",
            "enable": True,
            "cronConfig": "0 0 * * *",
            "isManual": False,
            "skipOnFail": False,
            "timeAfter": None,
            "labels": [],
            "connections": None,
            "plan": [],
        }
        if "blueprint" in body:  # stored unchecked
            self.blueprints[number] = body["blueprint"]
        return self._with_blueprint(body["name"])

    def get_blueprints(self, query: dict[str, str]) -> Any:
        items = [self.blueprints[number] for number in sorted(self.blueprints, reverse=True)]
        return {"count": len(items), "blueprints": _page(items, query, 50)}

    def get_blueprint(self, number: str) -> Any:
        if int(number) not in self.blueprints:
            raise RefusedError(404, "blueprint not found (404)")
        return self.blueprints[int(number)]

    def patch_blueprint(self, number: str, body: dict[str, Any]) -> Any:
        for connection in body.get("connections") or []:
            added = self.scopes[connection["pluginName"], connection["connectionId"]]
            for scope in connection["scopes"]:
                if scope["scopeId"] not in added:
                    raise RefusedError(400, "cannot make a plan", [f"there is no scope {scope['scopeId']}"])
        self.get_blueprint(number).update(body)
        return self.blueprints[int(number)]

    def trigger(self, number: str, body: dict[str, Any]) -> Any:
        blueprint = self.get_blueprint(number)
        active = [p for p in self.pipelines.values() if p["finishedAt"] is None]
        if not blueprint["enable"]:
            raise RefusedError(400, "blueprint is not enabled")
        if any(pipeline["blueprintId"] == int(number) for pipeline in active):
            raise RefusedError(400, "there are pending pipelines of current blueprint already")
        if not blueprint["connections"]:
            raise RefusedError(400, "empty plan")
        self.triggers.append(body)
        return self.pipelines[self.pipeline(int(number), "TASK_RUNNING")]

    def get_blueprint_pipelines(self, number: str, query: dict[str, str]) -> Any:
        return self.get_pipelines({**query, "blueprint_id": number})

    def get_pipelines(self, query: dict[str, str]) -> Any:
        items = [
            pipeline
            for _, pipeline in sorted(self.pipelines.items(), reverse=True)
            if str(pipeline["blueprintId"]) == query.get("blueprint_id", str(pipeline["blueprintId"]))
            and pipeline["status"] == query.get("status", pipeline["status"])
        ]
        return {"count": len(items), "pipelines": _page(items, query, 50)}

    def get_pipeline(self, number: str) -> Any:
        """A pipeline that runs goes one step further each time it is looked at."""
        pipeline = self.pipelines[int(number)]
        if self.steps.get(int(number)):
            pipeline |= self.steps[int(number)].pop(0)
        elif pipeline["status"] == "TASK_RUNNING":
            done = pipeline["finishedTasks"] + 1
            ended = done >= pipeline["totalTasks"]
            pipeline |= {"finishedTasks": done, "status": "TASK_COMPLETED" if ended else "TASK_RUNNING"}
            pipeline["finishedAt"] = "2026-11-22T10:05:00Z" if ended else None
        return pipeline

    def get_tasks(self, number: str) -> Any:
        return {"count": len(self.tasks.get(int(number), [])), "tasks": self.tasks.get(int(number), [])}

    def post_key(self, body: dict[str, Any]) -> Any:
        if any(key["name"] == body["name"] for key in self.keys.values()):
            raise RefusedError(400, f"An api key with name [{body['name']}] has already exists")
        text = f"key-{self.number()}-{'k' * 20}"
        self.keys[text] = body
        return {**body, "id": self.number(), "apiKey": text}

    def _with_blueprint(self, name: str) -> dict[str, Any]:
        return {**self.projects[name], "blueprint": self.blueprints.get(self._blueprint_of[name])}


def _page(items: list[Any], query: dict[str, str], size: int) -> list[Any]:
    size = min(int(query.get("pageSize", size)), size if size > 50 else 1_000_000)
    start = (int(query.get("page", 1)) - 1) * size
    return items[start : start + size]


def _route(method: str, path: str, name: str, extra: str = "", status: int = 200) -> tuple[str, Any, str, str, int]:
    return method, re.compile(path.replace("*", "([^/]+)") + "$"), name, extra, status


_ONE = "/plugins/*/connections/*"
ROUTES = [
    _route("GET", "/plugins", "get_plugins"),
    _route("GET", "/plugins/*/connections", "get_connections"),
    _route("POST", "/plugins/*/connections", "post_connection", "body", 201),
    _route("GET", f"{_ONE}/remote-scopes", "get_remote", "query"),
    _route("GET", f"{_ONE}/scopes", "get_scopes", "query"),
    _route("PUT", f"{_ONE}/scopes", "put_scopes", "body"),
    _route("GET", f"{_ONE}/scope-configs", "get_configs"),
    _route("POST", f"{_ONE}/scope-configs", "post_config", "body"),
    _route("GET", "/projects", "get_projects", "query"),
    _route("GET", "/projects/*", "get_project"),
    _route("POST", "/projects", "post_project", "body", 201),
    _route("GET", "/blueprints", "get_blueprints", "query"),
    _route("GET", "/blueprints/*", "get_blueprint"),
    _route("PATCH", "/blueprints/*", "patch_blueprint", "body"),
    _route("POST", "/blueprints/*/trigger", "trigger", "body"),
    _route("GET", "/blueprints/*/pipelines", "get_blueprint_pipelines", "query"),
    _route("GET", "/pipelines", "get_pipelines", "query"),
    _route("GET", "/pipelines/*", "get_pipeline"),
    _route("GET", "/pipelines/*/tasks", "get_tasks"),
    _route("POST", "/api-keys", "post_key", "body", 201),
]


def answer(lake: FakeDevLake, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
    """Status and content for a request. Raises RefusedError; LookupError where there is no such route."""
    for verb, pattern, name, extra, status in ROUTES:
        if verb == method and (match := pattern.match(path)):
            work: Callable[..., Any] = getattr(lake, name)
            more = {"query": [query], "body": [body], "": []}[extra]
            return status, work(*map(unquote, match.groups()), *more)
    raise LookupError(path)
