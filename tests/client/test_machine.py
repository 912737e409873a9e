"""The environment fields of a report."""

import os
import platform
import subprocess
from pathlib import Path

import pytest

from devtelemetry_cli import __version__
from devtelemetry_cli.client import machine

GIB = 2**30


@pytest.mark.parametrize(
    ("gib", "reported"),
    [
        (0, 1),
        (0.4, 1),
        (1, 1),
        (1.4, 1),
        (1.5, 2),
        (2.9, 2),
        (3, 4),
        (5.9, 4),
        (6, 8),
        (15.4, 16),
        (47, 32),
        (1000, 1024),
    ],
)
def test_memory_is_reported_as_the_nearest_power_of_two(gib: float, reported: int) -> None:
    assert machine.memory_class(int(gib * GIB)) == reported


def test_a_snapshot_contains_the_kind_of_machine_and_no_name() -> None:
    snapshot = machine.snapshot({})
    kind = (platform.system().lower(), platform.machine(), os.cpu_count())
    assert (snapshot.os, snapshot.architecture, snapshot.cores) == kind
    assert (snapshot.devtel, snapshot.memory_gib.bit_count()) == (__version__, 1)
    version = subprocess.run(["make", "--version"], capture_output=True, text=True, check=True).stdout
    assert snapshot.make
    assert f"GNU Make {snapshot.make}\n" in version


@pytest.mark.parametrize(
    ("script", "version"),
    [
        ("echo GNU Make 3.81", "3.81"),
        ("echo GNU Make 4.4.1 and more", "4.4.1"),
        ("echo bmake 2020", ""),
        ("echo not GNU Make 4", ""),
        ("exit 3", ""),
        ("printf 'GNU Make \\377'", ""),
        ("kill -9 $$", ""),
        ("cat; echo GNU Make 4.3", "4.3"),
    ],
)
def test_the_version_is_that_of_the_chosen_make(tmp_path: Path, script: str, version: str) -> None:
    make = tmp_path / "mymake"
    make.write_text(f"#!/bin/sh\n{script}\n")
    make.chmod(0o755)
    assert machine.snapshot({"DEVTEL_MAKE": str(make)}).make == version


def test_a_make_that_cannot_run_has_no_version(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program")
    for make in ("none", "text", "."):
        assert machine.snapshot({"DEVTEL_MAKE": str(tmp_path / make)}).make == ""


def test_a_make_that_hangs_has_no_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = tmp_path / "mymake"
    make.write_text("#!/bin/sh\nexec sleep 30\n")
    make.chmod(0o755)
    monkeypatch.setattr(machine, "_TIMEOUT", 0.1)
    assert machine.snapshot({"DEVTEL_MAKE": str(make)}).make == ""
