"""Grant, local and decline, and what is on the disk after each."""

import uuid
from pathlib import Path

import pytest

from devtelemetry_cli.client import consent_cache, tokens
from devtelemetry_cli.client.consent import ask_limit, decide, decisions
from devtelemetry_cli.client.consent.decide import Keeping
from devtelemetry_cli.client.consent.notice import Terms
from devtelemetry_cli.client.consent_cache import ConsentStatus
from devtelemetry_cli.client.destination import parse
from devtelemetry_cli.client.journal import dropped, machine_key, writer
from devtelemetry_cli.client.send import erasures
from devtelemetry_cli.client.send.erasures import Erasure
from devtelemetry_cli.client.send.ledger import Entry, Ledger
from tests.helpers.samples import DAY, DESTINATION, HOST, NOON, TERMS, URL, tree

KEY = DESTINATION.key
OTHER = Terms(parse("https://other.example.com/connections/1/report"), "project")


@pytest.fixture
def keeping(tmp_path: Path) -> Keeping:
    return Keeping(str(tmp_path / "config" / "config.toml"), str(tmp_path / "state"))


def record(keeping: Keeping, journal: str, text: bytes = b"\n{}", day: str = DAY) -> Path:
    folder = Path(keeping.state) / "journal" / journal / HOST
    writer.create(str(folder), day, text)
    return folder / f"{day}.jsonl"


def tell(keeping: Keeping, key: str = KEY) -> None:
    Ledger(keeping.state, key, HOST).keep(Entry(DAY, sent_runs=1))


def kept(keeping: Keeping) -> list[str]:
    """Every file that is kept, locks left out."""
    return [name for name in tree(Path(keeping.state).parent) if not name.endswith(".lock")]


def holds(keeping: Keeping, text: str) -> list[str]:
    root = Path(keeping.state).parent
    return [name for name in tree(root) if text in name or text.encode() in (root / name).read_bytes()]


def test_granting_makes_a_random_id_and_an_agreement(keeping: Keeping) -> None:
    decision = decide.grant(keeping, TERMS, NOON)
    assert uuid.UUID(decision.anonymous_id).version == 4
    assert (decision.state, decision.url, decision.notice_hash) == ("granted", URL, TERMS.hash())
    assert (decision.organisation, decision.purpose, decision.contact) == (
        "Example Ltd",
        "faster builds",
        "dx@example.com",
    )
    assert decision.decided.timestamp() == NOON
    assert decisions.find(keeping.config, KEY) == decision


def test_granting_keeps_the_decision_and_the_counter_of_what_is_dropped(keeping: Keeping) -> None:
    decide.grant(keeping, TERMS, NOON)
    assert kept(keeping) == ["config/config.toml", "state/dropped"]


def test_two_destinations_have_two_ids(keeping: Keeping) -> None:
    one, other = decide.grant(keeping, TERMS, NOON), decide.grant(keeping, OTHER, NOON)
    assert one.anonymous_id != other.anonymous_id
    assert one.grant != other.grant


def test_a_renewal_keeps_the_id_and_begins_anew(keeping: Keeping) -> None:
    first = decide.grant(keeping, TERMS, NOON)
    again = decide.grant(keeping, TERMS, NOON + 86400)
    assert (again.anonymous_id, again.grant) == (first.anonymous_id, first.grant)
    assert again.until > first.until


def test_local_keeps_no_id(keeping: Keeping) -> None:
    decision = decide.local(keeping, TERMS, NOON)
    assert (decision.state, decision.anonymous_id, decision.notice_hash) == ("local", "", "")
    assert kept(keeping) == ["config/config.toml", "state/dropped"]
    assert decide.local(keeping, TERMS, NOON + 60).grant == decision.grant


def test_local_can_be_chosen_where_no_address_is_known(keeping: Keeping) -> None:
    assert (decide.local(keeping, None, NOON).key, kept(keeping)) == (
        "nowhere",
        ["config/config.toml", "state/dropped"],
    )


def test_local_after_a_grant_moves_the_journal_where_no_grant_can_send_it(keeping: Keeping) -> None:
    granted = decide.grant(keeping, TERMS, NOON)
    record(keeping, KEY, b"\n1")
    record(keeping, KEY, b"\n2", "2026-11-21")
    record(keeping, f"{KEY}.local", b"\n0", "2026-11-21")
    decide.local(keeping, TERMS, NOON)
    own = Path(keeping.state) / "journal" / f"{KEY}.local" / HOST
    assert {file.name: file.read_bytes() for file in own.iterdir()} == {
        "2026-11-21.jsonl": b"\n0\n2",
        f"{DAY}.jsonl": b"\n1",
    }
    assert not (Path(keeping.state) / "journal" / KEY).exists()
    assert holds(keeping, granted.anonymous_id) == []


def test_local_after_reports_queues_the_erasure_and_forgets_what_was_told(keeping: Keeping) -> None:
    granted = decide.grant(keeping, TERMS, NOON)
    tell(keeping)
    decide.local(keeping, TERMS, NOON)
    assert [erasure.anonymous_id for erasure in erasures.pending(keeping.state)] == [granted.anonymous_id]
    assert holds(keeping, granted.anonymous_id) == ["state/erasures.json"]
    assert not (Path(keeping.state) / "ledger" / KEY).exists()


def test_a_grant_after_local_leaves_ones_own_records_alone(keeping: Keeping) -> None:
    local = decide.local(keeping, TERMS, NOON)
    own = record(keeping, f"{KEY}.local", b"\nmine")
    granted = decide.grant(keeping, TERMS, NOON)
    assert own.read_bytes() == b"\nmine"
    assert granted.grant != local.grant


def test_saying_no_at_once_leaves_the_decision_and_the_marker(keeping: Keeping) -> None:
    assert decide.decline(keeping, KEY, URL, NOON) is False
    assert kept(keeping) == ["config/config.toml", f"state/declined/{KEY}"]
    decision = decisions.find(keeping.config, KEY)
    assert decision is not None
    assert (decision.state, decision.anonymous_id, decision.grant) == ("declined", "", "")


def test_leaving_leaves_no_more_than_saying_no_at_once(keeping: Keeping) -> None:
    granted = decide.grant(keeping, TERMS, NOON)
    host = machine_key.get_or_create(keeping.state)
    for journal in (KEY, f"{KEY}.local"):
        record(keeping, journal)
    tokens.keep(keeping.config, KEY, "s3cret")
    consent_cache.store_cached(keeping.state, "made|from", ConsentStatus(state="granted"))
    dropped.count(keeping.state)
    assert decide.decline(keeping, KEY, URL, NOON) is False
    assert kept(keeping) == ["config/config.toml", f"state/declined/{KEY}"]
    for text in (granted.anonymous_id, granted.grant, host, "s3cret"):
        assert holds(keeping, text) == []


def test_leaving_after_reports_queues_the_erasure_with_whom_to_ask(keeping: Keeping) -> None:
    granted = decide.grant(keeping, TERMS, NOON)
    tell(keeping)
    record(keeping, KEY)
    tokens.keep(keeping.config, KEY, "s3cret")
    assert decide.decline(keeping, KEY, URL, NOON) is True
    assert erasures.pending(keeping.state) == [Erasure(URL, KEY, granted.anonymous_id, "dx@example.com")]
    assert holds(keeping, granted.anonymous_id) == ["state/erasures.json"]
    assert f"config/tokens/{KEY}" in kept(keeping), "the erasure needs the token"
    assert not [name for name in kept(keeping) if "journal" in name or "ledger" in name]


def test_the_token_goes_once_the_erasure_is_settled(keeping: Keeping) -> None:
    decide.grant(keeping, TERMS, NOON)
    tell(keeping)
    tokens.keep(keeping.config, KEY, "s3cret")
    decide.decline(keeping, KEY, URL, NOON)
    erasures.settle(keeping.state, erasures.pending(keeping.state)[0])
    decide.erase(keeping, KEY)
    assert kept(keeping) == ["config/config.toml", f"state/declined/{KEY}"]


def test_saying_no_twice_completes_what_a_crash_left(keeping: Keeping) -> None:
    decide.decline(keeping, KEY, URL, NOON)
    record(keeping, KEY)
    tell(keeping)
    (Path(keeping.state) / "declined" / KEY).unlink()
    assert decide.decline(keeping, KEY, URL, NOON) is False
    assert kept(keeping) == ["config/config.toml", f"state/declined/{KEY}"]


def test_granting_after_declining_makes_a_new_id_and_removes_the_marker(keeping: Keeping) -> None:
    first = decide.grant(keeping, TERMS, NOON)
    decide.decline(keeping, KEY, URL, NOON)
    second = decide.grant(keeping, TERMS, NOON)
    assert second.anonymous_id != first.anonymous_id
    assert second.grant != first.grant
    assert kept(keeping) == ["config/config.toml", "state/dropped"]


def test_each_id_that_was_ever_told_is_erased(keeping: Keeping) -> None:
    told = []
    for _ in range(2):
        told.append(decide.grant(keeping, TERMS, NOON).anonymous_id)
        tell(keeping)
        decide.decline(keeping, KEY, URL, NOON)
    assert [erasure.anonymous_id for erasure in erasures.pending(keeping.state)] == told


def test_declining_one_destination_leaves_the_others_alone(keeping: Keeping) -> None:
    other = decide.grant(keeping, OTHER, NOON)
    decide.grant(keeping, TERMS, NOON)
    host = machine_key.get_or_create(keeping.state)
    theirs = record(keeping, other.key)
    tell(keeping, other.key)
    tokens.keep(keeping.config, other.key, "theirs")
    decide.decline(keeping, KEY, URL, NOON)
    assert decisions.find(keeping.config, other.key) == other
    assert theirs.exists()
    assert (Path(keeping.state) / "ledger" / other.key).exists()
    assert tokens.place(keeping.config, other.key).exists()
    assert machine_key.find(keeping.state) == host


def test_no_remembered_answer_outlives_a_decision(keeping: Keeping) -> None:
    for change in (decide.grant, decide.local):
        consent_cache.store_cached(keeping.state, "made|from", ConsentStatus(state="granted"))
        change(keeping, TERMS, NOON)
        assert consent_cache.load_cached(keeping.state, "made|from") is None


def test_whoever_decided_is_not_counted_as_invited_any_more(keeping: Keeping) -> None:
    ask_limit.spend(keeping.state, KEY, NOON)
    decide.grant(keeping, TERMS, NOON)
    assert holds(keeping, KEY) == ["config/config.toml"]


def test_a_damaged_config_does_not_keep_anybody_from_saying_no(keeping: Keeping) -> None:
    granted = decide.grant(keeping, TERMS, NOON)
    record(keeping, KEY)
    Path(keeping.config).write_text("[[[")
    assert decide.decline(keeping, KEY, URL, NOON) is False
    assert [name for name in kept(keeping) if "damaged" not in name] == ["config/config.toml", f"state/declined/{KEY}"]
    assert holds(keeping, granted.anonymous_id) == []


def test_a_journal_that_cannot_be_deleted_is_said(keeping: Keeping) -> None:
    decide.grant(keeping, TERMS, NOON)
    (Path(keeping.state) / "journal").mkdir()
    (Path(keeping.state) / "elsewhere").mkdir()
    (Path(keeping.state) / "journal" / KEY).symlink_to("../elsewhere")
    with pytest.raises(OSError, match="symbolic link"):
        decide.decline(keeping, KEY, URL, NOON)


def test_a_file_in_place_of_a_journal_keeps_nobody_from_leaving(keeping: Keeping) -> None:
    decide.grant(keeping, TERMS, NOON)
    (Path(keeping.state) / "journal").mkdir()
    (Path(keeping.state) / "journal" / KEY).touch()
    decide.decline(keeping, KEY, URL, NOON)
    assert not (Path(keeping.state) / "journal" / KEY).exists()


def test_an_erasure_that_cannot_be_queued_leaves_the_id_that_it_needs(keeping: Keeping) -> None:
    granted = decide.grant(keeping, TERMS, NOON)
    tell(keeping)
    (Path(keeping.state) / "erasures.lock").mkdir()
    with pytest.raises(OSError, match=r"erasures\.lock"):
        decide.decline(keeping, KEY, URL, NOON)
    assert decisions.find(keeping.config, KEY) == granted
    assert (Path(keeping.state) / "ledger" / KEY).exists()
