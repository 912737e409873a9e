"""The context in which a command was called: the same one that a wrapped run there would have."""

import os

from devtelemetry_cli import consent
from devtelemetry_cli.client import settings
from devtelemetry_cli.client.consent import decisions
from devtelemetry_cli.client.consent.notice import Terms
from devtelemetry_cli.client.context import Context


def context() -> Context:
    """The context of the current folder and environment."""
    return Context.load(dict(os.environ))


def terms(context: Context) -> Terms | None:
    """The terms asked for here; None without a report URL. A damaged user config does not matter: a decision moves it.

    Raises ConfigurationError for a damaged project file or an invalid address.
    """
    return consent.asked_terms(context.environ, decisions.read(context.config), settings.read_project(context.project))
