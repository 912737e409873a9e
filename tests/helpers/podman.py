"""Podman with a storage of its own, and images made by debootstrap in place of those of a registry."""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = ("podman", "podman-compose", "debootstrap", "runc", "iptables", "openssl")
PACKAGES = "python3-venv,ca-certificates,postgresql"
SECONDS = 1200
# The page says `docker compose`; Debian has Podman's.
DOCKER = '#!/bin/sh\ntest "$1" = compose && shift && exec podman-compose "$@"\n'
PODMAN = """\
#!/bin/sh
exec {podman} --root {folder}/images --runroot {running} --network-config-dir {folder}/networks "$@"
"""
# runc knows the first version of control groups; Podman's own limits are above those that a machine may have.
SETTINGS = """\
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
[network]
network_backend = "netavark"
"""
# As the image of PostgreSQL does it: the first start makes the database, the user and its password.
ENTRYPOINT = """\
#!/bin/sh
set -e
data=/var/lib/postgresql/data
as_postgres="setpriv --reuid=postgres --regid=postgres --clear-groups"
PATH=$PATH:$(echo /usr/lib/postgresql/*/bin)
install -d -o postgres -m 0700 $data
if [ ! -s $data/PG_VERSION ]; then
    install -o postgres -m 0400 "$POSTGRES_PASSWORD_FILE" /tmp/password
    $as_postgres initdb -D $data -U "$POSTGRES_USER" --pwfile=/tmp/password --auth=scram-sha-256 --encoding=UTF8
    echo "host all all all scram-sha-256" >> $data/pg_hba.conf
    echo "CREATE DATABASE $POSTGRES_DB" | $as_postgres postgres --single -D $data postgres
fi
exec $as_postgres postgres -D $data -c listen_addresses='*'
"""
POSTGRESQL_IMAGE = """\
FROM localhost/python:3.13-slim
COPY --chmod=0755 entrypoint /entrypoint
ENTRYPOINT ["/entrypoint"]
"""


@dataclass
class Podman:
    """A folder with the programs `docker` and `podman`, which use images and containers below it.

    `running` is the folder of what runs: Podman allows its path 50 characters.
    """

    folder: Path
    running: Path

    @property
    def bin(self) -> Path:
        """Where the two programs are: for the PATH."""
        return self.folder / "bin"

    def run(self, *words: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
        """Run any command with these programs on the PATH."""
        environ = {**os.environ, "PATH": f"{self.bin}:{os.environ['PATH']}"}
        environ["CONTAINERS_CONF"] = str(self.folder / "containers.conf")
        fixed: Any = {"env": environ, "capture_output": True, "text": True, "timeout": SECONDS}
        return subprocess.run([str(word) for word in words], check=False, **fixed, **more)

    def must(self, *words: str | Path, **more: Any) -> str:
        """What a command prints; it must succeed."""
        done = self.run(*words, **more)
        assert done.returncode == 0, f"{words}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    def write_programs(self) -> None:
        """Write `docker`, `podman` and their settings."""
        self.bin.mkdir(parents=True)
        podman = PODMAN.format(podman=shutil.which("podman"), folder=self.folder, running=self.running)
        for name, text in (("docker", DOCKER), ("podman", podman)):
            (self.bin / name).write_text(text)
            (self.bin / name).chmod(0o755)
        (self.folder / "containers.conf").write_text(SETTINGS)

    def make_images(self) -> None:
        """Make the images under the names that Containerfile and compose.yaml give them."""
        root = self.folder / "root"
        suite = self.must("sh", "-c", ". /etc/os-release; printf %s $VERSION_CODENAME")
        if self.run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, root).returncode:
            pytest.skip("containers: debootstrap made no base: does a mirror of Debian answer?")
        for file in ("etc/pip.conf", "etc/ssl/certs/ca-certificates.crt"):  # how this machine reaches an index
            if Path("/", file).exists():
                shutil.copy(Path("/", file), root / file)
        self.must("sh", "-c", f"tar -C {root} -c . | podman import - localhost/python:3.13-slim")
        shutil.rmtree(root)
        tried = self.run("podman", "run", "--rm", "localhost/python:3.13-slim", "true")
        if tried.returncode:
            pytest.skip(f"containers: none runs here: {tried.stderr.strip().splitlines()[-1:]}")
        (self.folder / "entrypoint").write_text(ENTRYPOINT)
        (self.folder / "Containerfile").write_text(POSTGRESQL_IMAGE)
        self.must("podman", "build", "--tag", "localhost/postgres:17", self.folder)

    def remove(self) -> None:
        """Remove every container, volume and image."""
        self.run("podman", "rm", "--all", "--force", "--time", "1")
        self.run("podman", "volume", "rm", "--all", "--force")
        self.run("podman", "network", "prune", "--force")
        self.run("podman", "rmi", "--all", "--force")
        for folder in (self.folder, self.running):
            shutil.rmtree(folder, ignore_errors=True)


def missing() -> str | None:
    """Why no container can be run here, None where one can."""
    if os.geteuid() != 0:
        return "debootstrap wants root"
    return next((f"{program} is not installed" for program in PROGRAMS if shutil.which(program) is None), None)


def new_podman(folder: Path) -> Podman:
    """Podman in a new folder; skips by name where no container can be run."""
    if reason := missing():
        pytest.skip(f"containers: {reason}")
    podman = Podman(folder, Path(tempfile.mkdtemp(prefix="devtel-podman-")))
    podman.write_programs()
    return podman
