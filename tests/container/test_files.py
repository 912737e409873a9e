"""Containerfile and compose.yaml name only settings and secrets that exist."""

import re

from devtelemetry_cli.client import settings_reference
from tests.helpers import pages

COMPOSE = (pages.ROOT / "compose.yaml").read_text()


def test_every_variable_that_is_set_is_a_setting() -> None:
    named = set(re.findall(r"\bDEVTEL_[A-Z_]+", COMPOSE + (pages.ROOT / "Containerfile").read_text()))
    assert len(named) > 3
    assert named <= settings_reference.names(settings_reference.ENVIRONMENT)


def test_every_secret_is_used_and_made_by_the_operators_page() -> None:
    declared = set(re.findall(r"^  ([\w-]+): \{file: ./secrets/", COMPOSE, re.MULTILINE))
    shown = " ".join(command.text for command in pages.commands("docs/operators.md"))
    assert declared == set(re.findall(r"/run/secrets/([\w-]+)", COMPOSE))
    assert [name for name in declared if name not in shown] == []


def test_every_file_that_the_image_is_built_from_is_in_its_context() -> None:
    ignored = (pages.ROOT / ".dockerignore").read_text()
    wheel = re.findall(r'^"?([\w.-]+)"? = "share/', (pages.ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert len(wheel) > 5
    assert [name for name in wheel if f"!{name}\n" not in ignored and not name.endswith(".md")] == []
