"""devtel doctor on how calls of every target are measured."""

import json
import shutil
import sys

import pytest

from tests.helpers.developer import Developer

NEEDS_PLUGIN = pytest.mark.skipif(
    sys.platform != "linux" or not shutil.which("cc"), reason="no plug-in can be built here"
)


def findings(developer: Developer) -> list[dict[str, object]]:
    """What the doctor finds about the plug-in."""
    found = json.loads(developer.devtel("doctor", "--offline", "--json").stdout)["findings"]
    return [finding for finding in found if "every target" in finding["message"] or "plug-in" in finding["message"]]


def agree(developer: Developer, config: str = "") -> None:
    """Agree to every target."""
    developer.state.mkdir(exist_ok=True)
    developer.config.write_text(config)
    developer.grant(every_target=True)


def test_without_an_agreement_to_every_target_there_is_nothing_to_say(developer: Developer) -> None:
    developer.grant()
    assert findings(developer) == []


@NEEDS_PLUGIN
def test_each_make_at_hand_is_named_with_its_engine(developer: Developer) -> None:
    agree(developer)
    script = developer.folder / "bin" / "gmake"
    script.write_text("#!/bin/sh\nexit 0\n")
    script.chmod(0o755)
    by_make = {finding["values"]["make"]: finding for finding in findings(developer)}
    assert by_make[str(script)]["level"] == "note"
    assert "the wrapper" in by_make[str(script)]["message"]
    approved = [finding for finding in by_make.values() if finding["values"]["engine"] == "plugin"]
    assert {finding["level"] for finding in approved} == {"ok"}
    assert "is measured by the plug-in" in str(approved[0]["message"])


def test_a_refused_plug_in_is_named_with_the_file_that_refuses_it(developer: Developer) -> None:
    agree(developer, 'engine = "wrapper"')
    (finding,) = findings(developer)
    assert finding["message"] == (
        f'The wrapper measures every target, not the plug-in for make: {developer.config} has engine = "wrapper".'
    )


def test_a_machine_without_a_compiler_is_told_the_reason(developer: Developer) -> None:
    agree(developer)
    developer.environ["PATH"] = str(developer.folder / "bin")
    (finding,) = findings(developer)
    assert finding["level"] == "note"
    assert "there is no C compiler (cc)" in str(finding["message"])
