"""The environment of the Python that runs devtel: a project's modules, and encodings of old locales."""

import pytest

from tests.helpers.developer import Developer

SHADOWS = ("click", "httpx", "msgspec", "psutil", "platformdirs", "tomllib", "json", "select", "resource")
COMMANDS = [
    ("status",),
    ("flush", "--verbose"),
    ("consent", "show"),
    ("show",),
    ("doctor", "--offline"),
    ("token", "-h"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=[" ".join(command) for command in COMMANDS])
def test_a_projects_modules_on_pythonpath_are_not_loaded(developer: Developer, command: tuple[str, ...]) -> None:
    before = developer.devtel(*command)
    for name in SHADOWS:
        (developer.project / name).mkdir()
        (developer.project / name / "__init__.py").write_text("raise SystemExit('the module of the project')\n")
    developer.environ["PYTHONPATH"] = ":."
    after = developer.devtel(*command)
    assert "the module of the project" not in after.stderr
    assert after.returncode == before.returncode


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_notice_is_printed_whatever_the_encoding_of_the_terminal_lacks(developer: Developer, encoding: str) -> None:
    developer.project_file(organisation="Zażółć 株式会社", purpose="find the slow targets")
    developer.environ["PYTHONIOENCODING"] = f"{encoding}:strict"
    for command in (("consent", "show"), ("status",), ("doctor", "--offline")):
        done = developer.run("devtel", *command, text=False)
        assert b"Traceback" not in done.stderr
        assert done.returncode in (0, 1)
    shown = developer.run("devtel", "consent", "show", text=False).stdout
    assert b"find the slow targets" in shown
    assert encoding == "ascii" or b"?" in shown, "click prints UTF-8 where the encoding is ASCII"
