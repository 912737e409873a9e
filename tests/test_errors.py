"""The errors and the exit codes they end a command with."""

import os

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
        (errors.KeyRefusedError, os.EX_NOPERM),
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
