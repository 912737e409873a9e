"""The period before the chosen weeks: as many whole weeks, and the change of a figure against them. Pure.

The running week is in no comparison. A period before that has no figures in its first week is not compared with: it
began before the reports did.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from devtelemetry_cli.server.team.cells import CellFilter, monday


@dataclass(frozen=True)
class Period:
    """The chosen weeks from `first` to `last`, and the last of them that is over `today`. Weeks are Mondays."""

    first: date
    last: date
    last_whole: date
    today: date

    @classmethod
    def of(cls, wanted: CellFilter, today: date) -> "Period":
        """The period of a filter."""
        return cls(wanted.first, wanted.last, min(wanted.last, monday(today) - timedelta(weeks=1)), today)

    @property
    def weeks(self) -> int:
        """The number of whole weeks; 0 where only the running week is chosen."""
        return max(0, (self.last_whole - self.first).days // 7 + 1)

    @property
    def before(self) -> date:
        """The Monday of the first week of the period before, which ends where the chosen weeks begin."""
        return self.first - timedelta(weeks=self.weeks)


def change(now: float, before: float) -> str:
    """The change since `before`: "+24 %", "-8 %", "12 times", or "none before"; empty for nothing at all."""
    if not before:
        return "none before" if now else ""
    if now >= 10 * before:
        return f"{now / before:,.0f} times"
    return f"{_signed(100 * (now - before) / before)} %"


def points(now: float, before: float) -> str:
    """The change of a share since `before`: "+3 points", "-1 point"."""
    signed = _signed(100 * (now - before))
    return f"{signed} point" if signed in ("+1", "-1") else f"{signed} points"


def _signed(number: float) -> str:
    """A number with its sign, to be read as one."""
    return f"{round(number):+,d}" if round(number) else "±0"
