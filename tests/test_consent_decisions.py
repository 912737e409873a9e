"""Grant, local and decline, and what is on the disk after each."""

import uuid
from pathlib import Path

import pytest

from devtelemetry_cli import consent
from devtelemetry_cli.client import consent_cache, tokens
from devtelemetry_cli.client.consent import ask_limit, decisions, withdrawal
from devtelemetry_cli.client.consent.terms import Terms
from devtelemetry_cli.client.consent_cache import ConsentStatus
from devtelemetry_cli.client.destination import parse
from devtelemetry_cli.client.journal import dropped, machine_key, writer
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.client.send import erasures
from devtelemetry_cli.client.send.erasures import Erasure
from devtelemetry_cli.client.send.ledger import Entry, Ledger
from devtelemetry_cli.consent import Declined
from tests.helpers.samples import DAY, DESTINATION, HOST, NOON, TERMS, URL, tree

KEY = DESTINATION.key
OTHER = Terms(parse("https://other.example.com/connections/1/report"), "project")


@pytest.fixture
def state(tmp_path: Path) -> StateDir:
    return StateDir(tmp_path / "state", str(tmp_path / "config" / "config.toml"))


def record(state: StateDir, journal: str, text: bytes = b"\n{}", day: str = DAY) -> Path:
    folder = Path(state) / "journal" / journal / HOST
    writer.create(str(folder), day, text)
    return folder / f"{day}.jsonl"


def tell(state: StateDir, key: str = KEY) -> None:
    Ledger(state, key, HOST).keep(Entry(DAY, sent_runs=1))


def kept(state: StateDir) -> list[str]:
    """Every file that is kept; locks and the start file, which holds nothing of a person, left out."""
    return [name for name in tree(Path(state).parent) if not name.endswith((".lock", "/start.mk"))]


def holds(state: StateDir, text: str) -> list[str]:
    root = Path(state).parent
    return [name for name in tree(root) if text in name or text.encode() in (root / name).read_bytes()]


def test_granting_makes_a_random_id_and_an_agreement(state: StateDir) -> None:
    decision = consent.grant(state, TERMS, NOON)
    assert uuid.UUID(decision.anonymous_id).version == 4
    assert (decision.state, decision.url, decision.notice_hash) == ("granted", URL, TERMS.hash())
    assert (decision.organisation, decision.purpose, decision.contact) == (
        "Example Ltd",
        "faster builds",
        "dx@example.com",
    )
    assert decision.decided.timestamp() == NOON
    assert decisions.find(state.config, KEY) == decision


def test_granting_keeps_the_decision_and_the_counter_of_what_is_dropped(state: StateDir) -> None:
    consent.grant(state, TERMS, NOON)
    assert kept(state) == ["config/config.toml", "state/dropped"]


def test_two_destinations_have_two_ids(state: StateDir) -> None:
    one, other = consent.grant(state, TERMS, NOON), consent.grant(state, OTHER, NOON)
    assert one.anonymous_id != other.anonymous_id
    assert one.grant != other.grant


def test_a_renewal_keeps_the_id_and_begins_anew(state: StateDir) -> None:
    first = consent.grant(state, TERMS, NOON)
    again = consent.grant(state, TERMS, NOON + 86400)
    assert (again.anonymous_id, again.grant) == (first.anonymous_id, first.grant)
    assert again.until > first.until


def test_local_keeps_no_id(state: StateDir) -> None:
    decision = consent.local(state, TERMS, NOON)
    assert (decision.state, decision.anonymous_id, decision.notice_hash) == ("local", "", "")
    assert kept(state) == ["config/config.toml", "state/dropped"]
    assert consent.local(state, TERMS, NOON + 60).grant == decision.grant


def test_local_can_be_chosen_where_no_address_is_known(state: StateDir) -> None:
    assert (consent.local(state, None, NOON).key, kept(state)) == (
        "nowhere",
        ["config/config.toml", "state/dropped"],
    )


def test_local_after_a_grant_moves_the_journal_where_no_grant_can_send_it(state: StateDir) -> None:
    granted = consent.grant(state, TERMS, NOON)
    record(state, KEY, b"\n1")
    record(state, KEY, b"\n2", "2026-11-21")
    record(state, f"{KEY}.local", b"\n0", "2026-11-21")
    consent.local(state, TERMS, NOON)
    own = Path(state) / "journal" / f"{KEY}.local" / HOST
    assert {file.name: file.read_bytes() for file in own.iterdir()} == {
        "2026-11-21.jsonl": b"\n0\n2",
        f"{DAY}.jsonl": b"\n1",
    }
    assert not (Path(state) / "journal" / KEY).exists()
    assert holds(state, granted.anonymous_id) == []


def test_local_after_reports_queues_the_erasure_and_forgets_what_was_told(state: StateDir) -> None:
    granted = consent.grant(state, TERMS, NOON)
    tell(state)
    consent.local(state, TERMS, NOON)
    assert [erasure.anonymous_id for erasure in erasures.pending(state)] == [granted.anonymous_id]
    assert holds(state, granted.anonymous_id) == ["state/erasures.json"]
    assert not (Path(state) / "ledger" / KEY).exists()


def test_a_grant_after_local_leaves_ones_own_records_alone(state: StateDir) -> None:
    local = consent.local(state, TERMS, NOON)
    own = record(state, f"{KEY}.local", b"\nmine")
    granted = consent.grant(state, TERMS, NOON)
    assert own.read_bytes() == b"\nmine"
    assert granted.grant != local.grant


def test_saying_no_at_once_leaves_the_decision_and_the_marker(state: StateDir) -> None:
    assert consent.decline(state, KEY, URL, NOON) == Declined()
    assert kept(state) == ["config/config.toml", f"state/declined/{KEY}"]
    decision = decisions.find(state.config, KEY)
    assert decision is not None
    assert (decision.state, decision.anonymous_id, decision.grant) == ("declined", "", "")


def test_leaving_leaves_no_more_than_saying_no_at_once(state: StateDir) -> None:
    granted = consent.grant(state, TERMS, NOON)
    host = machine_key.get_or_create(state)
    for journal in (KEY, f"{KEY}.local"):
        record(state, journal)
    tokens.keep(state.config, KEY, "s3cret")
    consent_cache.store_cached(state, "made|from", ConsentStatus(state="granted"))
    dropped.count(state)
    assert consent.decline(state, KEY, URL, NOON) == Declined()
    assert kept(state) == ["config/config.toml", f"state/declined/{KEY}"]
    for text in (granted.anonymous_id, granted.grant, host, "s3cret"):
        assert holds(state, text) == []


def test_leaving_after_reports_queues_the_erasure_with_whom_to_ask(state: StateDir) -> None:
    granted = consent.grant(state, TERMS, NOON)
    tell(state)
    record(state, KEY)
    tokens.keep(state.config, KEY, "s3cret")
    assert consent.decline(state, KEY, URL, NOON) == Declined(queued=True)
    assert erasures.pending(state) == [Erasure(URL, KEY, granted.anonymous_id, "dx@example.com")]
    assert holds(state, granted.anonymous_id) == ["state/erasures.json"]
    assert f"config/tokens/{KEY}" in kept(state), "the erasure needs the token"
    assert not [name for name in kept(state) if "journal" in name or "ledger" in name]


def test_the_token_goes_once_the_erasure_is_settled(state: StateDir) -> None:
    consent.grant(state, TERMS, NOON)
    tell(state)
    tokens.keep(state.config, KEY, "s3cret")
    consent.decline(state, KEY, URL, NOON)
    erasures.settle(state, erasures.pending(state)[0])
    withdrawal.delete_everything(state, KEY)
    assert kept(state) == ["config/config.toml", f"state/declined/{KEY}"]


def test_saying_no_twice_completes_what_a_crash_left(state: StateDir) -> None:
    consent.decline(state, KEY, URL, NOON)
    record(state, KEY)
    tell(state)
    (Path(state) / "declined" / KEY).unlink()
    assert consent.decline(state, KEY, URL, NOON) == Declined()
    assert kept(state) == ["config/config.toml", f"state/declined/{KEY}"]


def test_granting_after_declining_makes_a_new_id_and_removes_the_marker(state: StateDir) -> None:
    first = consent.grant(state, TERMS, NOON)
    consent.decline(state, KEY, URL, NOON)
    second = consent.grant(state, TERMS, NOON)
    assert second.anonymous_id != first.anonymous_id
    assert second.grant != first.grant
    assert kept(state) == ["config/config.toml", "state/dropped"]


def test_forgetting_without_a_decision_leaves_nothing(state: StateDir) -> None:
    record(state, KEY)
    assert not consent.forget(state, KEY, URL)
    assert kept(state) == []


def test_forgetting_under_a_damaged_config_erases_what_was_sent(state: StateDir) -> None:
    granted = consent.grant(state, TERMS, NOON)
    sent = f'{{"developer": "{granted.anonymous_id}.{HOST}"}}'
    Ledger(state, KEY, HOST).keep(Entry(DAY, sent_runs=1, body=sent))
    Path(state.config).write_text("[[")
    assert consent.forget(state, KEY, URL)
    assert erasures.pending(state) == [Erasure(URL, KEY, granted.anonymous_id)]
    assert not [name for name in kept(state) if "journal" in name or "ledger" in name]
    assert decisions.moved_aside(state.config)


def test_each_id_that_was_ever_told_is_erased(state: StateDir) -> None:
    told = []
    for _ in range(2):
        told.append(consent.grant(state, TERMS, NOON).anonymous_id)
        tell(state)
        consent.decline(state, KEY, URL, NOON)
    assert [erasure.anonymous_id for erasure in erasures.pending(state)] == told


def test_declining_one_destination_leaves_the_others_alone(state: StateDir) -> None:
    other = consent.grant(state, OTHER, NOON)
    consent.grant(state, TERMS, NOON)
    host = machine_key.get_or_create(state)
    theirs = record(state, other.key)
    tell(state, other.key)
    tokens.keep(state.config, other.key, "theirs")
    consent.decline(state, KEY, URL, NOON)
    assert decisions.find(state.config, other.key) == other
    assert theirs.exists()
    assert (Path(state) / "ledger" / other.key).exists()
    assert tokens.path(state.config, other.key).exists()
    assert machine_key.find(state) == host


def test_no_remembered_answer_outlives_a_decision(state: StateDir) -> None:
    for change in (consent.grant, consent.local):
        consent_cache.store_cached(state, "made|from", ConsentStatus(state="granted"))
        change(state, TERMS, NOON)
        assert consent_cache.load_cached(state, "made|from") is None


def test_whoever_decided_is_not_counted_as_invited_any_more(state: StateDir) -> None:
    ask_limit.spend(state, KEY, NOON)
    consent.grant(state, TERMS, NOON)
    assert holds(state, KEY) == ["config/config.toml"]


def test_a_damaged_config_does_not_keep_anybody_from_saying_no(state: StateDir) -> None:
    granted = consent.grant(state, TERMS, NOON)
    record(state, KEY)
    Path(state.config).write_text("[[[")
    assert consent.decline(state, KEY, URL, NOON) == Declined()
    assert [name for name in kept(state) if "damaged" not in name] == ["config/config.toml", f"state/declined/{KEY}"]
    assert holds(state, granted.anonymous_id) == []


def test_a_journal_that_cannot_be_deleted_is_named_and_keeps_nobody_from_leaving(state: StateDir) -> None:
    consent.grant(state, TERMS, NOON)
    (Path(state) / "journal").mkdir()
    (Path(state) / "elsewhere").mkdir()
    (Path(state) / "journal" / KEY).symlink_to("../elsewhere")
    assert consent.decline(state, KEY, URL, NOON) == Declined(left=[state.journal(KEY)])
    assert decisions.is_declined(state, KEY)


def test_a_file_in_place_of_a_journal_keeps_nobody_from_leaving(state: StateDir) -> None:
    consent.grant(state, TERMS, NOON)
    (Path(state) / "journal").mkdir()
    (Path(state) / "journal" / KEY).touch()
    consent.decline(state, KEY, URL, NOON)
    assert not (Path(state) / "journal" / KEY).exists()


def test_an_erasure_that_cannot_be_queued_leaves_the_id_that_it_needs(state: StateDir) -> None:
    granted = consent.grant(state, TERMS, NOON)
    tell(state)
    (Path(state) / "erasures.lock").mkdir()
    assert consent.decline(state, KEY, URL, NOON) == Declined(left=[state.lock("erasures")])
    assert decisions.find(state.config, KEY) == granted
    assert (Path(state) / "ledger" / KEY).exists()
    assert decisions.is_declined(state, KEY), "the marker is enough"
    (Path(state) / "erasures.lock").rmdir()
    assert consent.decline(state, KEY, URL, NOON) == Declined(queued=True)


def test_a_config_that_cannot_be_changed_keeps_nobody_from_leaving(state: StateDir) -> None:
    consent.grant(state, TERMS, NOON)
    record(state, KEY)
    Path(state.lock("config")).unlink(missing_ok=True)
    Path(state.lock("config")).mkdir()
    assert consent.decline(state, KEY, URL, NOON) == Declined(left=[state.lock("config")])
    assert decisions.is_declined(state, KEY)
    assert not Path(state.journal(KEY)).exists()


def test_where_nothing_can_be_written_declining_is_an_oserror(tmp_path: Path) -> None:
    for name in ("state", "config"):
        (tmp_path / name).touch()
    with pytest.raises(OSError, match="state"):
        consent.decline(StateDir(tmp_path / "state" / "x", str(tmp_path / "config" / "config.toml")), KEY, URL, NOON)
