"""The errors and the exit codes they end a command with."""

import os
import subprocess

import pytest

from devtelemetry_cli import errors
from devtelemetry_cli.client.settings import DamagedError


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.DevtelError, 1),
        (errors.DataRefusedError, os.EX_DATAERR),
        (errors.UnavailableError, os.EX_UNAVAILABLE),
        (errors.TryLaterError, os.EX_TEMPFAIL),
        (errors.TokenRefusedError, os.EX_NOPERM),
        (errors.ConfigurationError, os.EX_CONFIG),
    ],
)
def test_each_error_has_the_exit_code_of_sysexits(kind: type[errors.DevtelError], code: int) -> None:
    assert kind("what").exit_code == code


def test_a_damaged_file_is_a_fault_of_configuration() -> None:
    fault = DamagedError("/x/config.toml", "it is not TOML")
    assert (fault.exit_code, fault.path) == (78, "/x/config.toml")
    assert str(fault) == "/x/config.toml cannot be used: it is not TOML. Correct or remove it."


def test_an_error_says_what_happened_and_then_what_to_do() -> None:
    assert str(errors.DevtelError("It broke.", "Mend it.")) == "It broke. Mend it."
    assert str(errors.DevtelError("It broke.")) == "It broke."


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (FileNotFoundError(2, "No such file or directory", "cc"), "No such file or directory"),
        (subprocess.CalledProcessError(3, ["pass", "show"]), "exit code 3"),
        (subprocess.CalledProcessError(-9, ["pass"]), "ended by signal 9"),
        (subprocess.TimeoutExpired(["pass"], 20.0), "no end within 20 s"),
        (ValueError("two lines.\n  And one more.\n"), "two lines. And one more"),
        (ValueError(), "ValueError"),
    ],
)
def test_the_cause_of_a_fault_is_one_line_without_a_full_stop_or_a_list(fault: BaseException, words: str) -> None:
    assert errors.reason(fault) == words


def test_a_fault_of_the_system_names_its_file() -> None:
    assert str(errors.of_file(PermissionError(13, "Permission denied", "/x"))) == "/x: Permission denied."


def test_a_missing_extra_is_installed_from_a_clone_too() -> None:
    fault = errors.missing_extra("devtel serve needs uvicorn, which is not installed.", "server")
    assert fault.exit_code == os.EX_CONFIG
    assert "Install devtel again with its extra server; in its clone: pip install '.[server]'" in str(fault)
