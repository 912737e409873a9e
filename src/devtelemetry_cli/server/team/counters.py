"""Totals of a group's runs, as flat numbers under fixed keys, so that all are added and subtracted alike.

Keys: `runs`, `failures`, `interrupted`, `lost`, `waited` and `total` (seconds), `d:BUCKET` (a histogram's counts),
`x:CODE` (runs with that exit code), `r:BRANCH:AGE` and `f:BRANCH:AGE` (runs and failures on such a checkout).
A key that is 0 is left out.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from devtelemetry_cli.model.histogram import HIGHEST, LOWEST

Counters = dict[str, float]

# Of one row: enough for any real target, and never too long for a column.
MOST_CODES, LONGEST_CODE = 100, 32

_BUCKETS = {f"d:{bucket}": bucket for bucket in range(LOWEST, HIGHEST + 1)}

_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(dict[str, float]).decode

# The columns of a row that are plain numbers, and their keys.
PLAIN = {
    "runs": "runs",
    "failures": "failures",
    "interrupted": "interrupted",
    "lost": "lost",
    "waited_seconds": "waited",
    "duration_total": "total",
}


def from_row(row: Mapping[Any, Any]) -> Counters:
    """The counters of a row of devtel_target_metrics.

    Parts that exceed their whole, which only other senders report, are left out, since no breakdown of them adds up.
    All are floats: a sum of the largest integers fits no column and no JSON.
    """
    made: Counters = {key: float(row[column]) for column, key in PLAIN.items()}
    for part in ("failures", "interrupted", "lost"):
        made[part] = min(made[part], made["runs"])
    ended = made["runs"] - made["lost"]
    durations = {f"d:{bucket}": float(count) for bucket, count in _parts(row["durations"], {}).items()}
    codes = {f"x:{code}": float(count) for code, count in _most(_parts(row["exit_codes"], {})).items()}
    runs, failures = _places(_parts(row["checkouts"], []))
    if sum(durations.values()) <= ended:
        made |= durations
    else:
        del made["total"]
    if sum(codes.values()) <= ended:
        made |= codes
    if sum(runs.values()) <= ended and sum(failures.values()) <= made["failures"]:
        made |= runs | failures
    return {key: value for key, value in made.items() if value}


def add(into: Counters, other: Mapping[str, float]) -> None:
    """Add `other` to `into`."""
    for key, value in other.items():
        into[key] = into.get(key, 0) + value


def total(groups: Iterable[Mapping[str, float]]) -> Counters:
    """The sum of `groups`."""
    whole: Counters = {}
    for group in groups:
        add(whole, group)
    return whole


def difference(before: Mapping[str, float], after: Mapping[str, float]) -> Counters:
    """The counters to add to `before` for `after`; empty when nothing changed."""
    return {
        key: difference
        for key in before.keys() | after.keys()
        if (difference := after.get(key, 0) - before.get(key, 0))
    }


def with_prefix(counters: Mapping[str, float], prefix: str) -> dict[str, float]:
    """The counters whose keys begin with `prefix`, under the rest of their keys."""
    return {key[len(prefix) :]: value for key, value in counters.items() if key.startswith(prefix)}


def without(counters: Mapping[str, float], *prefixes: str) -> Counters:
    """The counters whose keys begin with none of `prefixes`."""
    return {key: value for key, value in counters.items() if not key.startswith(prefixes)}


def histogram(counters: Mapping[str, float]) -> dict[int, int]:
    """Bucket -> runs."""
    return {_BUCKETS[key]: int(count) for key, count in counters.items() if key in _BUCKETS}


def to_text(counters: Mapping[str, float]) -> str:
    """The text for a database."""
    return _encode(counters).decode()


def from_text(text: str) -> Counters:
    """The reverse of `to_text`."""
    return _decode(text)


def _most(codes: Mapping[str, int]) -> Mapping[str, int]:
    """The most frequent codes, and the sum of the others under the empty name."""
    ranked = sorted(codes.items(), key=lambda item: (len(item[0]) > LONGEST_CODE, -item[1], item[0]))
    kept = {code: count for code, count in ranked[:MOST_CODES] if code and len(code) <= LONGEST_CODE}
    others = sum(codes.values()) - sum(kept.values())
    return kept | ({"": others} if others else {})


def _places(checkouts: Iterable[Mapping[str, Any]]) -> tuple[Counters, Counters]:
    """Runs and failures by checkout; no more failures than runs."""
    runs = {f"r:{place['branch']}:{place['age_days']}": float(place["runs"]) for place in checkouts}
    failures = {f"f:{place['branch']}:{place['age_days']}": float(place["failures"]) for place in checkouts}
    return runs, {where: min(count, runs[f"r{where[1:]}"]) for where, count in failures.items()}


def _parts(text: str, absent: Any) -> Any:  # noqa: ANN401 - whichever the column holds
    return msgspec.json.decode(text) or absent
