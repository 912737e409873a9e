"""The documents are true: what is made from code is as the code makes it, and commands that are shown work."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtelemetry_cli.client import settings_reference
from tests.helpers.developer import Developer
from tests.helpers.report_endpoint import listening

ROOT = Path(__file__).parent.parent
PAGES = ["README.md", "docs/privacy.md", "docs/maintainers.md", "docs/operators.md"]
MADE = ["docs/cli.md", "docs/settings.md", "docs/exit-codes.md", "docs/fields.md"]


def commands(page: str) -> list[str]:
    """The devtel commands in a page's code: lines that begin with one, without what is said about them."""
    text = (ROOT / page).read_text()
    lines = re.findall(r"^(?:    |\$ )?(devtel (?!.*\.\.\.).*)$", text, flags=re.MULTILINE)
    return sorted({re.split(r"\s{2,}|\s+#", line)[0] for line in lines})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that is made from the code, made anew."""
    folder = tmp_path_factory.mktemp("made")
    subprocess.run([sys.executable, str(ROOT / "scripts/generate.py"), str(folder)], check=True)
    return folder


@pytest.mark.parametrize("page", MADE)
def test_a_page_made_from_code_is_as_the_code_makes_it(made: Path, page: str) -> None:
    assert (ROOT / page).read_text() == (made / page).read_text(), "run .venv/bin/python scripts/generate.py"


def test_the_man_pages_are_as_the_code_makes_them(made: Path) -> None:
    here = {file.name: file.read_text() for file in (ROOT / "man").iterdir()}
    assert here == {file.name: file.read_text() for file in (made / "man").iterdir()}, "run scripts/generate.py"


def test_every_setting_that_the_code_reads_is_listed() -> None:
    sources = "".join(file.read_text() for file in (ROOT / "src").rglob("*.py") if file.name != "known.py")
    read = set(re.findall(r'"(DEVTEL_[A-Z_]+|DO_NOT_TRACK|NO_COLOR|CI)"', sources))
    assert read - {"DEVTEL_COMPLETE"} <= settings_reference.names(settings_reference.ENVIRONMENT)
    assert set(re.findall(r'_text\(path, document, "(\w+)"\)', sources)) <= settings_reference.names(
        settings_reference.CONFIG
    )


def test_the_first_command_stands_within_the_first_fifteen_lines() -> None:
    assert "    make demo" in (ROOT / "README.md").read_text().splitlines()[:15]


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        *sorted(f"docs/{file.name}" for file in (ROOT / "docs").glob("*.md")),
    ],
)
def test_every_link_to_a_file_leads_somewhere(page: str) -> None:
    text = (ROOT / page).read_text()
    targets = [target for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in target]
    assert [target for target in targets if not ((ROOT / page).parent / target).exists()] == []


@pytest.fixture
def reader(developer: Developer) -> Iterator[Developer]:
    """Somebody who tries what the documents show, in a project with everything in place."""
    with listening() as endpoint:
        developer.project_file(endpoint.url)
        developer.makefile("impl-test:\n\t@echo tested")
        for file in ("token", "shop.token"):
            (developer.project / file).write_text("s3cret\n")
        developer.grant()
        developer.make("test")
        yield developer


@pytest.mark.parametrize(("page", "command"), [(page, line) for page in PAGES for line in commands(page)])
def test_a_command_that_is_shown_works(reader: Developer, page: str, command: str) -> None:
    if command.startswith("devtel init"):
        (reader.project / ".devtel.toml").unlink()
    patience = 3 if "serve" in command else 30
    done = reader.run("sh", "-c", f"timeout {patience} {command}".replace("--port 8080", "--port 0"))
    if command == "devtel consent":  # it asks, and here is nobody
        assert "nobody can be asked without a terminal" in done.stderr
        return
    # A doctor finds something to say about this place: its endpoint knows no GET.
    fine = (0, 124) if "serve" in command else (0, 1) if command == "devtel doctor" else (0,)
    assert done.returncode in fine, f"{page}: {done.stderr}"
    assert "Traceback" not in done.stderr
