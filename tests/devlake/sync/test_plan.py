"""The plan, pure: tables of existing and wanted state, and the steps between."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtelemetry_cli.devlake.api.blueprints import rfc3339
from devtelemetry_cli.devlake.api.models import Blueprint, Connection, RemoteScope
from devtelemetry_cli.devlake.sync import options, plan
from devtelemetry_cli.devlake.sync.options import SyncOptions
from devtelemetry_cli.devlake.sync.plan import AddRepository, ConnectionState, ExistingState, Failure, MakeConfig, Step
from devtelemetry_cli.errors import ConfigurationError
from tests.helpers.devlake_operator import SATURDAY

GITHUB = Connection("github", 1, "Acme")
API = RemoteScope("7", "acme/api", {"githubId": 7})
RIGHT = Blueprint(5, "github/acme/api", "b", True, SATURDAY, frozenset({("github", 1, "7")}))


def _steps(
    *blueprints: Blueprint,
    remote: tuple[RemoteScope, ...] = (API,),
    added: tuple[str, ...] = (),
    has_config: bool = True,
    known: ExistingState | None = None,
    where: Connection = GITHUB,
    **wanted: object,
) -> list[Step]:
    state = ConnectionState(where, set(added), has_config)
    existing = known or plan.existing_state(blueprints)
    return list(plan.steps(SyncOptions(**{"time_after": SATURDAY, **wanted}), existing, state, remote))  # type: ignore[arg-type]


def test_nothing_is_done_where_all_is_right() -> None:
    assert _steps(RIGHT, added=("7",)) == []


def test_a_new_repository_is_added_and_gets_its_project() -> None:
    assert _steps() == [AddRepository(GITHUB, "7", "acme/api", "github/acme/api", API.data, 0, True, True)]


def test_a_missing_scope_config_comes_before_the_first_repository_that_needs_it_and_once() -> None:
    second = replace(API, id="8", full_name="acme/web")
    kinds = [type(step) for step in _steps(remote=(API, second), has_config=False)]
    assert kinds == [MakeConfig, AddRepository, AddRepository]


def test_no_scope_config_is_made_where_no_repository_needs_it() -> None:
    assert _steps(RIGHT, added=("7",), has_config=False) == []


def test_a_blueprint_from_another_week_gets_its_time_and_nothing_else() -> None:
    old = replace(RIGHT, time_after=datetime(2026, 11, 14, tzinfo=UTC))
    (step,) = _steps(old, added=("7",))
    assert step == AddRepository(GITHUB, "7", "acme/api", "github/acme/api", None, 5, False, True)


def test_the_same_moment_in_another_zone_is_no_difference() -> None:
    moved = replace(RIGHT, time_after=SATURDAY.astimezone(ZoneInfo("Asia/Tokyo")))
    assert _steps(moved, added=("7",)) == []


def test_a_project_whose_blueprint_lacks_its_repository_gets_it() -> None:
    (step,) = _steps(replace(RIGHT, scopes=frozenset()), added=("7",))
    assert isinstance(step, AddRepository)
    assert (step.add, step.blueprint, step.join, step.time_after) == (None, 5, True, False)


def test_a_repository_of_two_connections_is_collected_through_the_first() -> None:
    known = plan.existing_state([])
    second = Connection("github", 2, "Acme again")
    assert len(_steps(known=known)) == 1
    assert _steps(known=known, where=second) == []


def test_a_repository_collected_through_another_connection_stays_there() -> None:
    elsewhere = replace(RIGHT, scopes=frozenset({("github", 2, "7")}))
    assert _steps(elsewhere) == []


def test_two_repositories_with_one_project_name_are_reported() -> None:
    other = replace(API, id="8", full_name="other/api")
    first, second = _steps(remote=(API, other), project_name="{plugin}/{name}")
    assert isinstance(first, AddRepository)
    assert str(second) == "github/1 other/api: its project github/api already belongs to github/1 7"


def _projects(*steps: Step) -> list[str]:
    return [step.project for step in steps if isinstance(step, AddRepository)]


def test_names_that_differ_in_letter_case_only_are_marked_for_databases_that_ignore_it() -> None:
    other = RemoteScope("8", "Acme/API", {"githubId": 8})
    first, second = _projects(*_steps(remote=(API, other)))
    assert (first, second) == ("github/acme/api", options.marked("github/Acme/API"))


def test_a_project_keeps_its_name_in_any_order_of_the_list() -> None:
    other = RemoteScope("8", "Acme/API", {"githubId": 8})
    marked = replace(RIGHT, id=6, project=options.marked("github/Acme/API"), scopes=frozenset({("github", 1, "8")}))
    assert _steps(RIGHT, marked, remote=(other, API), added=("7", "8")) == []


def test_projects_that_a_database_holds_in_both_cases_are_left_as_they_are() -> None:
    other = RemoteScope("8", "Acme/API", {"githubId": 8})
    both = replace(RIGHT, id=6, project="github/Acme/API", scopes=frozenset({("github", 1, "8")}))
    assert _steps(RIGHT, both, remote=(API, other), added=("7", "8")) == []


def test_two_plugins_whose_ids_are_the_same_do_not_share_a_project() -> None:
    known = plan.existing_state([])
    _steps(known=known, project_name="{full-name}")
    (second,) = _steps(known=known, project_name="{full-name}", where=Connection("gitlab", 1, ""))
    assert str(second) == "gitlab/1 acme/api: its project acme/api already belongs to github/1 7"


def test_a_scope_without_data_cannot_be_added() -> None:
    (step,) = _steps(remote=(replace(API, data=None),))
    assert isinstance(step, Failure)
    assert _steps(RIGHT, remote=(replace(API, data=None),), added=("7",)) == []


@pytest.mark.parametrize(
    ("include", "exclude", "taken"),
    [
        ((), (), ["acme/api", "acme/sandbox-1", "other/api"]),
        (("acme/*",), (), ["acme/api", "acme/sandbox-1"]),
        (("acme/*", "other/*"), ("*/sandbox-*",), ["acme/api", "other/api"]),
        (("Acme/*",), (), []),
        ((), ("*",), []),
    ],
)
def test_patterns_choose_repositories(include: tuple[str, ...], exclude: tuple[str, ...], taken: list[str]) -> None:
    names = ("acme/api", "acme/sandbox-1", "other/api")
    remote = tuple(RemoteScope(name, name, {}) for name in names)
    steps = _steps(remote=remote, include=include, exclude=exclude)
    assert [step.full_name for step in steps if isinstance(step, AddRepository)] == taken


def test_the_project_name_is_made_of_its_fields() -> None:
    pattern = "{connection} {connection-id}: {name} of {full-name} ({plugin})"
    assert SyncOptions(SATURDAY, project_name=pattern).project(GITHUB, API) == "Acme 1: api of acme/api (github)"


@pytest.mark.parametrize(
    "pattern", ["{owner}", "{plugin.__class__}", "{plugin", "plugin}", "{}", "fixed", "", "{{name}}"]
)
def test_invalid_project_name_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(ConfigurationError):
        SyncOptions(SATURDAY, project_name=pattern)


@given(st.text(min_size=1, max_size=300).filter(lambda text: text.isprintable()))
def test_a_project_name_always_fits_and_is_always_the_same(name: str) -> None:
    scope = RemoteScope("1", name, {})
    project = SyncOptions(SATURDAY).project(GITHUB, scope)
    assert len(project.encode()) <= options.MAX_NAME_BYTES
    assert project == SyncOptions(SATURDAY).project(GITHUB, scope)


def test_a_project_name_has_no_blanks_around_it() -> None:
    assert SyncOptions(SATURDAY, project_name=" {name} ").project(GITHUB, API) == "api"


@pytest.mark.parametrize(
    ("name", "is_cut"),
    [("x" * 100, False), ("x" * 101, True), ("あ" * 33, False), ("あ" * 34, True), ("xü" * 40, True)],
)
def test_a_name_is_cut_only_where_its_bytes_are_too_many_and_at_a_character(name: str, is_cut: bool) -> None:
    project = SyncOptions(SATURDAY, project_name="{full-name}").project(GITHUB, RemoteScope("1", name, {}))
    assert (project != name, name.startswith(project.rpartition("~")[0])) == (is_cut, True)
    assert 97 < len(project.encode()) <= 100


def test_long_names_that_differ_only_at_their_ends_stay_apart() -> None:
    names = {SyncOptions(SATURDAY).project(GITHUB, RemoteScope("1", "x" * 200 + end, {})) for end in "abc"}
    assert len(names) == 3


@pytest.mark.parametrize(
    ("today", "saturday"),
    [
        ("2026-11-20", "2026-11-14"),  # a Friday
        ("2026-11-21", "2026-11-14"),  # a Saturday
        ("2026-11-22", "2026-11-21"),
        ("2027-01-01", "2026-12-26"),
        ("2028-03-01", "2028-02-26"),
    ],
)
def test_data_begins_on_the_saturday_before_today(today: str, saturday: str) -> None:
    assert options.saturday_before(date.fromisoformat(today)).date().isoformat() == saturday


def test_that_saturday_begins_where_the_operator_is() -> None:
    moment = options.saturday_before(date(2026, 11, 22), ZoneInfo("Asia/Ho_Chi_Minh"))
    assert rfc3339(moment) == "2026-11-20T17:00:00Z"
