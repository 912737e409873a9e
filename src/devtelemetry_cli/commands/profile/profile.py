"""Notes of a call -> each target's own time. Pure."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Note:
    """A recipe line of `target` started, `at` seconds after make did."""

    at: float
    target: str


@dataclass(frozen=True)
class Span:
    """A target's recipe lines that ran without another target's between them; times in seconds after make's start."""

    target: str
    start: float
    end: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end - self.start


@dataclass(frozen=True)
class Profile:
    """A call that ended: its duration in seconds, its exit code, and its spans in their order.

    In a parallel call (`-j`) the spans only say when lines started. `failed` is the target that ended the call.
    """

    command: str
    duration: float
    exit_code: int
    spans: list[Span] = field(default_factory=list)
    parallel: bool = False
    failed: str | None = None

    def seconds(self) -> dict[str, float]:
        """Each target's own seconds, the longest first."""
        totals: dict[str, float] = {}
        for span in self.spans:
            totals[span.target] = totals.get(span.target, 0.0) + span.seconds
        return dict(sorted(totals.items(), key=lambda item: (-item[1], item[0])))


def spans(notes: list[Note], end: float) -> list[Span]:
    """Each target's lines until the next target's first, the last until `end`."""
    starts: list[Note] = []
    for note in notes:
        if not starts or starts[-1].target != note.target:
            starts.append(note)
    ends = [*(note.at for note in starts[1:]), end]
    return [Span(note.target, note.at, at) for note, at in zip(starts, ends, strict=False)]


def as_json(profile: Profile) -> dict[str, object]:
    """The profile as `--json` prints it."""
    return {
        "command": profile.command,
        "seconds": round(profile.duration, 3),
        "exit_code": profile.exit_code,
        "failed": profile.failed,
        "parallel": profile.parallel,
        "targets": {} if profile.parallel else {name: round(s, 3) for name, s in profile.seconds().items()},
        "starts": [[round(span.start, 3), span.target] for span in profile.spans],
    }


def as_trace(profile: Profile) -> dict[str, object]:
    """The profile in the trace event format, which Perfetto and chrome://tracing open; times in microseconds."""
    call = {"name": profile.command, "ph": "X", "ts": 0, "dur": _micro(profile.duration), "pid": 1, "tid": 1}
    events = [_event(span, profile.parallel) for span in profile.spans]
    return {"traceEvents": [call, *events], "displayTimeUnit": "ms"}


def _event(span: Span, parallel: bool) -> dict[str, object]:
    event: dict[str, object] = {"name": span.target, "cat": "target", "ts": _micro(span.start), "pid": 1, "tid": 2}
    return event | ({"ph": "i", "s": "t"} if parallel else {"ph": "X", "dur": _micro(span.seconds)})


def _micro(seconds: float) -> int:
    return round(seconds * 1_000_000)
