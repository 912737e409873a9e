"""A plan on disk between planning and execution, so that its length costs no memory."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import IO, Any

from devtelemetry_cli.devlake.api.models import Connection
from devtelemetry_cli.devlake.sync.plan import AddRepository, MakeConfig


@dataclass
class PlanFile:
    """The steps of a plan in their order."""

    file: IO[str]
    length: int = 0

    def append(self, step: MakeConfig | AddRepository) -> None:
        """Add a step. Raises OSError on a full disk."""
        json.dump(as_json(step), self.file, ensure_ascii=False)
        self.file.write("\n")
        self.length += 1

    def __iter__(self) -> Iterator[MakeConfig | AddRepository]:
        """Every step, from the first."""
        self.file.seek(0)
        for line in self.file:
            yield _from_json(json.loads(line))


@contextmanager
def temporary() -> Iterator[PlanFile]:
    """An empty plan in a file without a name, which the system removes with the process. Raises OSError."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        yield PlanFile(file)


def as_json(step: MakeConfig | AddRepository) -> dict[str, Any]:
    """A step as an object; its kind is `step`."""
    return {"step": "scope config" if isinstance(step, MakeConfig) else "repository", **asdict(step)}


def _from_json(item: dict[str, Any]) -> MakeConfig | AddRepository:
    kind = MakeConfig if item.pop("step") == "scope config" else AddRepository
    return kind(**{**item, "connection": Connection(**item["connection"])})
