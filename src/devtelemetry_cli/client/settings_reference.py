"""Every setting: where it is set, and its meaning. docs/settings.md is generated from this list."""

from dataclasses import dataclass

ENVIRONMENT, CONFIG, PROJECT = "environment", "config.toml", ".devtel.toml"


@dataclass(frozen=True)
class Setting:
    """One setting: its place, name, meaning, and default in words ("" for none)."""

    where: str
    name: str
    meaning: str
    default: str = ""


SETTINGS = (
    Setting(ENVIRONMENT, "DEVTEL_HOME", "an absolute folder for config and state", "the platform's own folders"),
    Setting(ENVIRONMENT, "DEVTEL_REPORT_URL", "the report URL; overrides those of project and config"),
    Setting(ENVIRONMENT, "DEVTEL_TOKEN", "the token for DEVTEL_REPORT_URL or, without it, for your only destination"),
    Setting(ENVIRONMENT, "DEVTEL_TOKEN_FILE", "a file that holds that token"),
    Setting(ENVIRONMENT, "DEVTEL_MAKE", "the make that `devtel wrap` runs without --make", "make"),
    Setting(ENVIRONMENT, "DEVTEL_DISABLED", "switches devtel off: anything but empty, 0 or false"),
    Setting(ENVIRONMENT, "DO_NOT_TRACK", "switches devtel off, as DEVTEL_DISABLED does"),
    Setting(ENVIRONMENT, "CI", "switches devtel off, as DEVTEL_DISABLED does"),
    Setting(ENVIRONMENT, "DEVTEL_RUN", "set by devtel for nested runs, only while it records"),
    Setting(ENVIRONMENT, "NO_COLOR", "no colour in the output"),
    Setting(ENVIRONMENT, "HTTPS_PROXY", "a proxy; so are HTTP_PROXY and ALL_PROXY, but for the hosts of NO_PROXY"),
    Setting(
        ENVIRONMENT,
        "SSL_CERT_FILE",
        "the trusted certificates in PEM, such as your company's; or a folder of them, SSL_CERT_DIR",
        "those of certifi",
    ),
    Setting(ENVIRONMENT, "DEVTEL_SERVE_HOST", "`devtel serve`: the address to listen on", "127.0.0.1"),
    Setting(ENVIRONMENT, "DEVTEL_SERVE_PORT", "`devtel serve`: the port", "8080"),
    Setting(ENVIRONMENT, "DEVTEL_DATABASE", "`devtel serve`: the database's URL", "reports.db in the data folder"),
    Setting(ENVIRONMENT, "DEVTEL_WORKERS", "`devtel serve`: the number of worker processes", "1"),
    Setting(ENVIRONMENT, "DEVTEL_RETENTION_DAYS", "`devtel serve`: the days that reports are kept", "365"),
    Setting(
        ENVIRONMENT,
        "DEVTEL_TRUSTED_PROXIES",
        "`devtel serve`: proxies with trusted X-Forwarded headers",
        "127.0.0.1,::1",
    ),
    Setting(ENVIRONMENT, "DEVTEL_PUBLIC_URL", "`devtel serve`: its address for clients; `devtel digest` asks there"),
    Setting(ENVIRONMENT, "DEVTEL_SERVE_OPEN", "`devtel serve`: reports without a token from other machines"),
    Setting(ENVIRONMENT, "DEVTEL_MIN_DEVELOPERS", "`devtel serve`: the smallest group that the pages show", "3"),
    Setting(ENVIRONMENT, "DEVTEL_HOURLY_COST", "`devtel serve`: the cost of a developer's hour, for the pages"),
    Setting(
        ENVIRONMENT,
        "DEVTEL_VIEW_TOKEN_FILE",
        "`devtel serve`, `devtel digest`: a file with the read-only token for remote viewers",
    ),
    Setting(ENVIRONMENT, "DEVTEL_VIEW_TOKEN", "`devtel digest`: that token itself"),
    Setting(ENVIRONMENT, "DEVTEL_ADMIN_TOKEN_FILE", "`devtel serve`: a file with the administrator's token"),
    Setting(ENVIRONMENT, "DEVTEL_SERVE_LOG", "`devtel serve`: the access log: plain, json or none", "plain"),
    Setting(ENVIRONMENT, "DEVTEL_DEVLAKE_URL", "`devtel devlake`: DevLake's address"),
    Setting(ENVIRONMENT, "DEVTEL_DEVLAKE_KEY", "`devtel devlake`: its API key"),
    Setting(ENVIRONMENT, "DEVTEL_DEVLAKE_KEY_FILE", "`devtel devlake`: a file that holds its API key"),
    Setting(CONFIG, "report_url", "the report URL for repositories without one"),
    Setting(
        CONFIG, "engine", "how calls of every target are measured: `wrapper` refuses the plug-in in make", "plugin"
    ),
    Setting(CONFIG, "keep_days", "the days that your own records are kept, 1 to 3660", "400"),
    Setting(CONFIG, "consent", "your decisions, written by `devtel consent`"),
    Setting(CONFIG, "devlake", "`devtel devlake`: a table with `url` and `key_file`"),
    Setting(PROJECT, "organisation", "the organisation that asks for reports; part of the notice"),
    Setting(PROJECT, "purpose", "the purpose of the reports; part of the notice"),
    Setting(PROJECT, "contact", "the contact for questions; part of the notice"),
    Setting(PROJECT, "project", "the project's name in reports; without it none is sent"),
    Setting(PROJECT, "report_url", "the whole address of reports, up to /connections/ID/report"),
    Setting(PROJECT, "targets", "the targets, or patterns such as `dev.up.%`, that are sent by name", "all of them"),
    Setting(PROJECT, "default_branch", "the name of the default branch", "origin/HEAD"),
)


def names(where: str) -> frozenset[str]:
    """The names of the settings in one place."""
    return frozenset(setting.name for setting in SETTINGS if setting.where == where)
