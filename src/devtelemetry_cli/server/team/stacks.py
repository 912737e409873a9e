"""The time waited each week, stacked by project or by target: the largest, and the rest together. Pure."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from devtelemetry_cli.model.formatting import duration, share
from devtelemetry_cli.server.team import charts, names, weekly
from devtelemetry_cli.server.team.charts import Chart, Entry
from devtelemetry_cli.server.team.overview import Overview
from devtelemetry_cli.server.team.previous import change
from devtelemetry_cli.server.team.statistics import Name
from devtelemetry_cli.server.team.weekly import Marks

LARGEST = 5
REST: Name = ("", "")

Link = Callable[..., str]  # PageContext.link
Grouping = Callable[[Name], Name]


@dataclass
class Layer:
    """The seconds waited of one project or target, or of the rest, in each week, and in the period before."""

    key: Name
    weekly: dict[date, float] = field(default_factory=lambda: defaultdict(float))
    before: float = 0.0

    def add(self, weekly: Mapping[date, float], before: float) -> None:
        """Add the seconds of a target."""
        self.before += before
        for week, seconds in weekly.items():
            self.weekly[week] += seconds


def by_project(shown: Overview, link: Link, marks: Marks) -> list[Chart]:
    """The chart by project, each with a link to its own view; none where all is of one project."""

    def described(key: Name) -> tuple[str, str]:
        return names.project(*key), link(project=key[0]) if key[0] else ""

    found = layers(shown, of_project)
    return [_chart("Time waited by project", shown, found, described, marks)] if len(found) > 1 else []


def by_target(shown: Overview, link: Link, marks: Marks) -> Chart:
    """The chart by target, each with a link to its page."""
    is_one = len({it.project for it in shown.targets}) == 1

    def described(key: Name) -> tuple[str, str]:
        project, target = key
        name = target if is_one else f"{target} ({project or names.NO_PROJECT})"
        return name, link("/target", project=project, target=target)

    return _chart("Time waited by target", shown, layers(shown, of_target), described, marks)


def of_project(name: Name) -> Name:
    """A target's project; reports without a project are one of their own."""
    project, target = name
    if project:
        return project, ""
    return ("", names.NO_PROJECT) if target else REST


def of_target(name: Name) -> Name:
    """The target itself."""
    return name if name[1] else REST


def layers(shown: Overview, group_of: Grouping) -> list[Layer]:
    """The LARGEST groups, the largest first, and the rest if there is one."""
    sizes: dict[Name, float] = defaultdict(float)
    for it in shown.targets:
        sizes[group_of((it.project, it.target))] += it.waited
    ranked = sorted(sizes.keys() - {REST}, key=lambda key: (-sizes[key], key))[:LARGEST]
    found = {key: Layer(key) for key in (*ranked, *([REST] if len(ranked) < len(sizes) else []))}
    for it in shown.targets:
        layer = found.get(group_of((it.project, it.target))) or found[REST]
        layer.add(it.weekly, it.waited_before)
    for name, seconds in shown.gone.items():
        if past := found.get(group_of(name)) or found.get(REST):
            past.add({}, seconds)
    return list(found.values())


def _chart(
    name: str, shown: Overview, found: list[Layer], described: Callable[[Name], tuple[str, str]], marks: Marks
) -> Chart:
    series = [[layer.weekly.get(week.monday, 0.0) for week in shown.weeks] for layer in found]
    columns = [sum(column) for column in zip(*series, strict=True)]
    rows = [
        [label, *map(duration, figures)]
        for label, *figures in zip(weekly.labels(shown.weeks), columns, *series, strict=True)
    ]
    legend = [
        _entry(shown, layer, *((names.OTHERS, "") if layer.key == REST else described(layer.key))) for layer in found
    ]
    return Chart(
        name=name,
        picture=charts.bars(name, weekly.axis(shown.weeks, marks), series, charts.seconds(columns, duration)),
        heads=["Week of", "All", *(entry.name for entry in legend)],
        rows=rows,
        note=weekly.note(shown.weeks, columns, duration),
        legend=legend,
    )


def _entry(shown: Overview, layer: Layer, label: str, link: str) -> Entry:
    """A legend's entry with the layer's share of the whole, and its change against the period before."""
    note = share(sum(layer.weekly.values()), shown.totals.waited)
    if shown.sides.before:
        now = sum(seconds for week, seconds in layer.weekly.items() if week <= shown.period.last_whole)
        note = f"{note}, {change(now, layer.before)}"
    return Entry(label, note, link)
