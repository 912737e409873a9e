"""The containers of compose.yaml, built and run as docs/operators.md shows it: server, database, secrets, volume."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.helpers import pages
from tests.helpers.db_keeper import free_port
from tests.helpers.podman import Podman, new_podman
from tests.helpers.report_server import bearer, body, wait_for

COMMANDS = [command.text for command in pages.commands("docs/operators.md", "Containers")]
FILES = ("pyproject.toml", "constraints.txt", "LICENSE", "Containerfile", ".dockerignore", "compose.yaml", "*.md")
FOLDERS = ("src", "docs", "examples", "man", "scripts")
TOKEN = "the-token-of-the-shop"
REPORT = "/plugins/developer_telemetry/connections/1/report"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]


@dataclass
class Site:
    """An operator's clone with a running server."""

    podman: Podman
    clone: Path
    port: int

    def shell(self, command: str) -> str:
        """What a command prints in the clone; podman-compose ends with 0 where Podman failed, too."""
        return self.podman.must("sh", "-c", f"({command}) 2>&1", cwd=self.clone)

    def containers(self) -> set[str]:
        """The services that have a container."""
        names = self.podman.must("podman", "ps", "--all", "--format", "{{.Names}}").split()
        return {name.split("_")[-2] for name in names}

    def container(self, service: str) -> str:
        """The name of a service's container, as podman-compose forms it."""
        return f"{self.clone.name}_{service}_1"

    def inspect(self, form: str) -> str:
        """A fact about the server's container."""
        return self.podman.must("podman", "inspect", "--format", form, self.container("devtel")).strip()

    def inside(self, command: str) -> str:
        """What a shell command prints in the server's container."""
        return self.podman.must("podman", "exec", self.container("devtel"), "sh", "-c", f"{command} 2>&1; true").strip()

    def wait_until_healthy(self) -> None:
        """Wait until the server's own health check succeeds."""
        wait_for(lambda: self.podman.run("podman", "healthcheck", "run", self.container("devtel")).returncode == 0, 120)

    def get(self, path: str, token: str = "") -> httpx.Response:
        """An answer to the host."""
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", headers=bearer(token), timeout=30)

    def report(self, token: str = "") -> int:
        """The status of the answer to a report from the host."""
        url = f"http://127.0.0.1:{self.port}{REPORT}"
        return httpx.post(url, json=body(), headers=bearer(token), timeout=30).status_code

    def token(self, name: str) -> str:
        """One of the tokens that the page makes."""
        return (self.clone / "secrets" / name).read_text().strip()


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    """Podman with the two images that a registry has."""
    podman = new_podman(tmp_path_factory.mktemp("podman") / "own")
    try:
        podman.make_images()
        yield podman
    finally:
        podman.remove()


def clone_of_the_project(folder: Path) -> None:
    """Copy what a clone has and the page needs."""
    for path in [path for pattern in FILES for path in pages.ROOT.glob(pattern)]:
        shutil.copy(path, folder / path.name)
    for name in FOLDERS:
        shutil.copytree(pages.ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))


@pytest.fixture(scope="module")
def site(podman: Podman, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The page's commands, run in their order in a clone."""
    site = Site(podman, tmp_path_factory.mktemp("clone"), free_port())
    clone_of_the_project(site.clone)
    compose = site.clone / "compose.yaml"
    compose.write_text(compose.read_text().replace("127.0.0.1:8080:8080", f"127.0.0.1:{site.port}:8080"))
    (site.clone / "shop.token").write_text(f"{TOKEN}\n")
    printed = ""
    for command in COMMANDS:
        printed = site.shell(command)
        if " up " in command:
            assert site.containers() == {"devtel", "database"}, printed[-3000:]
            site.wait_until_healthy()  # Debian's podman-compose does not wait for the database
    assert REPORT in printed.splitlines()
    yield site
    site.shell("docker compose down --volumes")


def test_the_server_has_no_rights_and_a_file_system_that_it_cannot_write(site: Site) -> None:
    assert site.inside("id -u") == "10001"
    assert "Read-only file system" in site.inside("touch /opt/devtel/file")
    assert site.inside("echo kept > /data/file && cat /data/file") == "kept"
    assert re.findall(r"Cap(Eff|Bnd):\s+0+\n", site.inside("cat /proc/1/status")) == ["Eff", "Bnd"]


def test_no_secret_is_in_the_environment_or_on_a_command_line(site: Site) -> None:
    seen = site.inspect("{{.Config.Env}} {{.Args}} {{.Config.Labels}}")
    assert [name for name in ("admin-token", "view-token", "database-password") if site.token(name) in seen] == []


def test_the_host_needs_tokens_and_a_report_stays_after_a_restart(site: Site) -> None:
    rows = "/devtel/v1/daily-metrics"
    assert site.get("/readyz").status_code == 200
    assert {site.get(rows).status_code, site.report()} <= {401, 403}
    assert site.report(TOKEN) == 200
    site.shell("docker compose down")
    site.shell("docker compose up --detach")
    site.wait_until_healthy()
    assert site.get(rows, site.token("admin-token")).json()["count"] == 1
    assert site.get("/devtel/v1/projects", site.token("view-token")).status_code == 200


def test_stopping_ends_the_server_with_0(site: Site) -> None:
    site.podman.must("podman", "stop", "--time", "20", site.container("devtel"))
    assert site.inspect("{{.State.ExitCode}}") == "0"
