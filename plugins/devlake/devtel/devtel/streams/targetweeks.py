"""Weekly figures per target, collected whole each time: every published week may still change or disappear."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from typing import Any

from pydevlake import Context, DomainType, Stream
from pydevlake.domain_layer.devops import CICDPipeline

from devtel.client import DevtelAPI
from devtel.figures import merged
from devtel.models import TargetWeek, digest

DOCUMENTS = ("durations", "exit_codes", "checkouts")


class TargetWeeks(Stream):
    """`_tool_devtel_targetweeks`: one row per connection, project, week and target."""

    tool_model = TargetWeek
    domain_types = [DomainType.CICD]
    domain_models = [CICDPipeline]  # pydevlake requires one; `convert` makes none

    def collect(self, state: dict[str, Any], context: Context) -> Iterable[tuple[dict[str, Any], dict[str, Any]]]:
        """The project's rows. Raises APIException; rows of an earlier collection then stay."""
        project = context.scope.project
        for row in merged(DevtelAPI(context.connection).target_weeks(project)):
            yield {**row, "x_request_input": {"Project": project}}, state

    def extract(self, raw_data: dict[str, Any]) -> TargetWeek:
        """A row of the table. Raises ValueError where the answer lacks a field.

        Not pydevlake's own extraction, which takes 0.0 for a missing value and drops invalid rows silently.
        """
        values = {name: raw_data[name] for name in TargetWeek.__fields__ if name in raw_data}
        values.update({name: json.dumps(raw_data[name], sort_keys=True) for name in DOCUMENTS if name in raw_data})
        values["week_id"] = digest(raw_data["week"], raw_data["project"], raw_data["target"])
        # With a zone: PostgreSQL takes a moment without one for a moment of its own zone.
        values["week"] = datetime.strptime(raw_data["week"], "%Y-%m-%d").replace(tzinfo=timezone.utc)
        missing = {name for name, field in TargetWeek.__fields__.items() if field.required} - values.keys()
        if missing:
            raise ValueError(f"the server's answer lacks {', '.join(sorted(missing))}")
        return TargetWeek(**values)

    def convert(self, tool_model: TargetWeek, context: Context) -> Iterator[CICDPipeline]:
        """Nothing: a week is no pipeline (the project's decision record has the figures).

        A generator, because pydevlake would save a returned None as a row.
        """
        yield from ()
