"""A call of make with the plug-in loaded cannot be told from one without it, nor has it one more variable."""

import pytest

from tests.helpers.developer import wait_for
from tests.helpers.makes import FIRST, VERSIONS
from tests.helpers.transparency_cases import Case
from tests.helpers.transparency_runner import RECORDING, PluginWorkshop
from tests.transparency import test_every_target as every_target

CASES = every_target.parameters(FIRST, RECORDING, every_target.SOME)
ALL_CASES = [one for version in VERSIONS for one in every_target.parameters(version, RECORDING)]


@pytest.mark.parametrize(("version", "case", "states"), CASES)
def test_a_call_with_the_plug_in_equals_the_bare_one(
    plugin_workshops: dict[str, PluginWorkshop], version: str, case: Case, states: tuple[str, ...]
) -> None:
    every_target.compare(plugin_workshops[version], case, states)


@pytest.mark.slow
@pytest.mark.parametrize(("version", "case", "states"), ALL_CASES)
def test_it_does_so_under_every_make(
    plugin_workshops: dict[str, PluginWorkshop], version: str, case: Case, states: tuple[str, ...]
) -> None:
    every_target.compare(plugin_workshops[version], case, states)


def test_the_compared_calls_are_recorded_and_hand_nothing_on(plugin_workshops: dict[str, PluginWorkshop]) -> None:
    workshop = plugin_workshops[FIRST]
    case = next(case for case in every_target.CASES if case.name == "success")
    journals = workshop.root / "states" / "granted"
    before = sum(file.stat().st_size for file in journals.glob("journal/*/*/*.jsonl"))
    assert workshop.wrapped(case, "granted").announced == 0
    wait_for(lambda: sum(file.stat().st_size for file in journals.glob("journal/*/*/*.jsonl")) > before)
