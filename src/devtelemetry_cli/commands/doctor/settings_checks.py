"""The settings in effect, and where each comes from."""

from collections.abc import Iterator

from devtelemetry_cli.client import settings, settings_reference, switches
from devtelemetry_cli.client.consent import decisions, judge
from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding, note, ok, problem
from devtelemetry_cli.errors import ConfigurationError


def readable(env: Environment) -> Iterator[Finding]:
    """Whether config, project file and report URL can be understood at all."""
    steps = (
        lambda: decisions.decisions(settings.read_user(env.context.config)),
        lambda: settings.read_project(env.context.project),
        lambda: judge.asked_terms(env.context.environ, env.user, env.project),
    )
    for step in steps:
        try:
            step()
        except ConfigurationError as fault:
            yield problem(fault.message, fault.advice)


def sources(env: Environment) -> Iterator[Finding]:
    """Each setting with its value and its source; of a token only the source."""
    environ, address = env.context.environ, settings.report_url(env.context.environ, env.user, env.project)
    yield _setting("config", env.context.config, _folder_source(env, "XDG_CONFIG_HOME"))
    yield _setting("state", str(env.context.state), _folder_source(env, "XDG_STATE_HOME"))
    yield _setting("project file", env.context.project or "none", "found" if env.context.project else "")
    yield _setting("report_url", _without_password(address.url) or "none", address.source)
    kept = "keep_days" in env.user.values
    yield _setting("keep_days", env.user.keep_days, settings.USER if kept else settings.DEFAULT)
    made = environ.get("DEVTEL_MAKE")
    yield _setting("make", made or "make", f"{settings.ENVIRONMENT}, DEVTEL_MAKE" if made else settings.DEFAULT)
    for name in ("DEVTEL_TOKEN", "DEVTEL_TOKEN_FILE"):
        if environ.get(name):
            yield _setting("token", "set (never shown)", f"{settings.ENVIRONMENT}, {name}")
    for name in switches.OFF:
        if name in environ:
            on = switches.is_set(environ[name])
            yield _setting(name, "devtel is off" if on else "no effect", settings.ENVIRONMENT)


def unknown(env: Environment) -> Iterator[Finding]:
    """Names in config and project file that mean nothing to this devtel, as a slip of the pen does."""
    for where, path in (
        (settings_reference.CONFIG, env.context.config),
        (settings_reference.PROJECT, env.context.project),
    ):
        strange = sorted(set(_document(path)) - settings_reference.names(where))
        if strange:
            names = ", ".join(repr(name)[:80] for name in strange[:5])
            yield note(f"{path} holds names that mean nothing here: {names}.", "Correct them, or update devtel.")


def _document(path: str | None) -> dict[str, object]:
    try:
        return settings.read_toml(path) or {} if path else {}
    except ConfigurationError:
        return {}  # `readable` tells of it


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
