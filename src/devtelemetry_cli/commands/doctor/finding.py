"""One finding of a check."""

from dataclasses import dataclass, field

OK, NOTE, PROBLEM = "ok", "note", "problem"
Value = str | int | float | bool | None


@dataclass(frozen=True)
class Finding:
    """The result of a check: `level` is ok, note (harmless) or problem; `advice` is the next step.

    `values` are the figures behind the sentence, for `--json`; `check` is the name of the check.
    """

    level: str
    message: str
    advice: str = ""
    values: dict[str, Value] = field(default_factory=dict)
    check: str = ""


def ok(message: str, **values: Value) -> Finding:
    """Nothing to do."""
    return Finding(OK, message, "", values)


def note(message: str, advice: str = "", **values: Value) -> Finding:
    """Worth knowing, harmless."""
    return Finding(NOTE, message, advice, values)


def problem(message: str, advice: str, **values: Value) -> Finding:
    """A fault that needs repair."""
    return Finding(PROBLEM, message, advice, values)


def is_healthy(findings: list[Finding]) -> bool:
    """Whether there is no problem."""
    return all(finding.level != PROBLEM for finding in findings)
