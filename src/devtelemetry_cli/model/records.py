"""The records of a journal: the one definition of their fields, and of the values that each may hold."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from devtelemetry_cli.model import target_names

VERSION: Literal[1] = 1

_Name = Annotated[str, Meta(max_length=64)]
_Run = Annotated[str, Meta(min_length=1, max_length=64)]
_Amount = Annotated[float, Meta(ge=0, lt=2**53)]
_Count = Annotated[int, Meta(ge=0, lt=2**53)]
_Outcome = Annotated[int, Meta(ge=0, lt=256)]
_Offset = Annotated[int, Meta(ge=-100_000, le=100_000)]


class Start(Struct, tag_field="event", tag="start", forbid_unknown_fields=True, gc=False):
    """A run's start. `time` in seconds since the epoch, `offset` the local time's distance from UTC in seconds."""

    run: _Run
    time: _Amount
    offset: _Offset
    pid: _Count
    grant: _Name
    target: _Name
    project: _Name = ""
    folded: bool = False
    parent: _Name = ""
    branch: Literal["", "default", "other", "detached", "unknown"] = ""
    age_days: _Count | None = None
    v: Literal[1] = VERSION

    def is_recordable(self) -> bool:
        """Whether devtel could have written it: target and project are sent, so no other names are passed on."""
        return is_recordable_name(self.target) and (not self.project or is_recordable_name(self.project))


class End(Struct, tag_field="event", tag="end", forbid_unknown_fields=True, gc=False):
    """A run's end. `duration` and `cpu` in seconds, `peak_kib` in KiB; `exit` or `signal` is None."""

    run: str
    time: _Amount
    offset: _Offset
    duration: _Amount
    exit: _Outcome | None = None
    signal: _Outcome | None = None
    interrupted: bool = False
    cpu: _Amount = 0.0
    peak_kib: _Count = 0
    v: Literal[1] = VERSION

    def is_recordable(self) -> bool:
        """Whether devtel could have written it: there is an exit code or a signal, not both."""
        return (self.exit is None) is not (self.signal is None)


def is_recordable_name(name: str) -> bool:
    """Whether a target or project is recorded under this name."""
    return name == target_names.sanitize(name)
