"""Checks of the settings in effect, and their sources."""

from collections.abc import Iterator

from devtelemetry_cli import consent
from devtelemetry_cli.client import settings, settings_reference, switches
from devtelemetry_cli.client.consent import decisions
from devtelemetry_cli.client.text import one_line
from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding, note, ok, problem
from devtelemetry_cli.errors import ConfigurationError


def readable(env: Environment) -> Iterator[Finding]:
    """Whether config, project file and report URL are valid."""
    steps = (
        lambda: decisions.decisions(settings.read_user(env.context.config)),
        lambda: settings.read_project(env.context.project),
        lambda: consent.asked_terms(env.context.environ, env.user, env.project),
    )
    for step in steps:
        try:
            step()
        except ConfigurationError as fault:
            yield problem(fault.message, fault.advice)


def sources(env: Environment) -> Iterator[Finding]:
    """Each setting with its value and source; of a token only the source."""
    environ, address = env.context.environ, settings.report_url(env.context.environ, env.user, env.project)
    yield _setting("config", env.context.config, _folder_source(env, "XDG_CONFIG_HOME"))
    yield _setting("state", str(env.context.state), _folder_source(env, "XDG_STATE_HOME"))
    yield _setting("project file", env.context.project or "none", "found" if env.context.project else "")
    yield _setting("report_url", _without_password(address.url) or "none", address.source)
    is_set = "keep_days" in env.user.values
    yield _setting("keep_days", env.user.keep_days, settings.USER if is_set else settings.DEFAULT)
    make = environ.get("DEVTEL_MAKE")
    yield _setting("make", make or "make", f"{settings.ENVIRONMENT}, DEVTEL_MAKE" if make else settings.DEFAULT)
    for name in ("DEVTEL_TOKEN", "DEVTEL_TOKEN_FILE"):
        if environ.get(name):
            yield _setting("token", "set (never shown)", f"{settings.ENVIRONMENT}, {name}")
    for name in switches.OFF:
        if name in environ:
            is_off = switches.is_set(environ[name])
            yield _setting(name, "devtel is off" if is_off else "no effect", settings.ENVIRONMENT)


def unknown(env: Environment) -> Iterator[Finding]:
    """Unknown names in config and project file, such as misspelt ones."""
    for where, path in (
        (settings_reference.CONFIG, env.context.config),
        (settings_reference.PROJECT, env.context.project),
    ):
        unknown_names = sorted(set(_document(path)) - settings_reference.names(where))
        if unknown_names:
            names = ", ".join(one_line(name, 80) for name in unknown_names[:5])
            yield note(f"{path} contains unknown settings: {names}.", "Correct them, or update devtel.")


def _document(path: str | None) -> dict[str, object]:
    try:
        return settings.read_toml(path, trusted=False) or {} if path else {}
    except ConfigurationError:
        return {}  # `readable` reports it


def _setting(name: str, value: str | int, source: str) -> Finding:
    where = f" ({source})" if source else ""
    return ok(f"{name} = {value}{where}", name=name, value=value, source=source or None)


def _folder_source(env: Environment, xdg: str) -> str:
    for name in ("DEVTEL_HOME", xdg):
        if env.context.environ.get(name, "").startswith("/"):
            return f"{settings.ENVIRONMENT}, {name}"
    return settings.DEFAULT


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"
