"""The job of a schedule: devtel's absolute path and the settings it needs, never a token."""

import os
import pwd
import secrets
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from devtelemetry_cli.client import destination
from devtelemetry_cli.errors import ConfigurationError, DevtelError

FIRST_HOUR, HOURS = 9, 8  # of the local day: machines are on, and a fleet does not send at the same time
_FOLDERS = ("HOME", "DEVTEL_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")  # not used unless they are absolute
_FILES = ("DEVTEL_TOKEN_FILE", "SSL_CERT_FILE", "SSL_CERT_DIR")
_PROXIES = tuple(f"{name}_PROXY" for name in ("HTTP", "HTTPS", "ALL"))
_TEXTS = ("TZ", "NO_PROXY", "no_proxy")


@dataclass(frozen=True)
class Job:
    """A command line and its environment; `left_out` has a sentence for each setting that is not written down.

    `hour` and `minute` are the time of a new schedule; an installed one keeps its time.
    """

    words: tuple[str, ...]
    settings: dict[str, str]
    left_out: tuple[str, ...] = ()
    hour: int = FIRST_HOUR
    minute: int = 0

    @property
    def time(self) -> str:
        """The time of a new schedule as HH:MM, local time."""
        return f"{self.hour:02}:{self.minute:02}"


def flush(environ: dict[str, str], started_as: str) -> Job:
    """The daily flush at a random time, with the settings of `environ`; `started_as` is devtel's argv[0].

    Raises DevtelError.
    """
    settings: dict[str, str] = {}
    left_out: list[str] = []
    for name in _FOLDERS:
        if environ.get(name, "").startswith("/") and not (name == "HOME" and environ[name] == _home_of_account()):
            settings[name] = environ[name]
    settings |= {name: str(Path(environ[name]).absolute()) for name in _FILES if environ.get(name)}
    settings |= {name: environ[name] for name in _TEXTS if environ.get(name)}
    make = shutil.which(environ["DEVTEL_MAKE"], path=environ.get("PATH")) if environ.get("DEVTEL_MAKE") else None
    settings |= {"DEVTEL_MAKE": os.path.abspath(make)} if make else {}  # noqa: PTH100  keeps links, as above
    _add_proxies(environ, settings, left_out)
    if "DEVTEL_TOKEN_FILE" in settings and _is_address(environ.get("DEVTEL_REPORT_URL", "")):
        settings["DEVTEL_REPORT_URL"] = environ["DEVTEL_REPORT_URL"]  # the destination of that token
    if environ.get("DEVTEL_TOKEN"):
        left_out.append("DEVTEL_TOKEN is not written into a schedule: store the token with `devtel token set`.")
    hour, minute = FIRST_HOUR + secrets.randbelow(HOURS), secrets.randbelow(60)
    return Job((*program(started_as), "flush"), settings, tuple(left_out), hour, minute)


def program(started_as: str) -> tuple[str, ...]:
    """The command that starts devtel from any folder: its start script, else its module. Raises DevtelError."""
    script = os.path.abspath(started_as) if started_as else ""  # noqa: PTH100  keeps links: they survive upgrades
    if Path(script).name == "devtel" and os.access(script, os.X_OK):
        return (script,)
    if not sys.executable:
        raise DevtelError("The path of Python is unknown.", "Call devtel by its absolute path.")
    return (sys.executable, "-P", "-m", "devtelemetry_cli")


def refuse_control_characters(job: Job, others: str = "") -> None:
    """Raise ConfigurationError for a path or setting with a control character or one of `others`."""
    path = " ".join(job.words)
    for name, text in (("devtel's own path", path), *job.settings.items()):
        refused = f"{others}=" if text is path else others  # env would read it as a setting
        if any(not c.isprintable() and not _is_undecodable(c) for c in text) or any(c in refused for c in text):
            raise ConfigurationError(
                f"{name} contains a character that a schedule cannot hold: {ascii(text)[1:-1]}.", "Nothing was changed."
            )


def _is_undecodable(character: str) -> bool:
    return "\udc80" <= character <= "\udcff"  # a byte of a file name that is not UTF-8: written unchanged


def _add_proxies(environ: dict[str, str], settings: dict[str, str], left_out: list[str]) -> None:
    for name in (*_PROXIES, *(name.lower() for name in _PROXIES)):
        value = environ.get(name, "")
        if value and "@" in value:
            left_out.append(f"{name} contains a password and is left out: other users of this machine could see it.")
        elif value:
            settings[name] = value


def _is_address(url: str) -> bool:
    try:
        destination.parse(url)
    except ConfigurationError:
        return False
    return not urlsplit(url).username


def _home_of_account() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ""
