"""The recent pipelines of all blueprints, from one list of DevLake instead of a request for each blueprint."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from devtelemetry_cli.devlake.api import pipelines
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.pipelines import Pipeline
from devtelemetry_cli.devlake.monitor.history import History

FIRST = 10  # pipelines read for each blueprint at the first check, on average
LATER = 3  # and at later ones, where an older pipeline changes nothing


@dataclass(frozen=True)
class Recent:
    """The newest pipelines, by blueprint, newest first; `is_all`: there are no older ones."""

    by_blueprint: Mapping[int, Sequence[Pipeline]] = field(default_factory=dict)
    is_all: bool = False

    def of(self, client: Client, blueprint: int, past: History | None) -> Sequence[Pipeline]:
        """The recent pipelines of a blueprint with all that are new since the last check. Raises ApiError."""
        found = self.by_blueprint.get(blueprint, ())
        reaches_past = found and (past is None or found[-1].id <= past.settled)
        return found if self.is_all or reaches_past else _alone(client, blueprint, past)


def read(client: Client, blueprints: int, is_first: bool) -> Recent:
    """The recent pipelines of so many blueprints; of one that seldom runs there may be none. Raises ApiError."""
    limit = blueprints * (FIRST if is_first else LATER)
    newest = list(itertools.islice(pipelines.newest(client), limit))
    found: dict[int, list[Pipeline]] = {}
    for pipeline in newest:
        found.setdefault(pipeline.blueprint, []).append(pipeline)
    return Recent(found, is_all=len(newest) < limit)


def _alone(client: Client, blueprint: int, past: History | None) -> Sequence[Pipeline]:
    found: list[Pipeline] = []
    for pipeline in pipelines.of_blueprint(client, blueprint, FIRST):
        if len(found) >= FIRST and (past is None or pipeline.id <= past.settled):
            break
        found.append(pipeline)
    return found
