"""Settings with their sources: environment, user config, the project's `.devtel.toml`, defaults.

The project file is written by the maintainers of the repository and not trusted: every value is
checked, control characters are taken out, and it can only narrow what is recorded.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devtelemetry_cli.client import toml_file
from devtelemetry_cli.client.text import one_line
from devtelemetry_cli.errors import ConfigurationError
from devtelemetry_cli.model import target_names

ENVIRONMENT, USER, PROJECT, DEFAULT = "environment", "config", "project", "default"
KEEP_DAYS = 400
PLUGIN, WRAPPER = ENGINES = ("plugin", "wrapper")
# Not "remove it": the agreements stand in it, and the IDs by which what was sent can be erased.
MOVED_ASIDE = "Correct it; or `devtel consent` keeps it under another name, and asks anew."
_TEXT_LENGTH = 300


class DamagedError(ConfigurationError):
    """A configuration file cannot be understood; everything it decides counts as off."""

    def __init__(self, path: str, why: str, advice: str = "") -> None:
        super().__init__(f"{path} cannot be used: {why}.", advice or "Correct or remove it.")
        self.path = path


@dataclass(frozen=True)
class ProjectFile:
    """What the maintainers of a repository say in `.devtel.toml`; everything empty where there is none."""

    path: str = ""
    organisation: str = ""
    purpose: str = ""
    contact: str = ""
    project: str = ""
    report_url: str = ""
    targets: tuple[str, ...] = ()
    default_branch: str = ""


@dataclass(frozen=True)
class UserConfig:
    """The user config as it stands: `values` is the whole document, so that what we do not know is kept."""

    path: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    report_url: str = ""
    keep_days: int = KEEP_DAYS
    engine: str = PLUGIN


@dataclass(frozen=True)
class ReportURL:
    """The address that applies in one place, and which of the sources gave it ("" where none did)."""

    url: str
    source: str


def read_toml(path: str, *, trusted: bool = True) -> dict[str, Any] | None:
    """The document at `path`; None where there is none. Raises DamagedError."""
    try:
        return toml_file.read(Path(path), trusted=trusted)
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise DamagedError(path, fault.strerror or str(fault)) from None
    except ValueError as fault:
        raise DamagedError(path, str(fault)) from None


def read_project(path: str | None) -> ProjectFile:
    """The project file; an empty one where there is none. Raises DamagedError."""
    document = read_toml(path, trusted=False) if path else None
    if document is None:
        return ProjectFile()
    text = {name: _text(str(path), document, name) for name in ("organisation", "purpose", "contact", "report_url")}
    return ProjectFile(
        path=str(path),
        project=_plain_name(str(path), document, "project"),
        default_branch=_text(str(path), document, "default_branch"),
        targets=_families(str(path), document),
        **text,
    )


def read_user(path: str) -> UserConfig:
    """The user config; an empty one where there is none. Raises DamagedError."""
    try:
        return _user(path)
    except DamagedError as fault:
        fault.advice = MOVED_ASIDE
        raise


def _user(path: str) -> UserConfig:
    document = read_toml(path)
    if document is None:
        return UserConfig(path=path)
    keep_days = document.get("keep_days", KEEP_DAYS)
    if not isinstance(keep_days, int) or isinstance(keep_days, bool) or not 1 <= keep_days <= 3660:
        raise DamagedError(path, "keep_days must be a number of days from 1 to 3660")
    engine = document.get("engine", PLUGIN)
    if engine not in ENGINES:
        raise DamagedError(path, 'engine must be "plugin" or "wrapper"')
    return UserConfig(path, document, _text(path, document, "report_url"), keep_days, engine)


def report_url(environ: dict[str, str], user: UserConfig, project: ProjectFile) -> ReportURL:
    """The report URL that applies: the environment's, else the project's, else the user config's.

    An address in the user config serves the repositories that name none; it does not turn aside what others
    ask for (docs/decisions/0002-report-url-order.md).
    """
    if environ.get("DEVTEL_REPORT_URL"):
        return ReportURL(environ["DEVTEL_REPORT_URL"], ENVIRONMENT)
    if project.report_url:
        return ReportURL(project.report_url, PROJECT)
    return ReportURL(user.report_url, USER if user.report_url else "")


def _text(path: str, document: dict[str, Any], name: str) -> str:
    value = document.get(name, "")
    if not isinstance(value, str):
        raise DamagedError(path, f"{name} must be a text")
    return one_line(value, len(value) + 1)[:_TEXT_LENGTH]


def _plain_name(path: str, document: dict[str, Any], name: str) -> str:
    value = _text(path, document, name)
    if value and not target_names.is_plain(value):
        raise DamagedError(path, f"{name} may hold up to 64 letters, digits and ._%+/@:=- and not begin with /")
    return value


def _families(path: str, document: dict[str, Any]) -> tuple[str, ...]:
    value = document.get("targets", [])
    if not isinstance(value, list) or len(value) > 200:
        raise DamagedError(path, "targets must be a list of at most 200 names")
    for family in value:
        if not isinstance(family, str) or not target_names.is_plain(family) or family.count("%") > 1:
            raise DamagedError(path, "targets must hold names of targets with at most one % each")
    return tuple(value)
