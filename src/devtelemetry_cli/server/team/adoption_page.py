"""The adoption page: figures -> HTML."""

from collections.abc import Sequence

from devtelemetry_cli.server.team import charts, weekly
from devtelemetry_cli.server.team.adoption import Adoption, AdoptionWeek
from devtelemetry_cli.server.team.charts import COUNT, Chart
from devtelemetry_cli.server.team.pages import PageContext, ReportUrl, render


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
    name, values = "Developers who report each week", [week.developers for week in weeks]
    picture = charts.bars(name, weekly.axis(weeks, {}), [values], COUNT)
    rows = [[label, COUNT.text(value)] for label, value in zip(weekly.labels(weeks), values, strict=True)]
    return Chart(name, picture, ["Week of", "Developers (at least)"], rows)
