"""Every command in a block of code of every page is run: here or by a test of RUN_BY; NOT_RUN says why some are not.

A command that only a sentence mentions must exist, with its options.
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from devtelemetry_cli.cli import command as devtel
from devtelemetry_cli.client import chosen_target
from tests.helpers import pages
from tests.helpers.developer import Developer, wait_for
from tests.helpers.report_endpoint import listening

# A page, the beginning of some of its commands, and the test that runs them.
RUN_BY = [
    ("README.md", r"(pipx|uv tool|pip) install \.$", "tests/docs/test_install.py"),
    ("docs/install.md", r"", "tests/docs/test_install.py"),
    ("docs/maintainers.md", r"", "tests/docs/test_maintainers.py"),
    ("docs/devlake.md", r"", "tests/devlake/test_page.py"),
    ("docs/operators.md", r"(pip|curl) ", "tests/server/test_operators_page.py"),
    ("docs/operators.md", r"(mkdir|for|echo|chmod|chown|docker) ", "tests/container/test_compose.py"),
    ("docs/devlake-plugin.md", r"", "tests/plugins/test_devlake_plugin.py"),
    ("plugins/devlake/devtel/README.md", r"", "tests/plugins/test_devlake_plugin.py"),
]
CI = ".ci/run runs it"
NOT_RUN = {
    "make demo": CI,
    "make test": CI,
    "make test-slow": CI,
    "make lint": CI,
    ".venv/bin/pre-commit install": "it changes the clone; tests/scripts/test_commit_message.py runs the hook",
    ".venv/bin/python -m pytest tests/transparency -m slow": CI,
    ".venv/bin/python -m pytest tests/faults -m 'not slow'": CI,
    ".venv/bin/python -m pytest tests/faults": CI,
    ".venv/bin/python bench/wrap.py --runs 20 --large --write": "it measures a quiet machine for minutes",
    ".venv/bin/python bench/counts.py --write": "as bench/wrap.py",
    ".venv/bin/python bench/aggregate.py --write": "as bench/wrap.py",
}
SERVERS = re.compile(r"devtel serve (?!.*(--add-connection|--dashboards))")
# Words in sentences that look like commands.
NO_COMMANDS = {
    "devtel instrument": "it was given up",
    "devtel github/1": "the name of a scope config",
    "devtel record-call": "the name of a process",
}


def run_by(page: str, text: str) -> str | None:
    """The test that runs a page's command, None for this one."""
    return next((test for where, start, test in RUN_BY if where == page and re.match(start, text)), None)


SHOWN = [(page, command.text) for page in pages.PAGES for command in pages.commands(page)]
HERE = sorted({text for page, text in SHOWN if text.startswith("devtel ") and not run_by(page, text)})


def test_every_command_is_run_or_listed_with_a_reason() -> None:
    left = {text for page, text in SHOWN if text not in HERE and not run_by(page, text)}
    assert left == NOT_RUN.keys()


@pytest.mark.parametrize(("page", "start", "test"), RUN_BY)
def test_a_test_that_is_named_exists_and_reads_the_page(page: str, start: str, test: str) -> None:
    assert [text for where, text in SHOWN if where == page and re.match(start, text)]
    assert page in (pages.ROOT / test).read_text()


@pytest.mark.parametrize("command", [text for text in NOT_RUN if text.startswith("make ")])
def test_the_goals_of_make_exist(command: str) -> None:
    done = subprocess.run([*command.split(), "-n"], cwd=pages.ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", [text for text in NOT_RUN if "bench/" in text])
def test_the_options_of_the_benchmarks_exist(command: str) -> None:
    _, script, *options = command.split()
    helped = subprocess.run(
        [sys.executable, script, "--help"], cwd=pages.ROOT, capture_output=True, text=True, check=True
    )
    assert {word for word in options if word.startswith("--")} <= set(re.findall(r"--[a-z]+", helped.stdout))


def test_the_files_of_commands_that_are_not_run_exist() -> None:
    named = re.findall(r"(?:^| )((?:tests|plugins|bench)/[\w/.-]+)", "\n".join(NOT_RUN))
    assert [path for path in named if not (pages.ROOT / path).exists()] == []


@pytest.fixture
def reader(developer: Developer) -> Iterator[Developer]:
    """A developer in a project with everything that the documents' commands need."""
    with listening() as endpoint:
        developer.project_file(endpoint.url)
        developer.makefile("impl-test:\n\t@echo tested")
        for file in ("token", "shop.token"):
            (developer.project / file).touch(0o600)
            (developer.project / file).write_text("a-token-of-the-team\n")
        developer.grant()
        developer.make("test")
        yield developer


@pytest.mark.parametrize("text", [text for text in HERE if not SERVERS.match(text)])
def test_a_command_that_is_shown_works(reader: Developer, text: str) -> None:
    words = shlex.split(text)
    needs_shell = re.search(r"[|<>&;$*~`]", text)
    done = reader.run("sh", "-c", text) if needs_shell else reader.devtel(*words[1:])
    if text == "devtel consent":  # it needs a terminal
        assert "terminal" in done.stderr
        return
    # doctor reports a problem here: the endpoint answers no GET.
    fine = (0, 1) if text == "devtel doctor" else (0,)
    assert done.returncode in fine, done.stderr
    assert "Traceback" not in done.stderr


# The demonstration makes data of a whole year first; tests/server/test_demo.py runs it too.
SHOWN_SERVERS = [
    pytest.param(text, marks=[pytest.mark.slow] if "--demo" in text else []) for text in HERE if SERVERS.match(text)
]


@pytest.mark.parametrize("text", SHOWN_SERVERS)
def test_a_server_that_is_shown_listens_and_ends(reader: Developer, text: str) -> None:
    command = f"exec {text.replace('--port 8080', '')} --port 0"
    log = reader.folder / "log"
    with log.open("wb") as stderr:
        server = subprocess.Popen(["sh", "-c", command], cwd=reader.project, env=reader.environ, stderr=stderr)
    try:
        wait_for(lambda: b"listening on http://127.0.0.1:" in log.read_bytes(), 50)
    finally:
        server.terminate()
    assert server.wait(20) == 0


def test_a_command_in_a_sentence_or_a_crontab_exists_with_its_options() -> None:
    mentioned = {text for page in pages.PAGES for text in re.findall(r"`(devtel [^`\n]*)`", pages.read(page))}
    crontabs = [block.text for page in pages.PAGES for block in pages.blocks(page) if block.language == "crontab"]
    mentioned |= {text for crontab in crontabs for text in re.findall(r"devtel .*", crontab)}
    wrong = {text for text in mentioned if not exists(devtel, text.split()[1:])}
    assert wrong == NO_COMMANDS.keys()


def exists(command: click.Command, words: list[str]) -> bool:
    """Whether the words are a command below this one, with options that it has."""
    if words[0] in ("help", "wrap"):  # click never sees them
        return all(word in chosen_target.HELP for word in words[1:] if word.startswith("--"))
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        following = command.get_command(click.Context(command), words.pop(0))
        if following is None:
            return False
        command = following
    options = {name for option in command.params for name in [*option.opts, *option.secondary_opts]} | {"--help"}
    return {word.partition("=")[0] for word in words if word.startswith("--")} <= options
