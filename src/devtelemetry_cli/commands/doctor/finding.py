"""One finding of the doctor's."""

from dataclasses import dataclass, field

OK, NOTE, PROBLEM = "ok", "note", "problem"
Value = str | int | float | bool | None


@dataclass(frozen=True)
class Finding:
    """What a check found: `level` is ok, note (nothing to worry about) or problem; `advice` is what to do.

    `values` are the figures behind the sentence, for `--json`; `check` is the check's name.
    """

    level: str
    message: str
    advice: str = ""
    values: dict[str, Value] = field(default_factory=dict)
    check: str = ""


def ok(message: str, **values: Value) -> Finding:
    """Something that is well."""
    return Finding(OK, message, "", values)


def note(message: str, advice: str = "", **values: Value) -> Finding:
    """Something worth knowing that does no harm."""
    return Finding(NOTE, message, advice, values)


def problem(message: str, advice: str, **values: Value) -> Finding:
    """Something that somebody should mend."""
    return Finding(PROBLEM, message, advice, values)


def is_healthy(findings: list[Finding]) -> bool:
    """Whether nothing must be mended."""
    return all(finding.level != PROBLEM for finding in findings)
