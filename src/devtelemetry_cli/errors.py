"""The errors that end a command: one small tree, each class with its exit code.

The codes are those of sysexits(3) where one fits. `wrap` has none of its own: it ends as its child did.
"""


class DevtelError(Exception):
    """A sentence for a user (what happened and why) with an advice (what to do now)."""

    exit_code = 1

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        """Message and advice, as `devtel` prints them after its own name."""
        return f"{self.message} {self.advice}".strip()


def reason(fault: BaseException) -> str:
    """The cause of a fault on one line, without a full stop: "Permission denied", "exit code 3"."""
    code, seconds = getattr(fault, "returncode", None), getattr(fault, "timeout", None)
    if code is not None:
        return f"exit code {code}" if code >= 0 else f"ended by signal {-code}"
    if seconds is not None:
        return f"no end within {seconds:g} s"
    text = " ".join((getattr(fault, "strerror", None) or str(fault)).split())
    return text.rstrip(".") or type(fault).__name__


def of_file(fault: OSError) -> DevtelError:
    """A fault of the system with the file that it is about: "/home/me/x: Permission denied."."""
    return DevtelError(f"{f'{fault.filename}: ' if fault.filename else ''}{reason(fault)}.")


class DataRefusedError(DevtelError):
    """The endpoint will never accept this report (EX_DATAERR)."""

    exit_code = 65


class UnavailableError(DevtelError):
    """The endpoint does not answer (EX_UNAVAILABLE)."""

    exit_code = 69


class TryLaterError(DevtelError):
    """A passing fault; nothing is lost (EX_TEMPFAIL)."""

    exit_code = 75


class TokenRefusedError(DevtelError):
    """The endpoint refused the token, or requires one (EX_NOPERM)."""

    exit_code = 77


class ConfigurationError(DevtelError):
    """A setting is missing or wrong: no report URL, a wrong address or connection, a redirect (EX_CONFIG)."""

    exit_code = 78


def missing_extra(message: str, extra: str) -> ConfigurationError:
    """A package is missing that comes with an extra of devtel, whether it was installed from a clone or an index."""
    advice = (
        f"Install devtel again with its extra {extra}; in its clone: pip install '.[{extra}]', or so with pipx or uv."
    )
    return ConfigurationError(message, advice)
