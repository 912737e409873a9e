"""What `--json` prints is what docs/json.md says, name by name, for every command that reads."""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from devtelemetry_cli.server.api import openapi
from tests.helpers import digests
from tests.helpers.developer import Developer
from tests.helpers.report_endpoint import Answer, ReadingHandler, listening

PAGE = (Path(__file__).parents[2] / "docs/json.md").read_text()
SECTIONS = {
    heading: text
    for part in PAGE.split("\n## ")[1:]
    for heading, _, text in [part.partition("\n")]
}  # fmt: skip
COMMANDS = [heading.strip("`").removeprefix("devtel ") for heading in SECTIONS]
DIGEST = "digest --json"  # the server's own description names what it prints


@pytest.fixture(scope="module")
def teller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Developer]:
    """A developer with something to print for every command: a run of today that was sent, and a schedule."""
    with listening() as endpoint, listening(ReadingHandler) as server:
        server.otherwise = Answer(body=json.dumps(digests.answer(slower=[digests.change()], events=[digests.EVENT])))
        developer = Developer(tmp_path_factory.mktemp("developer"))
        developer.project_file(endpoint.url)
        developer.environ["DEVTEL_PUBLIC_URL"] = server.base
        developer.grant()
        developer.add_runs(date.today())  # noqa: DTZ011  journals are named by the local day
        developer.flush()
        assert developer.devtel("schedule", "install", "--with", "crontab").returncode == 0
        yield developer


def names(value: object) -> Iterator[str]:
    """Every name in it; those of `values`, which differ from finding to finding, left out."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from names(inner) if name != "values" else ()
    elif isinstance(value, list):
        for inner in value:
            yield from names(inner)


def described(shape: dict[str, Any]) -> Iterator[str]:
    """Every name in a JSON schema."""
    for name, inner in shape.get("properties", {}).items():
        yield name
        yield from described(inner)
    yield from described(shape["items"]) if "items" in shape else ()


def moments(value: object) -> Iterator[str]:
    """Every text in it that looks like a time of day."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from moments(inner)
    elif isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value):
        yield value


def told(developer: Developer, command: str) -> dict[str, Any]:
    """What the command prints: one object, and nothing else on standard output."""
    done = developer.devtel(*command.split())
    assert done.returncode in (0, 1), done.stderr
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer


@pytest.mark.parametrize("command", [command for command in COMMANDS if command != DIGEST])
def test_every_name_that_is_printed_is_documented_and_the_other_way_round(teller: Developer, command: str) -> None:
    section = SECTIONS[f"`devtel {command}`"]
    printed = set(names(told(teller, command)))
    first_cells = re.findall(r"^\| (`.*?) \|", section, flags=re.MULTILINE)
    in_tables = {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)}
    assert printed
    assert printed <= set(re.findall(r"`(\w+)`", section))
    assert in_tables <= printed


def test_every_name_of_a_digest_is_in_the_description_of_the_server(teller: Developer) -> None:
    printed = set(names(told(teller, DIGEST)))
    assert printed == set(described(openapi.DIGEST))


@pytest.mark.parametrize("command", ["status --json", "consent list --json", "show --history --json"])
def test_moments_are_in_whole_seconds_with_the_local_offset(
    teller: Developer, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(teller.environ, "TZ", "Asia/Kolkata")
    found = list(moments(told(teller, command)))
    assert len(found) >= 2
    for moment in found:
        assert datetime.fromisoformat(moment).isoformat(timespec="seconds") == moment
        assert moment.endswith("+05:30")


def test_every_command_that_prints_json_has_its_section() -> None:
    """Except `devtel devlake`, which has its own page, and `devtel profile`, which prints to standard error."""
    reference = (Path(__file__).parents[2] / "docs/cli.md").read_text().split("\n## ")[1:]
    printing = {part.partition("\n")[0] for part in reference if "\n  --json" in part}
    described = {re.sub(r" --.*", "", heading.strip("`")) for heading in SECTIONS}
    assert {name for name in printing if not name.startswith(("devtel devlake", "devtel profile"))} == described
