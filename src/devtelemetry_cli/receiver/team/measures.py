"""What a group's runs amount to, as flat numbers under fixed keys, so that groups are added and told apart alike.

Keys: `runs`, `failures`, `interrupted`, `lost`, `waited` and `total` (seconds), `d:BUCKET` (a histogram's counts),
`x:CODE` (runs that ended so), `r:BRANCH:AGE` and `f:BRANCH:AGE` (runs and failures on such a checkout).
A key that is 0 is left out.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

Measures = dict[str, float]

MOST_CODES = 100  # of one row: enough for any real target, and never too long for a column

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


def of_row(row: Mapping[str, Any]) -> Measures:
    """The measures of a row of devtel_target_metrics."""
    made: Measures = {key: row[column] for column, key in PLAIN.items()}
    made |= {f"d:{bucket}": count for bucket, count in _parts(row["durations"], {}).items()}
    made |= {f"x:{code}": count for code, count in _most(_parts(row["exit_codes"], {})).items()}
    for place in _parts(row["checkouts"], []):
        where = f"{place['branch']}:{place['age_days']}"
        made |= {f"r:{where}": place["runs"], f"f:{where}": place["failures"]}
    return {key: value for key, value in made.items() if value}


def add(into: Measures, other: Mapping[str, float]) -> None:
    """Add `other` to `into`."""
    for key, value in other.items():
        into[key] = into.get(key, 0) + value


def change(before: Mapping[str, float], after: Mapping[str, float]) -> Measures:
    """What has to be added to `before` to have `after`; empty when nothing changed."""
    return {
        key: difference
        for key in before.keys() | after.keys()
        if (difference := after.get(key, 0) - before.get(key, 0))
    }


def under(measures: Mapping[str, float], prefix: str) -> dict[str, float]:
    """The measures whose keys begin with `prefix`, without it."""
    return {key[len(prefix) :]: value for key, value in measures.items() if key.startswith(prefix)}


def without(measures: Mapping[str, float], *prefixes: str) -> Measures:
    """The measures whose keys begin with none of `prefixes`."""
    return {key: value for key, value in measures.items() if not key.startswith(prefixes)}


def histogram(measures: Mapping[str, float]) -> dict[int, int]:
    """Bucket -> runs."""
    return {int(bucket): int(count) for bucket, count in under(measures, "d:").items()}


def to_text(measures: Mapping[str, float]) -> str:
    """As a database keeps them."""
    return _encode(measures).decode()


def from_text(text: str) -> Measures:
    """The reverse of `to_text`."""
    return _decode(text)


def _most(codes: Mapping[str, int]) -> Mapping[str, int]:
    """The codes that most runs ended with, and the others together under the empty name."""
    if len(codes) <= MOST_CODES:
        return codes
    ranked = sorted(codes.items(), key=lambda item: (-item[1], item[0]))
    return dict(ranked[:MOST_CODES]) | {"": sum(count for _, count in ranked[MOST_CODES:])}


def _parts(text: str, absent: Any) -> Any:  # noqa: ANN401 - whichever the column holds
    return msgspec.json.decode(text) or absent
