"""The alert rules of examples/operate, loaded and evaluated by Prometheus' own promtool."""

from pathlib import Path

import pytest

from tests.helpers.promtool import NEEDED, alerts_of, evaluate, promtool

RULES = Path(__file__).parents[2] / "examples/operate/devtel-alerts.yml"
pytestmark = NEEDED
DAY = 24 * 60
OF = {"project": "shop", "target": "dev.up"}
SLOWER = 'devtel_team_slower_ratio{project="shop",target="dev.up"}'
FRAGILE = 'devtel_team_more_fragile_points{project="shop",target="dev.up"}'
WELL = {"devtel_team_week_timestamp_seconds": "0x3000", "devtel_team_last_report_timestamp_seconds": "0x3000"}

# what happens, the series in which it shows, the minute at which to look, the alerts that fire then
CASES = [
    ("all is well", WELL, DAY, {}),
    (
        "a target became slower",
        WELL | {SLOWER: "1.72x3000"},
        DAY,
        {"DevtelTargetSlower": (OF, "dev.up of shop takes 1.7 times as long as before")},
    ),
    ("a target became a little slower", WELL | {SLOWER: "1.2x3000"}, DAY, {}),
    (
        "a target became more fragile",
        WELL | {FRAGILE: "18.4x3000"},
        DAY,
        {"DevtelTargetMoreFragile": (OF, "dev.up of shop fails 18 points more often")},
    ),
    ("reports stopped four days ago", WELL, 4 * DAY, {}),
    ("reports stopped six days ago", WELL, 6 * DAY, {"DevtelNoReports": ({}, "no team has sent reports for days")}),
    ("the server is gone", {}, 2 * 60, {"DevtelTeamUnwatched": ({}, "the team's figures are not read")}),
]


def test_prometheus_loads_the_rules() -> None:
    promtool("check", "rules", "--lint-fatal", str(RULES))
    assert len(alerts_of(RULES)) == 4


@pytest.mark.parametrize(("_case", "series", "minutes", "firing"), CASES, ids=[case[0] for case in CASES])
def test_an_alert_comes_when_it_should_and_no_other(
    _case: str, series: dict[str, str], minutes: int, firing: dict[str, tuple[dict[str, str], str]]
) -> None:
    evaluate(RULES, series, minutes, firing)
