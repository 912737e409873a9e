"""The README as a package index shows it: no link that leads nowhere."""

import re
from pathlib import Path

from scripts.index_readme import NOTE, for_index

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_a_link_becomes_its_text_and_its_path() -> None:
    assert for_index("See [the page](docs/a.md#b).") == "See the page (`docs/a.md#b`)."


def test_a_link_that_shows_its_path_names_it_once() -> None:
    assert for_index("[docs/a.md](docs/a.md)") == "`docs/a.md`"


def test_a_link_to_another_site_stays() -> None:
    assert for_index("[DevLake](https://devlake.apache.org)") == "[DevLake](https://devlake.apache.org)"


def test_an_image_of_the_repository_is_left_out() -> None:
    assert for_index("a\n\n![the overview](docs/overview.png)\n\nb\n") == "a\n\nb\n"


def test_the_readme_keeps_its_commands_and_loses_its_dead_links() -> None:
    text = for_index(README)
    assert all(re.match(r"https?://", target) for target in re.findall(r"\]\(([^)]+)\)", text))
    assert NOTE in text
    assert "    devtel consent " in text
