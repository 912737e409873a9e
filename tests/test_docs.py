"""The documents: generated pages equal the code, and links resolve. tests/docs/ runs their commands."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtelemetry_cli.client import settings_reference

ROOT = Path(__file__).parent.parent
GENERATED = ["docs/cli.md", "docs/settings.md", "docs/exit-codes.md", "docs/fields.md"]
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    *sorted(str(file.relative_to(ROOT)) for file in (ROOT / "docs").rglob("*.md")),
]


def links(page: str) -> Iterator[tuple[str, str]]:
    """Path (from the root) and anchor of every link to a file of the repository."""
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            file = ((ROOT / page).parent / path).resolve() if path else ROOT / page
            yield str(file.relative_to(ROOT)), anchor


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings, as GitHub forms them."""
    headings = re.findall(r"^#+ (.*)$", (ROOT / page).read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything that scripts/generate.py writes."""
    folder = tmp_path_factory.mktemp("generated")
    subprocess.run([sys.executable, str(ROOT / "scripts/generate.py"), str(folder)], check=True)
    return folder


@pytest.mark.parametrize("page", GENERATED)
def test_a_generated_page_equals_the_code(generated: Path, page: str) -> None:
    assert (ROOT / page).read_text() == (generated / page).read_text(), "run .venv/bin/python scripts/generate.py"


def test_the_man_pages_equal_the_code(generated: Path) -> None:
    here = {file.name: file.read_text() for file in (ROOT / "man").iterdir()}
    assert here == {file.name: file.read_text() for file in (generated / "man").iterdir()}, "run scripts/generate.py"


def test_every_setting_that_the_code_reads_is_listed() -> None:
    files = [file for file in (ROOT / "src").rglob("*.py") if file.name != "settings_reference.py"]
    sources = "".join(file.read_text() for file in files)
    read = set(re.findall(r'"(DEVTEL_[A-Z_]+|DO_NOT_TRACK|NO_COLOR|CI)"', sources))
    assert len(read) > 20
    assert read - {"DEVTEL_COMPLETE"} <= settings_reference.names(settings_reference.ENVIRONMENT)
    assert set(re.findall(r'_text\(path, document, "(\w+)"\)', sources)) <= settings_reference.names(
        settings_reference.CONFIG
    )


def test_the_first_command_is_within_the_first_fifteen_lines() -> None:
    assert "    make demo" in (ROOT / "README.md").read_text().splitlines()[:15]


@pytest.mark.parametrize("page", PAGES)
def test_every_relative_link_resolves(page: str) -> None:
    missing = [path for path, _ in links(page) if not (ROOT / path).exists()]
    without = [f"{path}#{anchor}" for path, anchor in links(page) if anchor and anchor not in anchors(path)]
    assert (missing, without) == ([], [])


def test_the_pages_that_the_wheel_ships_link_only_to_what_it_ships() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    shipped = wheel["shared-data"].keys()
    outside = {f"{page}: {path}" for page in PAGES for path, _ in links(page) if path.partition("/")[0] not in shipped}
    assert outside == set()


def test_every_page_that_the_code_names_is_shipped() -> None:
    named = {
        name for file in (ROOT / "src").rglob("*.py") for name in re.findall(r"docs/[\w/-]+\.md", file.read_text())
    }
    assert len(named) > 5
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_page_is_reachable_from_the_readme() -> None:
    reached, waiting = {"README.md"}, ["README.md"]
    while waiting:
        new = {path for path, _ in links(waiting.pop()) if path.endswith(".md")} - reached
        reached |= new
        waiting += new
    assert set(PAGES) - reached == set()


def test_the_decisions_are_numbered_dated_listed_and_of_one_form() -> None:
    folder = ROOT / "docs/decisions"
    pages = sorted(file for file in folder.glob("*.md") if file.name != "README.md")
    assert [file.name[:4] for file in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    listed = re.findall(r"^\| \[(\d{4})\]\((.*?)\) \| (\S+) \|", (folder / "README.md").read_text(), re.MULTILINE)
    assert [(number, name) for number, name, _ in listed] == [(file.name[:4], file.name) for file in pages]
    for file, (number, _, date) in zip(pages, listed, strict=True):
        title, _, dated, *_ = file.read_text().splitlines()
        headings = re.findall(r"^## (.*)$", file.read_text(), re.MULTILINE)
        assert title.startswith(f"# {number}: ")
        assert (dated, headings) == (date, ["Context", "Decision", "Alternatives that lost", "Measurement"])


QUESTIONS = re.findall(r"^\| (.*\?) \| `(src/.*?)` \| `(\w+)` \|$", (ROOT / "docs/design.md").read_text(), re.MULTILINE)


def test_the_design_answers_ten_questions() -> None:
    assert len(QUESTIONS) == 10


@pytest.mark.parametrize(("question", "file", "name"), QUESTIONS)
def test_the_answer_to_a_question_of_the_design_is_in_the_named_file(question: str, file: str, name: str) -> None:
    defined: set[str] = set()
    for node in ast.parse((ROOT / file).read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.Assign):
            defined |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    assert name in defined, question


def test_every_file_of_the_code_that_a_page_names_exists() -> None:
    for page in PAGES:
        named = re.findall(
            r"`((?:src|tests|scripts|bench|dashboards|contract|examples)/[\w./-]+)`", (ROOT / page).read_text()
        )
        assert [path for path in named if not (ROOT / path).exists()] == [], page


def test_every_promise_of_durability_names_its_tests() -> None:
    promises = (ROOT / "docs/durability.md").read_text().partition("## Promises\n")[2].partition("\n\nA command")[0]
    tests = [re.findall(r"`(\w+)`", promise.rpartition("(")[2]) for promise in promises.strip().split("\n- ")]
    assert len(tests) == 10
    faults = ROOT / "tests/faults"
    assert [name for names in tests for name in names if not (faults / f"test_{name}.py").exists()] == []


def test_every_package_that_a_user_installs_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = {(name(text), "") for text in project["dependencies"]}
    for extra in ("server", "devlake", "postgresql", "mysql"):
        wanted |= {(name(text), extra) for text in extras[extra]}
    rows = re.findall(r"^\| (`.*?) \| (.*?) ?\| (.+) \|$", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE)
    explained = {
        (package, extra)
        for packages, those, _ in rows
        for package in re.findall(r"`(.*?)`", packages)
        for extra in those.split(", ")
    }
    assert explained == wanted


def name(requirement: str) -> str:
    """The package that a requirement names."""
    return re.split(r"[\[<>=; ]", requirement)[0].lower()
