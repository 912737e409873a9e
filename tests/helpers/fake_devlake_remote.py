"""What DevLake answers while the API behind a connection (GitHub, Jira, ...) fails: mostly success without content."""

import base64
import json
from dataclasses import dataclass
from typing import Any

PAGE = {"jira": 50}  # remote scopes per page; others 100
LAST_PAGE_ONLY = frozenset({"bitbucket"})  # its listing names no next page
EMPTY_LISTS = frozenset({"bitbucket", "jenkins", "circleci", "bamboo"})
UNDECODED = "error decoding response from http://127.0.0.1/: raw response: {...} (400)\nWraps: (2) invalid"
UNAUTHORIZED = {  # the answer to /test of a saved connection whose remote answers 401
    "gitlab": (400, "StatusUnauthorized error while testing connection[PrivateToken] (400)"),
    "jenkins": (400, "StatusUnauthorized error while testing connection (400)"),
    "bitbucket": (400, "StatusUnauthorized error while testing connection (400)"),
    "bamboo": (400, "StatusUnauthorized error while testing connection (400)"),
    "azuredevops_go": (400, "StatusUnauthorized error while testing connection (400)"),
    "jira": (401, "Please check your credential (401)"),
    "circleci": (401, "unexpected status code: 401 (401)"),
}


@dataclass(frozen=True)
class RemoteFault:
    """A failing remote API: its status and the kind of its body (json, html, text, refused).

    `group`: only while that group is listed. `first_page`: from that page on. `passes_test`: not yet during /test.
    """

    status: int
    kind: str = "json"
    group: str | None = None
    first_page: int = 1
    passes_test: bool = False

    @property
    def fails_test(self) -> bool:
        """Whether /test meets it."""
        return self.group is None and self.first_page == 1 and not self.passes_test


@dataclass(frozen=True)
class Refusal:
    """An answer of DevLake: status, message ("" for an empty body) and causes."""

    status: int
    message: str = ""
    causes: tuple[str, ...] | None = None


def page_size(plugin: str) -> int:
    """Remote scopes per page."""
    return PAGE.get(plugin, 100)


def page_token(plugin: str, start: int) -> str:
    """The token of the page that begins after so many scopes."""
    size = page_size(plugin)
    form: dict[str, int] = {"page": start // size + 1, "per_page": size}
    if plugin == "jira":
        form = {"maxResults": size, "startAt": start}
    return base64.b64encode(json.dumps(form, separators=(",", ":")).encode()).decode()


def page_start(plugin: str, token: str) -> int:
    """The scopes before the page of this token. Raises ValueError."""
    form = json.loads(base64.b64decode(token, validate=True))
    if "startAt" in form or "start-index" in form:
        return int(form.get("startAt", form.get("start-index", 0)))
    return (int(form["page"]) - 1) * page_size(plugin)


def listing(plugin: str, fault: RemoteFault, start: int, group: str) -> dict[str, Any] | Refusal:
    """The list of remote scopes while the remote fails."""
    if fault.kind == "refused":
        return Refusal(500, "Failed to connect\nWraps: (2) dial tcp", ("dial tcp: connect: connection refused",))
    if fault.kind == "html":
        status = 200 if plugin == "jira" and fault.status == 200 else 400
        return Refusal(status, UNDECODED, ("invalid character '<' looking for beginning of value",))
    if plugin == "github" and fault.kind == "json" and not group:
        status = 400 if fault.status == 401 else fault.status
        return Refusal(status, UNDECODED, ("json: cannot unmarshal object into Go value of type []api.org",))
    if plugin in ("github", "gitlab"):
        return Refusal(500)
    return _success_without_content(plugin, start, group)


def _success_without_content(plugin: str, start: int, group: str) -> dict[str, Any] | Refusal:
    """The plugins that do not look at the remote's status: jira even names a next page, for ever."""
    if plugin == "jira":
        return {"children": [], "nextPageToken": page_token(plugin, start + page_size(plugin))}
    if plugin in EMPTY_LISTS and not (plugin == "bitbucket" and group):
        return {"children": [], "nextPageToken": ""}
    return Refusal(400, '{"message": "forced"} (400)')


def test(plugin: str, fault: RemoteFault) -> Refusal:
    """The answer to /test while the remote fails; not for github, whose answer is in `github_test`."""
    status, message = UNAUTHORIZED[plugin]
    if fault.status == 401:
        return Refusal(status, message)
    return Refusal(fault.status, f"unexpected status code: {fault.status} ({fault.status})")


def github_test(fault: RemoteFault | None, is_fine_grained: bool) -> dict[str, Any]:
    """The answer of github's /test: always 200, its result inside."""
    failed = fault is not None or is_fine_grained
    message = ""
    if fault is not None:
        unauthorized = "StatusUnauthorized error when testing connection (400)"
        other = f"unexpected status code while testing connection ({fault.status})"
        message = unauthorized if fault.status == 401 else other
    token: dict[str, Any] = {"auth_method": "AccessToken", "token": "ghp_good****", "success": not failed}
    token |= {"message": message} if message else {}
    token |= {"login": "" if fault else "octo", "warning": False}
    return {
        "code": 0,
        "success": not failed,
        "message": message if failed else "success",
        "causes": [message] if failed else None,
        "data": None,
        "tokens": [token],
    }
