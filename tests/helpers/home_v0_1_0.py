"""The files of a developer's home as devtel 0.1.0 left them: an upgrade must read every one of them.

The form and the names on disk are those of a real home of that version; addresses, dates and times are arguments.
"""

import hashlib
import json
import os
from datetime import date, datetime, timedelta
from pathlib import Path

from devtelemetry_cli.client import destination

GRANT, ANONYMOUS, HOST = "cff53e19", "6b070573-fa2c-4e07-b374-504486b947af", "0f55bab3"
WITHDRAWN = "2e010bc3-7003-4399-ba6d-b4dd9e9538be"
LAST_ERROR = "devlake.example cannot take reports now (503). It is tried again later."
PURGED_ANSWER = "You purged this day; what was sent stays sent."

_CONFIG = """\
# Written by devtel. Values that you add are kept (in a decision, until it changes), comments are not.
keep_days = 500

[consent."{declined.key}"]
url = "{declined.url}"
state = "declined"
decided = {decided}

[consent."{granted.key}"]
url = "{granted.url}"
state = "granted"
decided = {decided}
grant = "{grant}"
anonymous_id = "{anonymous}"
organisation = "Acme"
notice = 1
notice_hash = "dacfdae3b560da13059bf7dd6652aa566de022fff5765167cadf5b0463d93dfb"
"""


def write(state: Path, url: str, other_url: str, today: date) -> None:
    """Write the state folder of DEVTEL_HOME: `url` granted, `other_url` declined with its erasure pending.

    Yesterday's 3 runs: 2 acknowledged, the third unsent after a 503. Two days ago: purged after 2 runs were sent.
    The day before that: frozen, with 4 runs sent and 1 left in the journal.
    """
    granted, declined = destination.parse(url), destination.parse(other_url)
    decided = datetime(today.year, today.month, today.day).strftime("%Y-%m-%d %H:%M:%S+00:00")  # noqa: DTZ001
    config = _CONFIG.format(granted=granted, declined=declined, decided=decided, grant=GRANT, anonymous=ANONYMOUS)
    _put(state / "config.toml", config)
    _put(state / "hosts" / os.uname().nodename, HOST)
    _put(state / "declined" / declined.key, "")
    _put(state / "tokens" / granted.key, "a-token")
    _put(state / "dropped", "0" * 12)
    erasure = {"url": declined.url, "key": declined.key, "anonymous_id": WITHDRAWN, "contact": "dx@acme.example"}
    _put(state / "erasures.json", json.dumps([erasure], indent=1))
    journal, ledger = (state / room / granted.key / HOST for room in ("journal", "ledger"))
    days = [today - timedelta(days=count) for count in (1, 2, 3)]
    _put(journal / f"{days[0]}.jsonl", _records(days[0], 3))
    _put(journal / f"{days[2]}.jsonl", _records(days[2], 1))
    _put_entry(ledger, days[0], "later", 3, 2, LAST_ERROR)
    _put_entry(ledger, days[1], "purged", 2, 2, PURGED_ANSWER)
    _put_entry(ledger, days[2], "frozen", 4, 4, "")
    noon = _noon(days[0])
    visit = {"last_flush": noon, "last_success": noon - 9.5, "next_try": noon + 60, "failures": 2}
    _put(ledger / "endpoint.json", json.dumps({**visit, "trouble": LAST_ERROR}))


def _put_entry(ledger: Path, day: date, state: str, runs: int, acknowledged: int, answer: str) -> None:
    body = json.dumps({"date": day.isoformat(), "developer": f"{ANONYMOUS}.{HOST}"})
    entry = {
        **{"date": day.isoformat(), "state": state, "told_runs": runs, "body": body},
        **{"sha256": hashlib.sha256(body.encode()).hexdigest(), "acknowledged": "e" * 64},
        **{"acknowledged_at": _noon(day), "acknowledged_runs": acknowledged, "journal_size": 1, "running": 0},
        **{"tries": 0, "first_try": 0.0, "next_try": 0.0, "status": 503, "answer": answer},
    }
    _put(ledger / f"{day}.json", json.dumps(entry))


def _records(day: date, runs: int) -> str:
    noon, lines = _noon(day), ""
    for number in range(runs):
        run = f"bd225c0de298275{number}"
        common = f'"run":"{run}","time":{noon + number},"offset":0'
        lines += f'\n{{"v":1,"event":"start",{common},"pid":3133,"grant":"{GRANT}","project":"shop","target":"work"}}'
        lines += f'\n{{"v":1,"event":"end",{common},"duration":0.03,"exit":0,"cpu":0.004003,"peak_kib":10260}}'
    return lines


def _noon(day: date) -> float:
    return datetime(day.year, day.month, day.day, 12).timestamp()  # noqa: DTZ001  journals are named by the local day


def _put(file: Path, text: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o600)
