"""The rows of the overview's table of targets, as text. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from devtelemetry_cli.model.formatting import duration, share
from devtelemetry_cli.server.team import names, trend
from devtelemetry_cli.server.team.overview import Overview, Target
from devtelemetry_cli.server.team.tiles import changes

Figure = tuple[str, str | Markup, str]
COLUMNS = {  # of figures: the head, and the key of overview.SORTINGS
    "Waited": "waited",
    "Share": "",
    "Trend": "growth",
    "Runs": "runs",
    "Failure rate": "failures",
    "Mean": "mean",
    "p50": "p50",
    "p90": "p90",
    "Developers": "developers",
}


@dataclass(frozen=True)
class Row:
    """A target and its project, with the addresses of their views, empty where there is none.

    `figures` has the head of each column, its text and its change.
    """

    name: str
    link: str
    project: str
    project_link: str
    figures: Sequence[Figure]


def rows(shown: Overview, targets: Sequence[Target], link: Callable[..., str]) -> list[Row]:
    """The rows of these targets; `link` is that of the page's context."""
    return [
        Row(
            name=it.target or names.OTHERS,
            link=link("/target", project=it.project, target=it.target) if it.target else "",
            project=names.project(it.project, it.target),
            project_link=link(project=it.project) if it.project else "",
            figures=_figures(shown, it),
        )
        for it in targets
    ]


def _figures(shown: Overview, it: Target) -> list[Figure]:
    total, changed = it.totals, changes(it.sides)
    figures = [
        (duration(total.waited), changed["waited"]),
        (share(total.waited, shown.totals.waited), ""),
        (trend.line(shown.trend(it)), ""),
        (f"{total.runs:,}", changed["runs"]),
        (share(total.failures, total.runs), changed["failures"]),
        (duration(total.mean if total.completed else None), changed["mean"]),
        (duration(total.p50), changed["p50"]),
        (duration(total.p90), changed["p90"]),
        (f"{it.developers:,}", ""),
    ]
    return [(head, *figure) for head, figure in zip(COLUMNS, figures, strict=True)]
