"""A DevLake in memory that answers as a real one was recorded: paging, masked secrets, duplicates, replacement.

tests/devlake/test_contract.py holds it against contract/devlake-exchanges.json.
"""

import re
from collections import defaultdict
from typing import Any

from tests.helpers import fake_devlake_forms as forms
from tests.helpers import fake_devlake_remote as remote_api
from tests.helpers.fake_devlake_remote import Refusal, RemoteFault

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
DUMP = "\n\nstack trace:\n" + "\n".join(f"    goroutine {number} [running]" for number in range(40))
DIAL = "dial tcp 127.0.0.1:33391: connect: connection refused (500)"
DUPLICATE = "The name of the current scope config is duplicated. Please modify it before saving."
SUCCESS = {"code": 0, "success": True, "message": "success", "causes": None, "data": None}
TIME_AFTER = "2026-05-25T00:00:00Z"  # six months before the recording


class RefusedError(Exception):
    """An answer with an error status; without a message its body is empty."""

    def __init__(self, status: int, message: str = "", causes: list[str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.causes = status, message, causes


class FakeDevLake:
    """The state of a DevLake. Ids rise over everything, so that no two objects share one."""

    def __init__(self) -> None:
        self.plugins = [*ID_FIELDS, "developer_telemetry", "webhook", "dora", "refdiff"]
        self.connections: dict[str, dict[int, dict[str, Any]]] = {name: {} for name in self.plugins[:-2]}
        self.remote: dict[tuple[str, int], dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
        self.remote_faults: dict[tuple[str, int], RemoteFault] = {}
        self.id_fields = dict(ID_FIELDS)
        self.fine_grained: set[int] = set()  # github connections with such a token
        self.scopes: dict[tuple[str, int], dict[str, dict[str, Any]]] = defaultdict(dict)
        self.configs: dict[tuple[str, int], dict[str, dict[str, Any]]] = defaultdict(dict)
        self.projects: dict[str, dict[str, Any]] = {}
        self.ignores_case = False  # as a database with a case-insensitive collation does
        self.blueprints: dict[int, dict[str, Any]] = {}
        self.pipelines: dict[int, dict[str, Any]] = {}
        self.tasks: dict[int, list[dict[str, Any]]] = {}
        self.keys: dict[str, dict[str, Any]] = {}
        self.reports: list[dict[str, Any]] = []
        self.triggers: list[dict[str, Any]] = []
        self.steps: dict[int, list[dict[str, Any]]] = {}
        self._blueprint_of: dict[str, int] = {}
        self._number = 0

    def number(self) -> int:
        """The next id."""
        self._number += 1
        return self._number

    @property
    def next_number(self) -> int:
        """The id that the next object gets."""
        return self._number + 1

    # the state that a test prepares

    def connect(self, plugin: str, name: str = "") -> int:
        """A new connection; its number within the plugin."""
        number = len(self.connections[plugin]) + 1
        form = {**forms.connection(plugin), "id": number, "name": name or f"{plugin} {number}"}
        self.connections[plugin][number] = form
        return number

    def install_devtel(self) -> None:
        """Install devtel's own plugin, a remote plugin in Python."""
        self.plugins.append("devtel")
        self.connections["devtel"] = {}
        self.id_fields["devtel"] = "id"

    def server_project(self, connection: int, name: str) -> str:
        """A project that the devtel server behind a connection lists."""
        if not self.remote["devtel", connection][""]:
            self.group("devtel", connection, "projects")
        return self.repository("devtel", connection, name, "projects", key=f"project:{name}")

    def group(self, plugin: str, connection: int, name: str, parent: str = "") -> str:
        """A group that contains remote scopes."""
        self.remote[plugin, connection][parent].append(
            {"type": "group", "parentId": parent or None, "id": name, "name": name, "fullName": name, "data": None}
        )
        return name

    def repository(self, plugin: str, connection: int, full_name: str, group: str = "", key: Any = None) -> str:
        """A remote scope; its id in a blueprint."""
        numeric = plugin in ("github", "gitlab", "jira")
        identity = key if key is not None else (self.number() + 1000 if numeric else full_name)
        name = full_name.rpartition("/")[2]
        data = {**forms.remote_data(plugin), "name": name, "fullName": full_name, self.id_fields[plugin]: identity}
        if plugin not in ("github", "jenkins"):
            del data["fullName"]
        scope = {"id": str(identity), "name": name, "fullName": full_name, "data": data}
        self.remote[plugin, connection][group].append({"type": "scope", "parentId": group or None, **scope})
        return str(identity)

    def blueprint(self, project: str, number: int = 0, **changes: Any) -> int:
        """A project with its blueprint, made by hand; with a given id, or the next one."""
        made = int(self.post_project({"name": project, "metrics": []})["blueprint"]["id"])
        self._blueprint_of[project] = number or made
        self.blueprints[number or made] = {**self.blueprints.pop(made), "id": number or made, **changes}
        return number or made

    def pipeline(self, blueprint: int, status: str = "TASK_COMPLETED", message: str = "", ended: str = "") -> int:
        """A run of a blueprint."""
        number = self.number()
        is_active = status in ("TASK_RUNNING", "TASK_CREATED")
        self.pipelines[number] = {
            **forms.pipeline(),
            "id": number,
            "blueprintId": blueprint,
            "status": status,
            "message": message,
            "beganAt": None if status == "TASK_CREATED" else "2026-11-20T09:00:00.000+00:00",
            "finishedAt": None if is_active else ended or f"2026-11-20T10:{number % 60:02}:00Z",
            "spentSeconds": 60,
            "totalTasks": 3,
            "finishedTasks": {"TASK_CREATED": 0, "TASK_RUNNING": 1}.get(status, 3),
        }
        return number

    # the answers of the API

    def get_plugins(self) -> Any:
        metric = {"requiredDataEntities": None, "runAfter": None, "isProjectMetric": False}
        # Go iterates over a map: each answer has another order
        self.plugins = [*self.plugins[1:], self.plugins[0]]
        return [{"plugin": name, "metric": metric} for name in self.plugins]

    def get_connections(self, plugin: str) -> Any:
        if plugin not in self.connections:
            raise RefusedError(404)
        return list(self.connections[plugin].values())

    def get_connection(self, plugin: str, number: str) -> Any:
        if int(number) not in self.connections[plugin]:
            is_source = plugin in ID_FIELDS
            model = f"*models.{plugin.title()}Connection not found (404)\nWraps: (2) " if is_source else ""
            raise RefusedError(404, f"{model}record not found (404)", ["record not found (404)"] if is_source else None)
        return self.connections[plugin][int(number)]

    def post_connection(self, plugin: str, body: dict[str, Any]) -> Any:
        is_source = plugin in ID_FIELDS
        if plugin != "webhook" and not body.get("endpoint"):
            raise RefusedError(500, "error validating target\nWraps: (2) Key: 'Endpoint' Error:Field validation" + DUMP)
        if any(item["name"] == body["name"] for item in self.connections[plugin].values()):
            message = DUPLICATE if is_source else "the connection name already exists (400)"
            raise RefusedError(500 if is_source else 400, message)
        if len(body["name"]) > 100:
            raise RefusedError(500, "Error 1406 (22001): Data too long for column 'name' at row 1 (500)" + DUMP)
        made = self.connections[plugin][self.connect(plugin, body["name"])]
        made["endpoint"] = body.get("endpoint", "")
        return made

    def post_test(self, plugin: str, number: str, body: dict[str, Any]) -> Any:
        """developer_telemetry ignores the id and makes a connection."""
        if plugin == "developer_telemetry":
            name = body.get("name") or f"made by a test {self.number()}"
            return {**SUCCESS, "connection": self.connections[plugin][self.connect(plugin, name)]}
        found = self.remote_faults.get((plugin, int(number)))
        fault = found if found and found.fails_test else None
        if plugin == "github":
            return remote_api.github_test(fault, int(number) in self.fine_grained)
        if fault is not None:
            _refuse(remote_api.test(plugin, fault))
        hidden = ("id", "name", "createdAt", "updatedAt")
        shown = {name: value for name, value in self.connections[plugin][int(number)].items() if name not in hidden}
        return {**SUCCESS, "Connection": shown} if plugin == "jira" else SUCCESS

    def post_new_test(self, plugin: str, body: dict[str, Any]) -> Any:
        """The test of an unsaved connection, by devtel's plugin."""
        if plugin != "devtel":
            raise RefusedError(404)
        if body.get("token") != "view-token":
            raise RefusedError(403, "the token is not the server's view token")
        return {**SUCCESS, "message": "the server shows its published figures"}

    def get_remote(self, plugin: str, connection: str, query: dict[str, str]) -> Any:
        if plugin not in self.id_fields:
            raise RefusedError(404)
        group, token = query.get("groupId", ""), query.get("pageToken", "")
        try:
            start = remote_api.page_start(plugin, token) if token else 0
        except ValueError:
            raise RefusedError(400, "failed to decode page token (400)\nWraps: (2) illegal base64 data") from None
        fault = self.remote_faults.get((plugin, int(connection)))
        size = remote_api.page_size(plugin)
        if fault and fault.group in (None, group) and start // size + 1 >= fault.first_page:
            answer = remote_api.listing(plugin, fault, start, group)
            return _refuse(answer) if isinstance(answer, Refusal) else answer
        children = self.remote[plugin, int(connection)][group]
        has_more = start + size < len(children) and plugin not in remote_api.LAST_PAGE_ONLY
        following = remote_api.page_token(plugin, start + size) if has_more else ""
        return {"children": children[start : start + size], "nextPageToken": following}

    def get_scopes(self, plugin: str, connection: str, query: dict[str, str]) -> Any:
        size = int(query.get("pageSize", 100))
        if size > 1000:
            causes = ["invalid pagination parameters (400)"]
            raise RefusedError(400, "failed to decode pathvars into pagination (400)" + DUMP, causes)
        scopes = list(self.scopes[plugin, int(connection)].items())
        shown = _page(scopes, query, size)
        items = [self._scope(plugin, int(connection), scope_id, query) for scope_id, _ in shown]
        return {"count": len(scopes), "scopes": items}

    def get_scope(self, plugin: str, connection: str, scope_id: str) -> Any:
        if scope_id not in self.scopes[plugin, int(connection)]:
            raise RefusedError(404, "record not found (404)")
        return self._scope(plugin, int(connection), scope_id, {})

    def put_scopes(self, plugin: str, connection: str, body: dict[str, Any]) -> Any:
        if not body.get("data"):
            raise RefusedError(400, "invalid data (400)")
        for data in body["data"]:
            if data.get("name") == "refused":
                raise RefusedError(400, "error saving scopes" + DUMP, ["this repository is refused"])
        stored = [{**data, "connectionId": int(connection)} for data in body["data"]]
        for data in stored:  # replaced whole: a missing scopeConfigId is lost
            self.scopes[plugin, int(connection)][str(data[self.id_fields[plugin]])] = data
        return stored

    def get_configs(self, plugin: str, connection: str) -> Any:
        return list(self.configs[plugin, int(connection)].values())

    def post_config(self, plugin: str, connection: str, body: dict[str, Any]) -> Any:
        there = [config for (name, _), configs in self.configs.items() if name == plugin for config in configs]
        if body["name"] in there:  # unique per plugin, over all its connections
            raise RefusedError(500, DUPLICATE)
        made = {**forms.scope_config(plugin), "id": self.number(), "connectionId": int(connection), **body}
        self.configs[plugin, int(connection)][body["name"]] = made
        return made

    def get_projects(self, query: dict[str, str]) -> Any:
        """`keyword` is LIKE '%...%' in small letters: `_` and `%` are wildcards, a backslash escapes."""
        pattern = re.compile(_like(query.get("keyword", "").lower()), re.DOTALL)
        found = [name for name in reversed(self.projects) if pattern.search(name.lower())]
        shown = [self._with_blueprint(name) for name in _page(found, query, 50)]
        return {"projects": shown, "count": len(found)}

    def get_project(self, name: str) -> Any:
        if name not in self.projects:
            causes = [f"could not find project [{name}] in DB (404)", "record not found (404)"]
            raise RefusedError(404, "error getting project (404)" + DUMP, causes)
        return self._with_blueprint(name)

    def post_project(self, body: dict[str, Any]) -> Any:
        name = body["name"]
        if len(name.encode()) > 100:
            raise RefusedError(400, "Project name is too long. (400)")
        if name in self.projects or (self.ignores_case and name.lower() in map(str.lower, self.projects)):
            causes = [f"A project with name [{name}] already exists (400)"]
            raise RefusedError(400, "error creating project (400)" + DUMP, causes)
        times = {"createdAt": "2026-11-25T20:56:32.562Z", "updatedAt": "2026-11-25T20:56:32.562Z"}
        raw = {f"_raw_data_{part}": "" for part in ("params", "table", "remark")} | {"_raw_data_id": 0}
        project = {"name": name, "description": body.get("description", ""), **times, **raw}
        self.projects[name] = {**project, "metrics": body.get("metrics")}
        number = self._blueprint_of[name] = self.number()
        made = {"id": number, "name": f"{name}-Blueprint", "projectName": name, "connections": []}
        self.blueprints[number] = {**forms.blueprint(), **made, "timeAfter": TIME_AFTER}
        if "blueprint" in body:  # stored unchecked
            self.blueprints[number] = body["blueprint"]
        return self._with_blueprint(name)

    def get_blueprints(self, query: dict[str, str]) -> Any:
        items = [self.blueprints[number] for number in sorted(self.blueprints, reverse=True)]
        return {"blueprints": _page(items, query, 50), "count": len(items)}

    def get_blueprint(self, number: str) -> Any:
        if int(number) not in self.blueprints:
            raise RefusedError(404, "error getting blueprint (404)" + DUMP, ["blueprint not found (404)"])
        return self.blueprints[int(number)]

    def patch_blueprint(self, number: str, body: dict[str, Any]) -> Any:
        message = "error patching the blueprint (400)" + DUMP
        if len(body.get("cronConfig", "* * * * *").split()) != 5:
            raise RefusedError(400, message, ["invalid cronConfig"])
        for connection in body.get("connections") or []:
            added = self.scopes[connection["pluginName"], connection["connectionId"]]
            for scope in connection["scopes"]:
                if scope["scopeId"] not in added:
                    causes = [f"there is no scope {scope['scopeId']} (404)", "record not found (404)"]
                    raise RefusedError(400, message, causes)
        if re.fullmatch(r"\d{4}-\d\d-\d\d", body.get("timeAfter") or ""):
            body = {**body, "timeAfter": f"{body['timeAfter']}T00:00:00Z"}
        self.get_blueprint(number).update(body)
        return self.blueprints[int(number)]

    def trigger(self, number: str, body: dict[str, Any] | None) -> Any:
        blueprint = self.get_blueprint(number)
        active = [p for p in self.pipelines.values() if p["finishedAt"] is None]
        if not blueprint["enable"]:
            raise RefusedError(400, "error triggering blueprint (400)" + DUMP, ["blueprint is not enabled (400)"])
        if any(pipeline["blueprintId"] == int(number) for pipeline in active):
            causes = ["there are pending pipelines of current blueprint already (400)"]
            raise RefusedError(400, "error triggering blueprint (400)" + DUMP, causes)
        self.triggers.append(body or {})
        flags = {name: (body or {}).get(name, False) for name in ("skipCollectors", "fullSync")}
        made = self.pipelines[self.pipeline(int(number), "TASK_CREATED")]
        made |= {"name": blueprint["name"], **flags}
        return made

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
        """An active pipeline advances by one step with each request."""
        if int(number) not in self.pipelines:
            raise RefusedError(404, "error getting pipeline (404)" + DUMP, ["pipeline not found (404)"])
        pipeline = self.pipelines[int(number)]
        if self.steps.get(int(number)):
            pipeline |= self.steps[int(number)].pop(0)
        elif pipeline["finishedAt"] is None:
            done = pipeline["finishedTasks"] + 1
            ended = done >= pipeline["totalTasks"]
            pipeline |= {"finishedTasks": done, "status": "TASK_COMPLETED" if ended else "TASK_RUNNING"}
            pipeline["beganAt"] = pipeline["beganAt"] or "2026-11-22T10:04:00Z"
            pipeline["finishedAt"] = "2026-11-22T10:05:00Z" if ended else None
        return pipeline

    def get_tasks(self, number: str) -> Any:
        tasks = [{**forms.task(), "id": 1, **task} for task in self.tasks.get(int(number), [])]
        return {"tasks": tasks, "count": len(tasks)}

    def post_key(self, body: dict[str, Any]) -> Any:
        if any(key["name"] == body["name"] for key in self.keys.values()):
            causes = ["random letters (400)", f"An api key with name [{body['name']}] has already exists (400)"]
            raise RefusedError(400, "error creating api key (400)" + DUMP, causes)
        try:
            re.compile(body["allowedPath"])
        except re.error:
            causes = ["random letters", f"compile allowed path: {body['allowedPath']}"]
            raise RefusedError(500, "error creating api key" + DUMP, causes) from None
        text = f"key-{self.number()}-{'k' * 20}"
        self.keys[text] = body
        times = {"createdAt": "2026-11-25T20:53:14.58Z", "updatedAt": "2026-11-25T20:53:14.58Z"}
        people = dict.fromkeys(("creator", "creatorEmail", "updater", "updaterEmail", "extra"), "")
        return {"type": "devlake", **people, **times, **body, "id": self.number(), "apiKey": text}

    def post_report(self, number: str, body: Any) -> Any:
        """The receiving end of the developer_telemetry plugin, as far as `connect` and `doctor` meet it."""
        if int(number) not in self.connections["developer_telemetry"]:
            raise RefusedError(404, f"connection {number} not found (404)")
        if not body or not body.get("date") or not body.get("developer"):
            raise RefusedError(400, "date and developer are required fields (400)")
        self.reports.append(body)
        return {**SUCCESS, "message": "telemetry data received successfully"}

    def _with_blueprint(self, name: str) -> dict[str, Any]:
        return {**self.projects[name], "blueprint": self.blueprints.get(self._blueprint_of[name])}

    def _scope(self, plugin: str, connection: int, scope_id: str, query: dict[str, str]) -> dict[str, Any]:
        """A scope with its config and blueprints, which are left out where there are none."""
        scope = self.scopes[plugin, connection][scope_id]
        item: dict[str, Any] = {"scope": scope}
        configs = [config for (name, _), found in self.configs.items() if name == plugin for config in found.values()]
        item.update(("scopeConfig", config) for config in configs if config["id"] == scope.get("scopeConfigId"))
        if query.get("blueprints") == "true":
            item |= {"blueprints": found} if (found := self._naming(plugin, connection, scope_id)) else {}
        return item

    def _naming(self, plugin: str, connection: int, scope_id: str) -> list[dict[str, Any]]:
        entry = {"pluginName": plugin, "connectionId": connection}
        return [
            blueprint
            for blueprint in self.blueprints.values()
            for there in blueprint["connections"] or []
            if there | entry == there and {"scopeId": scope_id} in there["scopes"]
        ]


def _refuse(refusal: Refusal) -> Any:
    raise RefusedError(refusal.status, refusal.message, list(refusal.causes) if refusal.causes else None)


def _like(keyword: str) -> str:
    """A keyword as a regular expression."""
    wildcards = {"_": ".", "%": ".*"}
    parts = re.findall(r"\\.|.", keyword, re.DOTALL)
    return "".join(wildcards.get(part) or re.escape(part[-1]) for part in parts)


def _page(items: list[Any], query: dict[str, str], default: int) -> list[Any]:
    size = int(query.get("pageSize", default))
    start = (int(query.get("page", 1)) - 1) * size
    return items[start : start + size]
