"""The memory of an answer: it holds for just what it was made from, or it is none."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devtelemetry_cli.client import consent_cache
from devtelemetry_cli.client.consent_cache import GRANTED, ConsentStatus
from devtelemetry_cli.client.paths import StateDir

FULL: dict[str, Any] = {
    "state": GRANTED, "rule": "granted on 2026-11-22", "journal": "key", "grant": "0badcafe", "until": 1_800_000_000,
    "ask": True, "project": "shop", "targets": ("dev.%", "test"), "default_branch": "trunk",
}  # fmt: skip
MADE_FROM = "1:2:3:4|/p/.devtel.toml|5:6:7:8|"


def values(answer: ConsentStatus | None) -> dict[str, object] | None:
    return None if answer is None else {name: getattr(answer, name) for name in ConsentStatus.__slots__}


def remembered(state: Path) -> Path:
    (file,) = (state / "verdicts").iterdir()
    return file


def test_an_answer_is_recalled_as_it_was(tmp_path: Path) -> None:
    consent_cache.store_cached(StateDir(tmp_path), MADE_FROM, ConsentStatus(**FULL))
    assert values(consent_cache.load_cached(StateDir(tmp_path), MADE_FROM)) == FULL
    assert stat.S_IMODE(remembered(tmp_path).stat().st_mode) == 0o600


def test_an_answer_with_little_in_it_is_recalled_too(tmp_path: Path) -> None:
    consent_cache.store_cached(StateDir(tmp_path), MADE_FROM, ConsentStatus(state=consent_cache.OFF))
    assert values(consent_cache.load_cached(StateDir(tmp_path), MADE_FROM)) == values(
        ConsentStatus(state=consent_cache.OFF)
    )


@pytest.mark.parametrize(
    "other",
    [
        "1:2:3:5|/p/.devtel.toml|5:6:7:8|",
        "1:2:3:4|/p/.devtel.toml|5:6:7:9|",
        "1:2:3:4|/q/.devtel.toml|5:6:7:8|",
        "1:2:3:4|/p/.devtel.toml|5:6:7:8|https://h",
        "-|/p/.devtel.toml|5:6:7:8|",
        "1:2:3:4|||",
        MADE_FROM + "\n",
        "",
    ],
)
def test_an_answer_made_from_anything_else_is_none(tmp_path: Path, other: str) -> None:
    consent_cache.store_cached(StateDir(tmp_path), MADE_FROM, ConsentStatus(**FULL))
    assert consent_cache.load_cached(StateDir(tmp_path), other) is None


def test_two_places_are_remembered_beside_each_other(tmp_path: Path) -> None:
    for project in ("/a", "/b"):
        consent_cache.store_cached(StateDir(tmp_path), f"1|{project}|2|", ConsentStatus(state=GRANTED, project=project))
    for project in ("/a", "/b"):
        recalled = consent_cache.load_cached(StateDir(tmp_path), f"1|{project}|2|")
        assert recalled is not None
        assert recalled.project == project


def test_a_changed_config_takes_the_old_answers_place(tmp_path: Path) -> None:
    for config in ("1", "2"):
        consent_cache.store_cached(StateDir(tmp_path), f"{config}|/p|3|", ConsentStatus(state=GRANTED))
    assert len(list((tmp_path / "verdicts").iterdir())) == 1


def test_a_memory_cut_at_any_byte_is_none(tmp_path: Path) -> None:
    consent_cache.store_cached(StateDir(tmp_path), MADE_FROM, ConsentStatus(**FULL))
    whole = remembered(tmp_path).read_bytes()
    for cut in range(len(whole)):
        remembered(tmp_path).write_bytes(whole[:cut])
        assert consent_cache.load_cached(StateDir(tmp_path), MADE_FROM) is None


LINES = st.lists(st.text(max_size=6) | st.sampled_from(["granted", "1", "²", "9" * 5000]), min_size=9, max_size=9)


@settings(max_examples=150)
@given(st.binary() | LINES.map(lambda lines: "\n".join(["devtel-verdict-1", MADE_FROM, *lines, "end"]).encode()))
def test_noise_never_raises_and_never_is_an_agreement_by_chance(tmp_path: Path, noise: bytes) -> None:
    if not (tmp_path / "verdicts").exists():
        consent_cache.store_cached(StateDir(tmp_path), MADE_FROM, ConsentStatus(**FULL))
    remembered(tmp_path).write_bytes(noise)
    recalled = consent_cache.load_cached(StateDir(tmp_path), MADE_FROM)
    assert recalled is None or noise.decode().split("\n")[2] in ("granted", "local", "declined", "undecided", "off")


@pytest.mark.parametrize("until", ["²", "", "-1", "1.5", "9" * 5000, "soon"])
def test_an_end_that_is_no_time_is_damage(tmp_path: Path, until: str) -> None:
    consent_cache.store_cached(StateDir(tmp_path), MADE_FROM, ConsentStatus(**FULL))
    text = remembered(tmp_path).read_text()
    remembered(tmp_path).write_text(text.replace("1800000000", until))
    assert consent_cache.load_cached(StateDir(tmp_path), MADE_FROM) is None


def test_a_fifo_or_a_folder_in_its_place_is_none_at_once(tmp_path: Path) -> None:
    consent_cache.store_cached(StateDir(tmp_path), MADE_FROM, ConsentStatus(**FULL))
    place = remembered(tmp_path)
    place.unlink()
    os.mkfifo(place)
    assert consent_cache.load_cached(StateDir(tmp_path), MADE_FROM) is None
    place.unlink()
    place.mkdir()
    assert consent_cache.load_cached(StateDir(tmp_path), MADE_FROM) is None
    with pytest.raises(OSError, match="verdicts"):
        consent_cache.store_cached(StateDir(tmp_path), MADE_FROM, ConsentStatus(**FULL))


def test_a_state_folder_that_cannot_be_made_is_an_oserror(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        consent_cache.store_cached(StateDir(tmp_path / "file"), MADE_FROM, ConsentStatus(**FULL))
    assert consent_cache.load_cached(StateDir(tmp_path / "file"), MADE_FROM) is None


@pytest.mark.parametrize("changes", [{"rule": "two\nlines"}, {"project": "a\nb"}])
def test_what_would_not_fit_on_its_line_is_not_remembered(tmp_path: Path, changes: dict[str, str]) -> None:
    consent_cache.store_cached(StateDir(tmp_path), MADE_FROM, ConsentStatus(**(FULL | changes)))
    assert consent_cache.load_cached(StateDir(tmp_path), MADE_FROM) is None


def test_a_path_that_is_no_utf8_is_remembered(tmp_path: Path) -> None:
    fingerprint = "1|/p/\udcff|2|"
    consent_cache.store_cached(StateDir(tmp_path), fingerprint, ConsentStatus(**FULL))
    assert values(consent_cache.load_cached(StateDir(tmp_path), fingerprint)) == FULL


def rewrite(file: Path) -> None:
    file.write_text("state = 2\n")


def swap(file: Path) -> None:
    before = file.stat()
    draft = file.with_name("draft")
    draft.write_text("state = 2\n")
    os.utime(draft, ns=(before.st_atime_ns, before.st_mtime_ns))
    draft.replace(file)


def grow(file: Path) -> None:
    before = file.stat()
    file.write_text("state = 10\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def remove(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize("change", [rewrite, swap, grow, remove])
@pytest.mark.parametrize("which", ["config.toml", ".devtel.toml"])
def test_a_changed_file_is_another_identity(tmp_path: Path, which: str, change: object) -> None:
    for name in ("config.toml", ".devtel.toml"):
        (tmp_path / name).write_text("state = 1\n")
        os.utime(tmp_path / name, ns=(0, 1_000_000_007))
    place = str(tmp_path / "config.toml"), str(tmp_path / ".devtel.toml"), ""
    before = consent_cache.fingerprint(*place)
    assert consent_cache.fingerprint(*place) == before
    change(tmp_path / which)  # type: ignore[operator]
    assert consent_cache.fingerprint(*place) != before


def test_the_address_of_the_environment_and_the_projects_place_are_part_of_the_identity(tmp_path: Path) -> None:
    config, missing = str(tmp_path / "none"), str(tmp_path / ".devtel.toml")
    identities = {
        consent_cache.fingerprint(config, None, ""),
        consent_cache.fingerprint(config, None, "https://h"),
        consent_cache.fingerprint(config, missing, ""),
        consent_cache.fingerprint(config, missing + "2", ""),
    }
    assert len(identities) == 4


@pytest.mark.parametrize(
    ("state", "now", "records"),
    [
        ("granted", 99, True),
        ("local", 99, True),
        ("granted", 100, False),
        ("declined", 99, False),
        ("undecided", 99, False),
        ("off", 99, False),
    ],
)
def test_only_an_agreement_that_has_not_ended_records(state: str, now: float, records: bool) -> None:
    assert ConsentStatus(state=state, until=100).records(now) is records
