"""Every setting by name: where it may be given, and what it means. The documents are made from this list."""

from dataclasses import dataclass

ENVIRONMENT, CONFIG, PROJECT = "environment", "config.toml", ".devtel.toml"


@dataclass(frozen=True)
class Setting:
    """One setting: its name there, what it means, and its default in words ("" for none)."""

    where: str
    name: str
    meaning: str
    default: str = ""


SETTINGS = (
    Setting(ENVIRONMENT, "DEVTEL_HOME", "an absolute folder for config and state", "the platform's own folders"),
    Setting(ENVIRONMENT, "DEVTEL_REPORT_URL", "the report URL, above those of project and config"),
    Setting(ENVIRONMENT, "DEVTEL_TOKEN", "the key for DEVTEL_REPORT_URL, or for the only destination there is"),
    Setting(ENVIRONMENT, "DEVTEL_TOKEN_FILE", "a file that holds that key"),
    Setting(ENVIRONMENT, "DEVTEL_MAKE", "the make that `devtel wrap` runs without --make", "make"),
    Setting(ENVIRONMENT, "DEVTEL_DISABLED", "switches devtel off: anything but empty, 0 or false"),
    Setting(ENVIRONMENT, "DO_NOT_TRACK", "switches devtel off, as DEVTEL_DISABLED does"),
    Setting(ENVIRONMENT, "CI", "switches devtel off, as DEVTEL_DISABLED does"),
    Setting(ENVIRONMENT, "DEVTEL_RUN", "set by devtel itself for nested runs, only while it records"),
    Setting(ENVIRONMENT, "NO_COLOR", "no colour in what devtel prints"),
    Setting(ENVIRONMENT, "DEVTEL_SERVE_HOST", "`devtel serve`: where to listen", "127.0.0.1"),
    Setting(ENVIRONMENT, "DEVTEL_SERVE_PORT", "`devtel serve`: the port", "8080"),
    Setting(ENVIRONMENT, "DEVTEL_DATABASE", "`devtel serve`: the database's URL", "reports.db in the data folder"),
    Setting(ENVIRONMENT, "DEVTEL_WORKERS", "`devtel serve`: processes over one socket", "1"),
    Setting(ENVIRONMENT, "DEVTEL_RETENTION_DAYS", "`devtel serve`: days that reports are kept", "365"),
    Setting(ENVIRONMENT, "DEVTEL_MIN_DEVELOPERS", "`devtel serve`: the pages show nothing about fewer", "3"),
    Setting(ENVIRONMENT, "DEVTEL_VIEW_TOKEN_FILE", "`devtel serve`: a file with the token for looking on"),
    Setting(ENVIRONMENT, "DEVTEL_ADMIN_TOKEN_FILE", "`devtel serve`: a file with the token for administration"),
    Setting(ENVIRONMENT, "DEVTEL_SERVE_LOG", "`devtel serve`: the line per request: plain, json or none", "plain"),
    Setting(ENVIRONMENT, "DEVTEL_DEVLAKE_URL", "`devtel devlake`: DevLake's address"),
    Setting(ENVIRONMENT, "DEVTEL_DEVLAKE_KEY", "`devtel devlake`: its API key"),
    Setting(ENVIRONMENT, "DEVTEL_DEVLAKE_KEY_FILE", "`devtel devlake`: a file that holds the key"),
    Setting(CONFIG, "report_url", "the report URL for repositories that name none"),
    Setting(CONFIG, "keep_days", "how many days your own records are kept, 1 to 3660", "400"),
    Setting(CONFIG, "consent", "your decisions, kept by `devtel consent`"),
    Setting(CONFIG, "devlake", "`devtel devlake`: a table with `url` and `key_file`"),
    Setting(PROJECT, "organisation", "who asks for the reports; shown before anyone agrees"),
    Setting(PROJECT, "purpose", "what for; shown before anyone agrees"),
    Setting(PROJECT, "contact", "whom to ask; shown before anyone agrees"),
    Setting(PROJECT, "project", "the project's name in reports; without it none is sent"),
    Setting(PROJECT, "report_url", "the whole address of reports, up to /connections/ID/report"),
    Setting(PROJECT, "targets", "the targets, or families such as `dev.up.%`, to be sent by name", "all of them"),
    Setting(PROJECT, "default_branch", "the default branch's name", "what origin/HEAD says"),
)


def names(where: str) -> frozenset[str]:
    """The names of the settings that may be given there."""
    return frozenset(setting.name for setting in SETTINGS if setting.where == where)
