"""A plan on its way from being made to being carried out: on disk, so that its length costs no memory."""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from typing import IO, Any, Self

from devtelemetry_cli.devlake.api.models import Connection
from devtelemetry_cli.devlake.sync.plan import AddRepository, MakeConfig


class Spool:
    """Steps in the order in which they came; the file has no name and is gone with the process."""

    def __init__(self) -> None:
        self._file: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  lives with the spool
        self.length = 0

    def __enter__(self) -> Self:
        """The spool itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the file."""
        self._file.close()

    def put(self, step: MakeConfig | AddRepository) -> None:
        """Add a step. Raises OSError on a full disk."""
        json.dump(as_json(step), self._file, ensure_ascii=False)
        self._file.write("\n")
        self.length += 1

    def __iter__(self) -> Iterator[MakeConfig | AddRepository]:
        """Every step, from the first."""
        self._file.seek(0)
        for line in self._file:
            yield _from_json(json.loads(line))


def as_json(step: MakeConfig | AddRepository) -> dict[str, Any]:
    """A step as an object; what it does stands in `step`."""
    return {"step": "scope config" if isinstance(step, MakeConfig) else "repository", **asdict(step)}


def _from_json(item: dict[str, Any]) -> MakeConfig | AddRepository:
    kind = MakeConfig if item.pop("step") == "scope config" else AddRepository
    return kind(**{**item, "connection": Connection(**item["connection"])})
