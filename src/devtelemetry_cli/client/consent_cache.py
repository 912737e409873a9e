"""What consent says about runs in one place, and a memory of it that a run can read before make starts.

The answer itself comes from `consent.judge`, which parses TOML and costs a run some milliseconds. It is
remembered beside the identities (time, size, inode) of the files it was made from: while they stand
unchanged the answer holds; a changed file, a damaged memory or a full disk only cost those milliseconds.
"""

import posix  # as in client/paths.py

from devtelemetry_cli.client.paths import StateDir, above

GRANTED, LOCAL, DECLINED, UNDECIDED, OFF = "granted", "local", "declined", "undecided", "off"
_STATES = (GRANTED, LOCAL, DECLINED, UNDECIDED, OFF)

_FORM = "devtel-verdict-1"


class ConsentStatus:
    """One place's answer.

    `state` is one of the five above and `rule` the sentence that decided it; `journal` the journal's folder
    name, `grant` the agreement that a record is made under, `until` its end (seconds since the epoch);
    `ask` whether a person may be asked here; `project`, `targets` and `default_branch` are the project file's.
    """

    __slots__ = ("ask", "default_branch", "grant", "journal", "project", "rule", "state", "targets", "until")

    def __init__(  # noqa: PLR0913  a record, made by name
        self,
        *,
        state: str,
        rule: str = "",
        journal: str = "",
        grant: str = "",
        until: int = 0,
        ask: bool = False,
        project: str = "",
        targets: tuple[str, ...] = (),
        default_branch: str = "",
    ) -> None:
        self.state = state
        self.rule = rule
        self.journal = journal
        self.grant = grant
        self.until = until
        self.ask = ask
        self.project = project
        self.targets = targets
        self.default_branch = default_branch

    def records(self, now: float) -> bool:
        """Whether a run that starts at `now` is recorded."""
        return self.state in (GRANTED, LOCAL) and now < self.until

    def has_ended(self, now: float) -> bool:
        """Whether it was an agreement whose time is over since, so that there is something to judge anew."""
        return self.state in (GRANTED, LOCAL) and now >= self.until


def fingerprint(config: str, project: str | None, report_url: str) -> str:
    """What an answer was made from: both files as they stand, and the address that the environment gives."""
    return "|".join((_stamp(config), project or "", _stamp(project) if project else "", report_url))


def load_cached(state: StateDir, fingerprint: str) -> ConsentStatus | None:
    """The remembered answer if it was made from just this, else None."""
    try:
        descriptor = posix.open(_place(state, fingerprint), posix.O_RDONLY | posix.O_NONBLOCK | posix.O_NOCTTY)
    except OSError:
        return None
    try:
        text = posix.read(descriptor, 16384).decode("utf-8", "surrogateescape")
    except OSError:
        return None
    finally:
        posix.close(descriptor)
    lines = text.split("\n")
    if len(lines) != 12 or lines[0] != _FORM or lines[1] != fingerprint or lines[11] != "end":
        return None
    return _read(lines[2:11])


def store_cached(state: StateDir, fingerprint: str, verdict: ConsentStatus) -> None:
    """Keep the answer for the next run. Raises OSError where it cannot be kept."""
    values = [
        verdict.state, verdict.rule, verdict.journal, verdict.grant, str(verdict.until), "1" if verdict.ask else "",
        verdict.project, "\t".join(verdict.targets), verdict.default_branch,
    ]  # fmt: skip
    if any("\n" in value for value in [fingerprint, *values]):
        return
    import os  # noqa: PLC0415  make runs already

    from devtelemetry_cli.client.draft import beside, write  # noqa: PLC0415  make runs already

    place = _place(state, fingerprint)
    os.makedirs(above(place), 0o700, exist_ok=True)
    draft = beside(place)
    write(draft, "\n".join([_FORM, fingerprint, *values, "end"]).encode("utf-8", "surrogateescape"))
    os.replace(draft, place)


def _read(values: list[str]) -> ConsentStatus | None:
    state, rule, journal, grant, until, ask, project, targets, default_branch = values
    if state not in _STATES or not (until.isascii() and until.isdigit() and len(until) < 20):
        return None
    return ConsentStatus(
        state=state,
        rule=rule,
        journal=journal,
        grant=grant,
        until=int(until),
        ask=ask == "1",
        project=project,
        targets=tuple(targets.split("\t")) if targets else (),
        default_branch=default_branch,
    )


def _stamp(path: str) -> str:
    try:
        status = posix.stat(path)
    except OSError:
        return "-"
    return f"{status.st_mtime_ns}:{status.st_size}:{status.st_ino}:{status.st_dev}"


def _place(state: StateDir, fingerprint: str) -> str:
    # One file for each project and address. A clash only makes two places forget each other's answer.
    number = 0
    for byte in fingerprint.partition("|")[2].encode("utf-8", "surrogateescape"):
        number = (number * 31 + byte) % 2**32
    return f"{state.consent_cache}/{number:08x}"
