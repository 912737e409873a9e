"""The plugin as DevLake sees it."""

from collections.abc import Iterable
from urllib.parse import quote

from pydevlake import Plugin, RemoteScopeGroup, TestConnectionResult
from pydevlake.api import APIException
from pydevlake.domain_layer.devops import CicdScope
from requests.exceptions import ConnectTimeout, ReadTimeout, RequestException, SSLError

import devtel.migrations  # noqa: F401  importing registers the migrations
from devtel.client import DevtelAPI
from devtel.models import DevtelConnection, DevtelScopeConfig, Project, scope_id
from devtel.streams.targetweeks import TargetWeeks

GROUP = "projects"
MAX_NAME = 255  # characters of DevLake's name columns
REASONS = {
    401: "the server asks for its view token",
    403: "the token is not the server's view token",
    404: "no devtel server with a list of projects answers there; devtel 0.2 or newer is needed",
    429: "the server asks to wait: too many requests",
}


class DevtelPlugin(Plugin):
    """Weekly figures per project and target. No pipelines and no deployments are made of them."""

    connection_type = DevtelConnection
    tool_scope_type = Project
    scope_config_type = DevtelScopeConfig
    streams = [TargetWeeks]
    description = "Weekly figures of local make targets, as a devtel server publishes them"

    def test_connection(self, connection: DevtelConnection) -> TestConnectionResult:
        """One read with the view token; every failure is a sentence with a status."""
        if not connection.endpoint:
            return failed(400, "DevLake does not pass the endpoint of a saved connection: test it with all its fields")
        try:
            DevtelAPI(connection).check()
        except APIException as error:
            status = error.response.status
            reason = REASONS.get(status, f"no devtel server answers there (HTTP status {status})")
            return failed(status if status >= 400 else 502, reason)
        except RequestException as error:
            return failed(503, f"{connection.endpoint} {no_answer(error)}")
        return TestConnectionResult(success=True, message="the server shows its published figures", status=200)

    def remote_scope_groups(self, connection: DevtelConnection) -> Iterable[RemoteScopeGroup]:
        """One group: a server's projects have no hierarchy."""
        yield RemoteScopeGroup(id=GROUP, name="Projects")

    def remote_scopes(self, connection: DevtelConnection, group_id: str) -> Iterable[Project]:
        """The server's projects, by name."""
        for name in sorted(DevtelAPI(connection).projects()):
            url = f"{connection.endpoint.rstrip('/')}/?project={quote(name)}"
            yield Project(id=scope_id(name), name=name or "(no project)", project=name, url=url)

    def domain_scopes(self, tool_scope: Project) -> Iterable[CicdScope]:
        """A CICD scope, so that DevLake's project mapping ties the figures to a DevLake project."""
        description = "devtel: make targets on developers' machines"
        yield CicdScope(name=tool_scope.name[:MAX_NAME], description=description, url=tool_scope.url)


def failed(status: int, message: str) -> TestConnectionResult:
    """The result of a test that failed."""
    return TestConnectionResult(success=False, message=message, status=status)


def no_answer(error: RequestException) -> str:
    """Why no answer came, in words."""
    if isinstance(error, SSLError):
        return "cannot be trusted: its certificate is not valid here"
    if isinstance(error, (ConnectTimeout, ReadTimeout)):
        return "does not answer in time"
    return f"does not answer ({type(error).__name__})"


if __name__ == "__main__":
    DevtelPlugin.start()
