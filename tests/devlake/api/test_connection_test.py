"""A dead token behind a connection: found before its scopes are listed, and named."""

import pytest

from devtelemetry_cli.devlake.api import connection_test
from devtelemetry_cli.devlake.api.errors import ApiError
from devtelemetry_cli.devlake.api.models import Connection
from tests.helpers.devlake_operator import Operator, client, sync
from tests.helpers.fake_devlake import ID_FIELDS
from tests.helpers.fake_devlake_remote import RemoteFault
from tests.helpers.fake_devlake_server import FakeServer


def _problem(devlake: FakeServer, plugin: str) -> str:
    with client(devlake, tries=1) as reader:
        try:
            connection_test.check(reader, Connection(plugin, 1, ""))
        except ApiError as fault:
            return str(fault)
    return ""


@pytest.mark.parametrize("plugin", ID_FIELDS)
def test_a_dead_token_fails_the_sync_of_its_connection_and_no_other(devlake: FakeServer, plugin: str) -> None:
    devlake.lake.repository(plugin, devlake.lake.connect(plugin), "acme/dead")
    other = "gitlab" if plugin == "github" else "github"
    devlake.lake.repository(other, devlake.lake.connect(other), "acme/api")
    devlake.lake.remote_faults[plugin, 1] = RemoteFault(401)
    result = sync(devlake)
    assert (result.done, [failure.subject for failure in result.failures]) == (1, [f"{plugin}/1"])
    assert f"The service behind {plugin}/1 refuses its token or password (" in result.failures[0].reason


@pytest.mark.parametrize("plugin", ID_FIELDS)
def test_a_working_connection_passes(devlake: FakeServer, plugin: str) -> None:
    devlake.lake.connect(plugin)
    assert _problem(devlake, plugin) == ""


def test_a_fine_grained_token_passes_although_devlake_reports_failure_without_a_reason(devlake: FakeServer) -> None:
    devlake.lake.fine_grained.add(devlake.lake.connect("github"))
    assert _problem(devlake, "github") == ""


@pytest.mark.parametrize("plugin", ID_FIELDS)
def test_a_service_that_is_down_differs_from_a_dead_token(devlake: FakeServer, plugin: str) -> None:
    devlake.lake.connect(plugin)
    devlake.lake.remote_faults[plugin, 1] = RemoteFault(503)
    assert "does not answer as it should" in _problem(devlake, plugin)


def test_the_reports_plugin_is_never_tested_since_its_test_makes_a_connection(devlake: FakeServer) -> None:
    devlake.lake.connect("developer_telemetry")
    assert _problem(devlake, "developer_telemetry") == ""
    assert devlake.requests == []


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b"404 page not found"), (403, {"success": False, "message": "path doesn't match api key's scope"})],
)
def test_a_connection_that_cannot_be_tested_is_listed_all_the_same(
    devlake: FakeServer, status: int, body: object
) -> None:
    devlake.lake.repository("github", devlake.lake.connect("github"), "acme/api")
    devlake.fail("POST .*/test", status, body)
    assert sync(devlake).done == 1


def test_a_service_that_fails_from_the_second_page_on_is_noticed(devlake: FakeServer) -> None:
    number = devlake.lake.connect("bamboo")
    for plan in range(150):
        devlake.lake.repository("bamboo", number, f"PRJ-{plan}")
    devlake.lake.remote_faults["bamboo", 1] = RemoteFault(401, first_page=2)
    devlake.fail("POST .*/test", 400, {"message": "StatusUnauthorized", "causes": None}, after=1)
    result = sync(devlake)
    assert (result.done, [failure.subject for failure in result.failures]) == (100, ["bamboo/1"])


@pytest.mark.parametrize(
    ("plugin", "kind"),
    [
        ("github", "json"),
        *(pytest.param(*one, marks=pytest.mark.slow) for one in (("github", "text"), ("gitlab", "json"))),
    ],
)
def test_a_group_that_refuses_is_a_sentence_instead_of_a_decoding_error(
    devlake: FakeServer, operator: Operator, plugin: str, kind: str
) -> None:
    devlake.lake.repository(plugin, devlake.lake.connect(plugin), "acme/api", devlake.lake.group(plugin, 1, "acme"))
    devlake.lake.remote_faults[plugin, 1] = RemoteFault(401, kind, group="acme")
    done = operator.call("discover")
    assert done.returncode == 1
    assert f"The service behind {plugin}/1 did not answer with the list of its scopes" in done.stdout
