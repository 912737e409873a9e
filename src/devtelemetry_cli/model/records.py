"""What a record says, as values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Start:
    """A run's start. `time` in seconds since the epoch, `offset` the local time's distance from UTC in seconds."""

    run: str
    time: float
    offset: int
    pid: int
    grant: str
    target: str
    project: str = ""
    folded: bool = False
    parent: str = ""
    branch: str = ""
    age_days: int | None = None


@dataclass(frozen=True, slots=True)
class End:
    """A run's end. `duration` and `cpu` in seconds, `peak_kib` in KiB; `exit` or `signal` is None."""

    run: str
    time: float
    offset: int
    duration: float
    exit: int | None = None
    signal: int | None = None
    interrupted: bool = False
    cpu: float = 0.0
    peak_kib: int = 0
