"""Where a command is called: the same place that a wrapped run there would see."""

import os
from typing import TYPE_CHECKING

from devtelemetry_cli import settings
from devtelemetry_cli.consent import judge, store
from devtelemetry_cli.consent.notice import Terms
from devtelemetry_cli.place import Place

if TYPE_CHECKING:
    from devtelemetry_cli.consent.decide import Keeping


def here() -> Place:
    """The place we stand in."""
    return Place(dict(os.environ))


def keeping(place: Place) -> "Keeping":
    """Where its decisions and records are kept."""
    from devtelemetry_cli.consent.decide import Keeping  # noqa: PLC0415  who only reads waits for no locks to load

    return Keeping(place.config, place.state)


def terms(place: Place) -> Terms | None:
    """What would be agreed to here. A damaged user config does not matter: a new decision moves it aside.

    Raises ConfigurationError for a damaged project file or a wrong address.
    """
    return judge.asked_terms(place.environ, store.read(place.config), settings.read_project(place.project))
