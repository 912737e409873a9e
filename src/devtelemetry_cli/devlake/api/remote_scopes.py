"""The scopes that a connection can see in the service behind it (GitHub, Jira, ...).

While that service fails, DevLake mostly answers success without content: an empty list, or for Jira an empty page that
names a next one, for ever. So the connection is tested first, and again where a page that was named is empty.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from devtelemetry_cli.client.text import one_line
from devtelemetry_cli.devlake.api import connection_test, decode, errors, plugins
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.errors import ApiError
from devtelemetry_cli.devlake.api.models import Connection, RemoteScope

MAX_PAGES = 20_000  # of one connection: two million scopes
EMPTY_TRIES = 3  # requests of a page that is empty but names a next one, since the service may fail briefly
TOKEN_ADVICE = "Is that connection's own token still valid?"  # noqa: S105  a sentence


@dataclass
class Walk:
    """All remote scopes of a connection, each once, from all nested groups."""

    client: Client
    connection: Connection
    pages: int = 0
    _groups: list[str] = field(default_factory=lambda: [""])
    _entered: set[str] = field(default_factory=lambda: {""})
    _seen: set[str] = field(default_factory=set)

    def __iter__(self) -> Iterator[RemoteScope]:
        """The scopes, lazily. Raises ApiError, perhaps midway."""
        connection_test.check(self.client, self.connection)
        try:
            yield from self._scopes()
        except ApiError as fault:
            raise connection_test.explain(self.connection, fault) from None

    def _scopes(self) -> Iterator[RemoteScope]:
        plugin = plugins.WITH_SCOPES[self.connection.plugin]
        while self._groups:
            for child in self._children(self._groups.pop()):
                identity = decode.text(child, "id")
                if child.get("type") == "group":
                    self._enter(identity)
                    continue
                scope = _remote_scope(plugin, child, identity)
                if scope.id and scope.id not in self._seen:
                    self._seen.add(scope.id)
                    yield scope

    def _enter(self, group: str) -> None:
        if group not in self._entered:
            self._entered.add(group)
            self._groups.append(group)

    def _children(self, group: str) -> Iterator[dict[str, Any]]:
        token, used = "", set[str]()
        while True:
            children, following = self._page(group, token)
            yield from children
            if not following:
                return
            if following in used:
                raise self._malformed("a page names itself as the next one")
            used.add(following)
            token = following

    def _page(self, group: str, token: str) -> tuple[list[dict[str, Any]], str]:
        """The children of one page, and the token of the next. Raises ApiError."""
        query = {name: value for name, value in (("groupId", group), ("pageToken", token)) if value}
        for attempt in range(EMPTY_TRIES):
            self.pages += 1
            if self.pages > MAX_PAGES:
                raise self._malformed(f"it has more than {MAX_PAGES:,} pages")
            answer = decode.record(self.client.ask_remote("GET", self._path, **query), f"GET {self._path}")
            if answer.get("success") is False:  # a decoding error of DevLake comes with status 200
                raise errors.from_answer(f"GET {self._path}", answer, TOKEN_ADVICE)
            children, following = (
                decode.objects(answer.get("children"), f"GET {self._path}"),
                answer.get("nextPageToken"),
            )
            if token and not children:  # a full last page, or a service that fails since the page before
                connection_test.check(self.client, self.connection)
            if children or not following:
                return children, decode.text(answer, "nextPageToken")
            if attempt < EMPTY_TRIES - 1:
                self.client.clock.wait(self.client.policy.pause(attempt, None))
        raise ApiError(
            f"The service behind {self.connection} refuses the list of its scopes: DevLake sends empty pages.",
            TOKEN_ADVICE,
        )

    @property
    def _path(self) -> str:
        return f"{self.connection.path}/remote-scopes"

    def _malformed(self, why: str) -> ApiError:
        return errors.malformed(f"GET {self._path}", why)


def _remote_scope(plugin: plugins.Plugin, child: dict[str, Any], identity: str) -> RemoteScope:
    data = child.get("data")
    full_name = decode.text(child, "fullName") or decode.text(child, "name") or identity
    scope_id = plugin.scope_id(data, identity) if isinstance(data, dict) else identity
    return RemoteScope(scope_id, one_line(full_name), data if isinstance(data, dict) else None)
