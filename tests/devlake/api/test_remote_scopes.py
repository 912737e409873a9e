"""The walk over what a connection can see: groups, pages, and services that fail behind a successful answer."""

import pytest

from devtelemetry_cli.devlake.api import remote_scopes
from devtelemetry_cli.devlake.api.errors import ApiError
from devtelemetry_cli.devlake.api.models import Connection
from devtelemetry_cli.devlake.api.remote_scopes import Walk
from tests.helpers.devlake_operator import Operator, client, sync
from tests.helpers.fake_devlake_remote import RemoteFault, page_token
from tests.helpers.fake_devlake_server import FakeServer

SECOND_PAGE = page_token("jira", 50).rstrip("=")


def _seen(devlake: FakeServer, plugin: str = "github") -> list[str]:
    with client(devlake) as reader:
        return [scope.full_name for scope in Walk(reader, Connection(plugin, 1, ""))]


def _refused(devlake: FakeServer, plugin: str) -> str:
    with pytest.raises(ApiError) as caught:
        _seen(devlake, plugin)
    return str(caught.value)


def _boards(devlake: FakeServer, count: int) -> None:
    number = devlake.lake.connect("jira")
    for board in range(1, count + 1):
        devlake.lake.repository("jira", number, f"Board {board}", key=board)


def test_nested_groups_and_page_tokens_are_walked_to_their_ends(devlake: FakeServer) -> None:
    number, home = devlake.lake.connect("gitlab"), ""
    for depth in range(30):
        home = devlake.lake.group("gitlab", number, f"group-{depth}", parent=home)
    for repository in range(250):
        devlake.lake.repository("gitlab", number, f"deep/{repository}", home)
    assert len(_seen(devlake, "gitlab")) == 250


def test_a_scope_in_two_groups_and_a_group_in_itself_come_once(devlake: FakeServer) -> None:
    number = devlake.lake.connect("github")
    for name in ("a", "b"):
        group = devlake.lake.group("github", number, name)
        devlake.lake.repository("github", number, "acme/shared", group, key=7)
        devlake.lake.group("github", number, name, parent=group)
    assert _seen(devlake) == ["acme/shared"]


def test_a_page_that_names_itself_as_the_next_one_ends_the_walk(devlake: FakeServer) -> None:
    devlake.lake.connect("github")
    devlake.fail("GET .*remote-scopes", 200, {"children": [{}], "nextPageToken": "again"}, times=9)
    with pytest.raises(ApiError, match="names itself"):
        _seen(devlake)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_empty_pages_without_an_end_are_a_failure_of_that_connection(devlake: FakeServer, status: int) -> None:
    _boards(devlake, 60)
    devlake.lake.remote_faults["jira", 1] = RemoteFault(status, passes_test=True)
    assert "behind jira/1 refuses the list" in _refused(devlake, "jira")
    assert devlake.count("GET .*remote-scopes") == remote_scopes.EMPTY_TRIES


def test_a_page_that_fails_briefly_loses_no_board(devlake: FakeServer) -> None:
    _boards(devlake, 120)
    for _ in range(2):
        empty = {"children": [], "nextPageToken": page_token("jira", 100)}
        devlake.fail(f"GET .*pageToken={SECOND_PAGE}", 200, empty)
    assert len(_seen(devlake, "jira")) == 120


def test_a_page_that_keeps_failing_is_reported_and_earlier_pages_are_kept(devlake: FakeServer) -> None:
    _boards(devlake, 120)
    devlake.lake.remote_faults["jira", 1] = RemoteFault(503, first_page=2)
    devlake.lake.repository("gitlab", devlake.lake.connect("gitlab"), "acme/api")
    result = sync(devlake)
    assert (result.done, [failure.subject for failure in result.failures]) == (51, ["jira/1"])


def test_a_sign_in_page_behind_a_successful_answer_is_a_failure_with_its_reason(devlake: FakeServer) -> None:
    _boards(devlake, 1)
    devlake.lake.remote_faults["jira", 1] = RemoteFault(200, "html", passes_test=True)
    assert "invalid character '<'" in _refused(devlake, "jira")


def test_a_walk_has_a_maximum_of_pages(devlake: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_scopes, "MAX_PAGES", 3)
    _boards(devlake, 300)
    assert "more than 3 pages" in _refused(devlake, "jira")


def test_the_commands_end_with_the_reason_while_jira_refuses(operator: Operator, devlake: FakeServer) -> None:
    _boards(devlake, 1)
    devlake.lake.repository("github", devlake.lake.connect("github"), "acme/api")
    devlake.lake.remote_faults["jira", 1] = RemoteFault(401, passes_test=True)
    for command in ("discover", "sync"):
        done = operator.call(command)
        assert (done.returncode, "jira/1" in done.stdout + done.stderr) == (1, True)
    assert set(devlake.lake.projects) == {"github/acme/api"}
