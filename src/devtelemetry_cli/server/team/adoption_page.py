"""The adoption page: figures -> HTML."""

from collections.abc import Sequence

from devtelemetry_cli.server.team import charts
from devtelemetry_cli.server.team.adoption import Adoption, AdoptionWeek
from devtelemetry_cli.server.team.pages import Chart, PageContext, ReportUrl, render, week_labels


def page(shown: Adoption, report_urls: Sequence[ReportUrl], context: PageContext) -> str:
    """The adoption of devtel, and where reports go."""
    return render(
        "adoption.html",
        context,
        shown=shown,
        latest=next((week for week in reversed(shown.weeks) if week.over), None),
        charts=[_developers(shown.weeks)] if shown.weeks else [],
        report_urls=report_urls,
    )


def _developers(weeks: Sequence[AdoptionWeek]) -> Chart:
    name, labels = "Developers who report each week", week_labels(weeks)
    picture = charts.bars(name, labels, [week.developers for week in weeks], lambda value: f"{value:,.0f}")
    rows = [[label, f"{week.developers:,}"] for label, week in zip(labels, weeks, strict=True)]
    return Chart(name, picture, ["Week of", "Developers (at least)"], rows)
