"""The charts of a target's runs that are not over weeks: by duration, and by age of the checkout. Pure."""

from collections.abc import Sequence

from devtelemetry_cli.model.formatting import duration, share
from devtelemetry_cli.server.team import charts, names
from devtelemetry_cli.server.team.charts import COUNT, PERCENT, Axis, Chart
from devtelemetry_cli.server.team.checkouts import Part
from devtelemetry_cli.server.team.detail import Detail


def distribution(shown: Detail) -> list[Chart]:
    """The runs by their duration; none without completed runs."""
    if not shown.durations:
        return []
    name = "Runs by duration"
    rows = [
        [f"{duration(low)} to {duration(high)}", f"{runs:,}", share(runs, shown.totals.completed)]
        for low, high, runs in shown.durations
    ]
    axis = Axis([duration(low) for low, _, _ in shown.durations])
    picture = charts.bars(name, axis, [[runs for _, _, runs in shown.durations]], COUNT)
    return [Chart(name, picture, ["Duration", "Runs", "Share"], rows)]


def ages(parts: Sequence[Part]) -> list[Chart]:
    """The failure rate by age of the checkout; none where it is not known."""
    if not parts:
        return []
    name, labels = "Failure rate by age of the checkout", [names.age(part.name) for part in parts]
    rows = [
        [label, share(part.failures, part.runs), f"{part.failures:,}", f"{part.runs:,}"]
        for label, part in zip(labels, parts, strict=True)
    ]
    picture = charts.bars(name, Axis(labels), [[part.failures / part.runs for part in parts]], PERCENT)
    return [Chart(name, picture, ["Age", "Failure rate", "Failures", "Runs"], rows)]
