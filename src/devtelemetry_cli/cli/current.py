"""The context in which a command was called: the same one that a wrapped run there would have."""

import os
from pathlib import Path

from devtelemetry_cli import consent
from devtelemetry_cli.client import paths, settings
from devtelemetry_cli.client.consent import decisions
from devtelemetry_cli.client.consent.terms import Terms
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.commands.makefile import every_target


def context() -> Context:
    """The context of the current folder and environment."""
    folder = paths.working_folder()
    return Context.load(dict(os.environ), every_target=folder is not None and every_target.applies(Path(folder)))


def terms(context: Context) -> Terms | None:
    """The terms asked for here; None without a report URL. A damaged user config does not matter: a decision moves it.

    Raises ConfigurationError for a damaged project file or an invalid address.
    """
    user, project = decisions.read(context.config), settings.read_project(context.project)
    return consent.asked_terms(context.environ, user, project, context.every_target)
