"""The decisions, one per destination, in the user config under `[consent."KEY"]`."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devtelemetry_cli.client import atomic_files, consent_cache, locks, paths, settings
from devtelemetry_cli.client.consent_cache import ConsentStatus
from devtelemetry_cli.client.paths import StateDir

STATES = (consent_cache.GRANTED, consent_cache.LOCAL, consent_cache.DECLINED)
_HEADER = "# Written by devtel. Values that you add are kept (in a decision, until it changes), comments are not.\n"
Change = Callable[[dict[str, "Decision"]], None]

_TEXTS = ("url", "state", "grant", "anonymous_id", "organisation", "purpose", "contact", "notice_hash")


@dataclass(frozen=True)
class Decision:
    """A person's decision about one destination: when, and about which terms.

    `grant` names the agreement that records are made under; `anonymous_id` is there only for `granted`.
    `every_target` means that it covers whole calls, not only chosen targets.
    """

    key: str
    url: str
    state: str
    decided: datetime
    grant: str = ""
    anonymous_id: str = ""
    organisation: str = ""
    purpose: str = ""
    contact: str = ""
    notice: int = 0
    notice_hash: str = ""
    every_target: bool = False

    @property
    def journal(self) -> str:
        """The name of the journal that runs are recorded in."""
        return paths.local_journal(self.key) if self.state == consent_cache.LOCAL else self.key

    @property
    def until(self) -> datetime:
        """When it ends: a grant after 13 months, the others never."""
        if self.state != consent_cache.GRANTED:
            return datetime.max.replace(tzinfo=UTC)
        return _months_later(self.decided, 13)


def decisions(user: settings.UserConfig) -> dict[str, Decision]:
    """The decisions in a config, by key. Raises DamagedError."""
    table = user.values.get("consent", {})
    if not isinstance(table, dict):
        raise settings.DamagedError(user.path, "consent is not a table", settings.MOVED_ASIDE)
    return {key: _decision(user.path, key, entry) for key, entry in table.items()}


def read(config: str) -> settings.UserConfig:
    """The user config for a user making a new decision: a damaged one counts as empty, since it is moved aside."""
    try:
        return _whole(config)
    except settings.DamagedError:
        return settings.UserConfig(path=config)


def find(config: str, key: str) -> Decision | None:
    """The decision about one destination. Raises DamagedError."""
    return decisions(settings.read_user(config)).get(key)


def new_grant() -> str:
    """A random name for an agreement, under which records are made."""
    return os.urandom(4).hex()


def new_anonymous_id() -> str:
    """A random ID for a person's reports to one destination (UUID 4)."""
    import uuid  # noqa: PLC0415  7 ms, and only new agreements need it

    return str(uuid.uuid4())


def update(state: StateDir, change: Change) -> None:
    """Change the decisions, alone: `change` gets them all by key. A damaged config is moved aside first.

    Raises OSError where the config cannot be written.
    """
    import tomli_w  # noqa: PLC0415

    with locks.exclusive(state, locks.CONFIG):
        user = _readable(state.config)
        known = decisions(user)
        change(known)
        before = user.values.get("consent", {})
        values = {
            **user.values,
            "consent": {key: _entry(decision, before.get(key, {})) for key, decision in sorted(known.items())},
        }
        atomic_files.atomic_write(Path(state.config), (_HEADER + tomli_w.dumps(values)).encode())


def mark(state: StateDir, decision: Decision) -> None:
    """Keep the markers that devtel.mk and GNUmakefile look for. Raises OSError."""
    declined = decision.state == consent_cache.DECLINED
    keep_marker(state.declined_marker(decision.key), declined)
    keep_marker(f"{state.every_target_markers}/{decision.key}", decision.every_target and not declined)
    keep_marker(state.question_marker(decision.key), False)


def mark_every_target(state: StateDir, status: ConsentStatus, now: float) -> None:
    """Keep the markers that GNUmakefile looks for in line with the state of a whole call. Raises OSError.

    An agreement that ended or never covered it is not measured; changed terms are asked about, which no plug-in can.
    """
    key = status.journal.removesuffix(".local")
    if key:  # empty where a switch or a damaged file decided
        keep_marker(state.question_marker(key), status.ask and status.records(now))
    if key and not status.records(now):
        keep_marker(f"{state.every_target_markers}/{key}", False)


def keep_marker(path: str, applies: bool) -> None:
    """Make an empty file, or remove it. Raises OSError."""
    marker = Path(path)
    if applies:
        marker.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        marker.touch(mode=0o600)
    else:
        marker.unlink(missing_ok=True)


def is_declined(state: StateDir, key: str) -> bool:
    """Whether a destination is declined, by the decision or by the marker alone. A damaged config declines nothing."""
    if os.path.lexists(state.declined_marker(key)):
        return True
    with suppress(settings.DamagedError):
        decision = find(state.config, key)
        return decision is not None and decision.state == consent_cache.DECLINED
    return False


def is_undecided(state: StateDir, key: str) -> bool:
    """Whether a readable config holds no decision about a destination."""
    try:
        return find(state.config, key) is None
    except settings.DamagedError:
        return False


def day(moment: datetime) -> str:
    """The date of a decision (YYYY-MM-DD), in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d")


def moved_aside(config: str) -> list[Path]:
    """The damaged configs that were moved aside so far."""
    return sorted(Path(config).parent.glob(f"{Path(config).name}.damaged-*"))


def _whole(config: str) -> settings.UserConfig:
    user = settings.read_user(config)
    decisions(user)
    return user


def _readable(config: str) -> settings.UserConfig:
    try:
        return _whole(config)
    except settings.DamagedError:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        Path(config).replace(f"{config}.damaged-{stamp}")
        return settings.UserConfig(path=config)


def _decision(path: str, key: str, entry: object) -> Decision:
    if not isinstance(entry, dict) or entry.get("state") not in STATES:
        raise settings.DamagedError(path, f"consent.{key} holds no decision", settings.MOVED_ASIDE)
    texts = {name: entry.get(name, "") for name in _TEXTS}
    decided, notice, every_target = entry.get("decided"), entry.get("notice", 0), entry.get("every_target", False)
    if (
        not all(isinstance(text, str) for text in texts.values())
        or not isinstance(notice, int)
        or not isinstance(every_target, bool)
    ):
        raise settings.DamagedError(path, f"consent.{key} holds a value of the wrong kind", settings.MOVED_ASIDE)
    if not isinstance(decided, datetime) or not 1970 <= decided.year < 9000:  # 13 months later is a date too
        raise settings.DamagedError(path, f"consent.{key} does not say when it was decided", settings.MOVED_ASIDE)
    if entry["state"] == consent_cache.GRANTED and not (texts["grant"] and texts["anonymous_id"]):
        raise settings.DamagedError(path, f"consent.{key} holds no anonymous ID", settings.MOVED_ASIDE)
    at = decided if decided.tzinfo else decided.replace(tzinfo=UTC)
    return Decision(key=key, decided=at, notice=notice, every_target=every_target, **texts)


def _entry(decision: Decision, before: dict[str, Any]) -> dict[str, Any]:
    """What is written of a decision, with the values of a newer devtel that stood there `before`.

    These stay only while state and agreement do: who declines or forgets must not leave an ID in a value that we do
    not know.
    """
    values = asdict(replace(decision, decided=decision.decided.replace(microsecond=0)))
    is_the_same = all(before.get(name, "") == values[name] for name in ("state", "grant"))
    unknown = {name: value for name, value in before.items() if name not in values} if is_the_same else {}
    del values["key"]
    return {name: value for name, value in values.items() if value not in ("", 0)} | unknown


def _months_later(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.month - 1 + months, 12)
    day = moment.day
    while True:
        try:
            return moment.replace(year=moment.year + year, month=month + 1, day=day)
        except ValueError:
            day -= 1
