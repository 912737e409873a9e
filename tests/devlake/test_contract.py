"""The fake DevLake against recorded exchanges with a real one: status, content type and form of the body."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.helpers import fake_devlake_forms as forms
from tests.helpers.fake_devlake import FakeDevLake
from tests.helpers.fake_devlake_remote import RemoteFault
from tests.helpers.fake_devlake_server import KEY, MIGRATING, PENDING, FakeServer, running
from tests.helpers.plain_http import NO_CERTIFICATES

REPORT_PATH = "^(/rest)?/plugins/developer_telemetry/connections/1/report$"
CONFIG = {"name": "devtel", "entities": ["CODE"], "deploymentPattern": "d", "productionPattern": "p"}
DORA = {"pluginName": "dora", "pluginOption": {}, "enable": True}
NOT_SENT = "devtel sends no such request"
DECODER = "the report's decoder is the receiver's: tests/server holds `devtel serve` against it"
LEFT_OUT = [  # (area, names, reason)
    ("keys", "list of keys|delete a key|delete a key that is not there", NOT_SENT),
    ("connections", r"patch .*|delete a .*|test .* after the .*|test after .*|ask for a deleted connection", NOT_SENT),
    ("scope configs", "patch a config.*", NOT_SENT),
    ("scopes", "delete a config that is in use", NOT_SENT),
    ("projects", "project: (delete one|patch the name)", NOT_SENT),
    ("blueprints", "blueprint: delete a connection that is in use", NOT_SENT),
    ("pipelines", "rerun a failed pipeline|cancel it", NOT_SENT),
    ("report", "report: (HEAD|OPTIONS) .*", NOT_SENT),
    ("database stopped", "check one project, database stopped", NOT_SENT),
    ("migration pending", "confirm the migration", NOT_SENT),
    (
        "report",
        "report: (a list|active_hours .*|developer .*|a day that .*|projects over.*|gzip|a body of .*|good, as .*)",
        DECODER,
    ),
    ("report", "report: two first reports.*", "a race between writing threads; tests/client/send knows its answer"),
    ("remote scopes", "jira: remote does not answer in time", "the answer is a usual one, after 20 seconds"),
]


def _key(exchange: dict[str, Any]) -> str:
    return f"{exchange['area']}: {exchange['name']}"


def _is_left_out(exchange: dict[str, Any]) -> bool:
    return any(exchange["area"] == area and re.fullmatch(names, exchange["name"]) for area, names, _ in LEFT_OUT)


REPLAYED = [exchange for exchange in forms.exchanges() if not _is_left_out(exchange)]


def _world(server: FakeServer) -> None:
    """What most exchanges found: connections, remote scopes, a blueprint, and the keys."""
    lake = server.lake
    for plugin in ("github", "github", "github", "gitlab", "jira", "jenkins", "bitbucket", "circleci", "bamboo"):
        lake.connect(plugin)
    lake.connect("azuredevops_go")
    lake.connect("jira")
    lake.connect("developer_telemetry", "builds")
    _fill_remotes(lake)
    for name, path, expiry in (("all", ".*", None), ("report-only", REPORT_PATH, None), ("expired", ".*", "2020")):
        lake.keys[name] = {"name": name, "allowedPath": path, "expiredAt": expiry}
    lake.put_scopes("jira", "1", {"data": [_data(lake, "jira", board) for board in range(3)]})
    lake.blueprint("jira boards", number=32)


def _data(lake: FakeDevLake, plugin: str, index: int, group: str = "") -> dict[str, Any]:
    data: dict[str, Any] = lake.remote[plugin, 1][group][index]["data"]
    return data


def _fill_remotes(lake: FakeDevLake) -> None:
    for group in ("octo", "acme", "tools"):
        lake.group("github", 1, group)
    _repositories(lake, "github", 1, "acme", 25)
    lake.repository("github", 1, "tools/tool-00", "tools", key=200)
    _repositories(lake, "github", 3, "big", 230)
    lake.group("gitlab", 1, "user:5")
    lake.group("gitlab", 1, "11")
    lake.group("gitlab", 1, "12", parent="11")
    _repositories(lake, "gitlab", 1, "11", 119)
    _repositories(lake, "gitlab", 1, "12", 3)
    for board in range(1, 61):
        lake.repository("jira", 1, f"Board {board}", key=board)
    for job in range(3):
        lake.repository("jenkins", 1, f"job-{job}")
    lake.repository("jenkins", 1, "fold/in 1", "/job/fold")
    lake.group("bitbucket", 1, "ws")
    _repositories(lake, "bitbucket", 1, "ws", 150)
    _repositories(lake, "circleci", 1, "", 3)
    _repositories(lake, "bamboo", 1, "", 130)


def _repositories(lake: FakeDevLake, plugin: str, connection: int, group: str, count: int) -> None:
    for number in range(count):
        lake.repository(plugin, connection, f"{group}/r-{number:03}", group)


def _fault(plugin: str, status: int, kind: str = "json", connection: int = 1, **where: Any) -> Callable[..., None]:
    def prepare(server: FakeServer) -> None:
        server.lake.remote_faults[plugin, connection] = RemoteFault(status, kind, **where)

    return prepare


def _with_scopes(server: FakeServer) -> None:
    lake = server.lake
    lake.configs["github", 1]["devtel"] = {**forms.scope_config("github"), **CONFIG, "id": 8}
    lake.configs["github", 3]["devtel-2"] = {**forms.scope_config("github"), **CONFIG, "id": 7}
    data = [{**_data(lake, "github", index, "acme"), "scopeConfigId": 8} for index in range(25)]
    lake.put_scopes("github", "1", {"data": data})
    for plugin, group, count in (("gitlab", "12", 3), ("bitbucket", "ws", 4), ("circleci", "", 3), ("bamboo", "", 4)):
        lake.put_scopes(plugin, "1", {"data": [_data(lake, plugin, index, group) for index in range(count)]})
    lake.put_scopes("jenkins", "1", {"data": [_data(lake, "jenkins", 0, "/job/fold")]})


def _put(**changes: Any) -> Callable[[FakeServer], None]:
    def prepare(server: FakeServer) -> None:
        data = {**_data(server.lake, "github", 0, "tools"), "githubId": 200, "name": "tool-00", **changes}
        server.lake.put_scopes("github", "1", {"data": [data]})

    return prepare


def _projects(*names: str) -> Callable[[FakeServer], None]:
    return lambda server: [server.lake.blueprint(name) for name in names] and None


def _pipeline(number: int, status: str, **changes: Any) -> Callable[[FakeServer], None]:
    def prepare(server: FakeServer) -> None:
        made = server.lake.pipelines.pop(server.lake.pipeline(32, status, "Error running pipeline."))
        server.lake.pipelines[number] = {**made, "id": number, **changes}
        failed = {"id": 25, "plugin": "jira", "status": "TASK_FAILED", "message": "error preparing task data"}
        created = {"id": 24, "plugin": "dora", "status": "TASK_CREATED", "message": ""}
        server.lake.tasks[number] = [{}, created, *[failed] * 5]

    return prepare


def _set(**values: Any) -> Callable[[FakeServer], None]:
    return lambda server: [setattr(server, name, value) for name, value in values.items()] and None


def _named(plugin: str, name: str) -> Callable[[FakeServer], None]:
    return lambda server: server.lake.connections[plugin][1].update(name=name)


def _enabled(value: bool) -> Callable[[FakeServer], None]:
    return lambda server: server.lake.blueprints[32].update(enable=value)


def _joined(server: FakeServer) -> None:
    scopes = [{"scopeId": str(board)} for board in (1, 2, 3)]
    connections = [{"pluginName": "jira", "connectionId": 1, "scopes": scopes}]
    server.lake.patch_blueprint("32", {"connections": connections, "timeAfter": None})


ALL_NAMES = ["a/b", "a@b", "a b", "a:b", "a&b", "a=b", "a+b", "a$b", "a;b", "a,b", "a(b)", "ünï", "n" * 100, "あ" * 33]
GIVEN: list[tuple[str, Callable[[FakeServer], Any]]] = [
    ("keys: a second key", lambda server: server.lake.post_key({"name": "automation", "allowedPath": ".*"})),
    ("keys: a key that exists, while", lambda server: server.lake.keys.update(deleted={"allowedPath": ".*"})),
    ("connections: make a github connection again", _named("github", "Acme on GitHub")),
    ("connections: make a developer_telemetry connection$", _named("developer_telemetry", "another")),
    ("connections: test github with a bad", _fault("github", 401)),
    ("connections: test github with a fine", lambda server: server.lake.fine_grained.add(3)),
    ("connections: test github while", _fault("github", 503, connection=3)),
    ("connections: test jira with a bad", _fault("jira", 401)),
    ("connections: test gitlab while", _fault("gitlab", 401)),
    ("connections: test circleci while", _fault("circleci", 401)),
    (r"remote scopes: jira: remote answers (\d+), page", _fault("jira", 401)),
    ("remote scopes: jira: second page", _fault("jira", 503, first_page=2)),
    ("remote scopes: jira: remote answers 401 with a page", _fault("jira", 401, "html")),
    ("remote scopes: jira: remote answers 200 with a page", _fault("jira", 200, "html")),
    ("remote scopes: jira: nobody", _fault("jira", 0, "refused", connection=2)),
    ("remote scopes: bitbucket: remote answers", _fault("bitbucket", 401)),
    ("remote scopes: bitbucket: a workspace that", _fault("bitbucket", 401)),
    ("remote scopes: jenkins: remote answers 401 in", _fault("jenkins", 401)),
    ("remote scopes: jenkins: remote answers 401 with", _fault("jenkins", 401, "html")),
    ("remote scopes: jenkins: a folder that", _fault("jenkins", 401, group="/job/fold")),
    ("remote scopes: circleci: remote", _fault("circleci", 401)),
    ("remote scopes: bamboo: remote", _fault("bamboo", 401)),
    ("remote scopes: bamboo: second", _fault("bamboo", 401, first_page=2)),
    ("remote scopes: github: remote answers 401 in JSON", _fault("github", 401)),
    ("remote scopes: github: remote answers 503", _fault("github", 503)),
    ("remote scopes: github: remote answers 429", _fault("github", 429)),
    ("remote scopes: github: remote answers 401 in plain", _fault("github", 401, "text")),
    ("remote scopes: github: an organisation that", _fault("github", 401, group="acme")),
    (r"remote scopes: gitlab: remote answers \d+ in", _fault("gitlab", 401)),
    ("remote scopes: gitlab: remote answers 401 with", _fault("gitlab", 401, "html")),
    ("scope configs: (the same name|the list$)", lambda s: s.lake.post_config("github", "1", CONFIG)),
    ("scopes: ", _with_scopes),
    ("scopes: .*(being added with a scope config|add it again)", _put(scopeConfigId=8)),
    ("scopes: .*being added without", _put()),
    ("scopes: .*foreign", _put(githubId=103, scopeConfigId=7)),
    ("projects: (project: (make it again|the same)|keyword in capitals)", _projects("plain", "PLAIN")),
    ("projects: get one$", lambda server: server.lake.post_project({"name": "plain", "metrics": [DORA]})),
    ("projects: project: the same name in capitals", lambda server: server.lake.projects.pop("PLAIN")),
    ("projects: get (')|projects: get the|projects: keyword (under|with)", _projects(*ALL_NAMES)),
    ("blueprints: blueprint: list", _projects("a", "b", "c")),
    ("blueprints: (get a blueprint after|blueprint: scopes)", _joined),
    ("blueprints: blueprint: patch connections$", lambda server: server.lake.blueprints[32].update(timeAfter=None)),
    ("blueprints: .*disabled", _enabled(value=False)),
    ("pipelines: a failed pipeline with|pipelines: tasks of a failed pipeline with", _pipeline(8, "TASK_FAILED")),
    ("pipelines: (a failed pipeline$|tasks of a failed|failed pipelines|pipelines of)", _pipeline(2, "TASK_FAILED")),
    ("pipelines: (a partial|tasks of a partial)", _pipeline(4, "TASK_PARTIAL", message="", skipOnFail=True)),
    ("pipelines: (a running|trigger while)", _pipeline(5, "TASK_RUNNING", finishedTasks=1, totalTasks=7)),
    ("pipelines: a cancelled", _pipeline(5, "TASK_CANCELLED")),
    ("database stopped: .*database stopped", _set(has_database=False)),
    ("migration pending: .*, migration pending", _set(migration=PENDING)),
    ("migration pending: .*, while migrating", _set(migration=MIGRATING)),
]


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """A fake DevLake in the state that most exchanges found."""
    with running(FakeServer()) as fake:
        _world(fake)
        yield fake


def _headers(exchange: dict[str, Any]) -> dict[str, str]:
    key = {"none": "", "all": KEY, "wrong": "w" * 128}.get(exchange["request"]["key"], exchange["request"]["key"])
    if exchange["name"] == "malformed Authorization":
        return {"Authorization": f"Token {KEY}"}
    return {"Authorization": f"Bearer {key}"} if key else {}


def _body(exchange: dict[str, Any]) -> bytes | None:
    body = exchange["request"].get("body")
    if "characters, the first 20 shown" in exchange["request"].get("body_note", ""):
        body = {**body, "name": "n" * 120}
    if body is None or isinstance(body, str):
        return body.encode() if body else None
    return json.dumps(body).encode()


def _kind(value: Any) -> str:
    kinds = {bool: "boolean", int: "number", float: "number", str: "text", list: "list", dict: "object"}
    return kinds.get(type(value), "null")


def _differences(recorded: Any, got: Any, is_trimmed: bool, where: str = "body") -> Iterator[str]:
    """Where the forms differ: kinds, missing fields, and surplus ones unless the record was shortened."""
    if _kind(recorded) != _kind(got):
        yield f"{where}: {_kind(recorded)} was recorded, {_kind(got)} came"
    elif isinstance(recorded, dict):
        yield from (f"{where}.{name} is missing" for name in recorded.keys() - got.keys())
        yield from (f"{where}.{name} is surplus" for name in got.keys() - recorded.keys() if not is_trimmed)
        for name in recorded.keys() & got.keys():
            yield from _differences(recorded[name], got[name], is_trimmed, f"{where}.{name}")
    elif isinstance(recorded, list) and bool(recorded) != bool(got):
        yield f"{where}: {len(recorded)} items were recorded, {len(got)} came"
    elif isinstance(recorded, list) and recorded:
        yield from _differences(recorded[-1], got[-1], is_trimmed, f"{where}[-1]")
    elif isinstance(recorded, str) and bool(recorded) != bool(got) and where == "body":
        yield f"{where}: {recorded!r} was recorded, {got!r} came"


@pytest.mark.parametrize("exchange", REPLAYED, ids=_key)
def test_the_fake_answers_as_devlake_did(server: FakeServer, exchange: dict[str, Any]) -> None:
    for pattern, prepare in GIVEN:
        if re.match(pattern, _key(exchange)):
            prepare(server)
    request, recorded = exchange["request"], exchange["response"]
    with httpx.Client(base_url=server.url, verify=NO_CERTIFICATES) as client:
        url = httpx.URL(f"{server.url}/").copy_with(raw_path=request["path"].encode())
        answer = client.request(request["method"], url, headers=_headers(exchange), content=_body(exchange))
    content_type = answer.headers.get("Content-Type", "")
    assert (answer.status_code, content_type) == (recorded["status"], recorded["content_type"])
    got = answer.json() if "json" in content_type else answer.text
    is_trimmed = bool(recorded.get("trimmed"))
    assert list(_differences(recorded["body"], got, is_trimmed)) == []


def test_most_exchanges_are_replayed_and_the_others_are_named_with_a_reason() -> None:
    assert len(REPLAYED) > 0.75 * len(forms.exchanges())
    for area, names, _reason in LEFT_OUT:
        assert [e for e in forms.exchanges() if e["area"] == area and re.fullmatch(names, e["name"])], names


def test_every_prepared_state_belongs_to_an_exchange() -> None:
    assert [pattern for pattern, _ in GIVEN if not any(re.match(pattern, _key(e)) for e in REPLAYED)] == []
