"""Decisions in the user config: kept whole, for their owner alone, beside whatever else stands there."""

import os
import re
import stat
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from devtelemetry_cli.client import consent_cache
from devtelemetry_cli.client.consent import decisions as store
from devtelemetry_cli.client.consent.decisions import Decision
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.client.settings import DamagedError
from tests.helpers.samples import ANONYMOUS, GRANT, URL

GRANTED = Decision(
    "key", URL, consent_cache.GRANTED, datetime(2026, 11, 22, 12, tzinfo=UTC), GRANT, ANONYMOUS,
    "Example Ltd", "faster builds", "dx@example.com", 1, "hash",
)  # fmt: skip
LOCAL = Decision("nowhere", "", consent_cache.LOCAL, datetime(2026, 1, 2, tzinfo=UTC), "1234abcd")
DECLINED = Decision("other", "https://other", consent_cache.DECLINED, datetime(2026, 1, 2, tzinfo=UTC))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config" / "config.toml"


def keep(config: Path, *decisions: Decision) -> None:
    def change(known: dict[str, Decision]) -> None:
        known.update({decision.key: decision for decision in decisions})

    store.update(StateDir(config.parent.parent / "state", str(config)), change)


def write(config: Path, text: str) -> None:
    config.parent.mkdir(exist_ok=True)
    config.write_text(text)


def test_decisions_are_found_as_they_were_kept(config: Path) -> None:
    for decision in (GRANTED, LOCAL, DECLINED):
        keep(config, decision)
    for decision in (GRANTED, LOCAL, DECLINED):
        assert store.find(str(config), decision.key) == decision
    assert stat.S_IMODE(config.stat().st_mode) == 0o600


def test_nothing_was_decided_where_nothing_is_kept(config: Path) -> None:
    assert store.find(str(config), "key") is None
    keep(config, DECLINED)
    assert store.find(str(config), "key") is None


def test_what_we_do_not_know_is_kept(config: Path) -> None:
    write(
        config,
        '# mine\nreport_url = "u"\nkeep_days = 30\n[mine.deeper]\nwhen = 2026-01-01T00:00:00Z\nlist = [1, "a"]\n',
    )
    before = tomllib.loads(config.read_text())
    keep(config, GRANTED)
    after = tomllib.loads(config.read_text())
    assert after.pop("consent").keys() == {"key"}
    assert after == before


STRANGE = {"signed_by": "a newer devtel", "scopes": ["runs"], "deeper": {"when": datetime(2026, 1, 1, tzinfo=UTC)}}


def add_to_decision(config: Path, key: str) -> None:
    """Write into a decision what only a newer devtel knows."""
    values = tomllib.loads(config.read_text())
    values["consent"][key] |= STRANGE
    config.write_text(tomli_w.dumps(values))


def strange(config: Path, key: str) -> dict[str, Any]:
    """What of it still stands there."""
    entry = tomllib.loads(config.read_text())["consent"][key]
    return {name: value for name, value in entry.items() if name in STRANGE}


@pytest.mark.parametrize("kept", [GRANTED, LOCAL, DECLINED], ids=lambda decision: str(decision.state))
def test_what_a_newer_devtel_wrote_into_a_decision_is_kept_while_others_are_made(config: Path, kept: Decision) -> None:
    keep(config, kept)
    add_to_decision(config, kept.key)
    keep(config, replace(GRANTED, key="another"))
    assert strange(config, kept.key) == STRANGE
    assert strange(config, "another") == {}


def test_it_is_kept_when_the_agreement_is_renewed(config: Path) -> None:
    keep(config, GRANTED)
    add_to_decision(config, "key")
    renewed = replace(GRANTED, decided=datetime(2027, 11, 22, tzinfo=UTC), purpose="another", notice=2)
    keep(config, renewed)
    assert store.find(str(config), "key") == renewed
    assert strange(config, "key") == STRANGE


@pytest.mark.parametrize(
    "changed",
    [
        replace(DECLINED, key="key"),
        replace(LOCAL, key="key"),
        replace(GRANTED, grant="new", anonymous_id="another ID"),
    ],
    ids=["declined", "local", "forgotten"],
)
def test_an_agreement_that_ends_takes_what_is_not_known_along_since_an_id_may_stand_in_it(
    config: Path, changed: Decision
) -> None:
    keep(config, GRANTED)
    add_to_decision(config, "key")
    keep(config, changed)
    assert store.find(str(config), "key") == changed
    assert strange(config, "key") == {}


def test_a_declined_entry_holds_no_more_than_the_decision(config: Path) -> None:
    keep(config, DECLINED)
    entry = tomllib.loads(config.read_text())["consent"]["other"]
    assert entry == {"url": "https://other", "state": "declined", "decided": DECLINED.decided}


@pytest.mark.parametrize(
    "text", ['a "quoted" one', "back\\slash", "ü 日本", "'''", '"""', "# no comment", "[table]", "x=1"]
)
def test_any_text_of_a_project_file_is_kept_as_it_is(config: Path, text: str) -> None:
    keep(config, replace(GRANTED, purpose=text))
    assert store.find(str(config), "key") == replace(GRANTED, purpose=text)


def test_a_config_that_is_a_link_stays_one(config: Path, tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    config.parent.mkdir()
    config.symlink_to("../dotfiles/devtel.toml")
    keep(config, GRANTED)
    keep(config, LOCAL)
    assert config.is_symlink()
    assert (tmp_path / "dotfiles" / "devtel.toml").is_file()
    assert store.find(str(config), "key") == GRANTED


@pytest.mark.parametrize("text", ["[[[", "consent = 1", "keep_days = 0", '[consent.key]\nstate = "maybe"'])
def test_a_damaged_config_is_moved_aside_and_kept(config: Path, text: str) -> None:
    write(config, text)
    keep(config, GRANTED)
    assert store.find(str(config), "key") == GRANTED
    (aside,) = [file for file in config.parent.iterdir() if file != config]
    assert re.fullmatch(r"config\.toml\.damaged-\d{8}T\d{6}", aside.name)
    assert aside.read_text() == text


def test_a_fifo_in_the_configs_place_is_moved_aside(config: Path) -> None:
    config.parent.mkdir()
    os.mkfifo(config)
    keep(config, GRANTED)
    assert store.find(str(config), "key") == GRANTED


def entry(**changes: Any) -> str:
    values = {
        "url": '"u"',
        "state": '"granted"',
        "decided": "2026-11-22T12:00:00Z",
        "grant": '"g"',
        "anonymous_id": '"i"',
    }
    lines = [f"{name} = {value}" for name, value in (values | changes).items() if value is not None]
    return "\n".join(["[consent.key]", *lines])


@pytest.mark.parametrize(
    "text",
    [
        "consent = 1",
        "consent = []",
        "[consent]\nkey = 1",
        entry(state=None),
        entry(state='"maybe"'),
        entry(state="['granted']"),
        entry(decided=None),
        entry(decided='"2026-11-22"'),
        entry(decided="2026-11-22"),
        entry(decided="12:00:00"),
        entry(decided="0001-01-01T00:00:00+10:00"),
        entry(decided="9999-12-31T00:00:00Z"),
        entry(grant=None),
        entry(anonymous_id=None),
        entry(anonymous_id='""'),
        entry(anonymous_id="1"),
        entry(url="1"),
        entry(purpose="[]"),
        entry(notice='"1"'),
        entry(notice="1.5"),
    ],
)
def test_what_is_no_decision_is_damage(config: Path, text: str) -> None:
    write(config, text)
    with pytest.raises(DamagedError, match="consent"):
        store.find(str(config), "key")


def test_a_decision_without_a_time_zone_was_made_in_utc(config: Path) -> None:
    write(config, entry(decided="2026-11-22T12:00:00"))
    found = store.find(str(config), "key")
    assert found is not None
    assert found.decided == GRANTED.decided


@pytest.mark.parametrize(
    ("decided", "until"),
    [
        ("2026-11-22", "2027-12-22"),
        ("2026-12-01", "2028-01-01"),
        ("2026-01-31", "2027-02-28"),
        ("2027-01-31", "2028-02-29"),
        ("2028-02-29", "2029-03-29"),
        ("2026-03-31", "2027-04-30"),
        ("2026-12-31", "2028-01-31"),
        ("2026-11-30", "2027-12-30"),
    ],
)
def test_a_grant_ends_after_thirteen_months(decided: str, until: str) -> None:
    zone = timezone(timedelta(hours=5))
    granted = replace(GRANTED, decided=datetime.fromisoformat(f"{decided}T10:11:12").replace(tzinfo=zone))
    assert granted.until == datetime.fromisoformat(f"{until}T10:11:12").replace(tzinfo=zone)


@pytest.mark.parametrize("state", [consent_cache.LOCAL, consent_cache.DECLINED])
def test_no_other_decision_ends(state: str) -> None:
    assert replace(GRANTED, state=state).until.year == 9999


def test_a_decision_made_while_the_clock_stood_at_its_beginning_is_one(config: Path) -> None:
    early = replace(GRANTED, decided=datetime(1970, 1, 1, tzinfo=UTC))
    keep(config, early)
    assert store.find(str(config), "key") == early


def test_many_that_decide_at_once_lose_no_decision(config: Path) -> None:
    children = [fork_keeper(config, number) for number in range(8)]
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 8
    assert {f"key-{number}" for number in range(8)} == tomllib.loads(config.read_text())["consent"].keys()


def fork_keeper(config: Path, number: int) -> int:
    child = os.fork()
    if child:
        return child
    try:
        keep(config, replace(LOCAL, key=f"key-{number}"))
        os._exit(0)
    finally:
        os._exit(1)


def test_a_config_that_cannot_be_written_is_an_oserror(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        keep(tmp_path / "file" / "config.toml", GRANTED)
