"""Ask an endpoint to erase an ID that was withdrawn, and say what came of it."""

from dataclasses import dataclass

from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.client.send import erasures
from devtelemetry_cli.client.send.endpoint import ReportEndpoint
from devtelemetry_cli.client.send.erasures import Erasure
from devtelemetry_cli.client.send.responses import Answer, Meaning
from devtelemetry_cli.errors import DevtelError

_CANNOT = (404, 405)  # DevLake's plugin has no such address; nor does a connection that was deleted with its rows


@dataclass(frozen=True)
class Outcome:
    """What came of it: a sentence where it is over, else the fault that leaves it pending."""

    sentence: str = ""
    fault: DevtelError | None = None


def ask(state: StateDir, endpoint: ReportEndpoint, owed: Erasure, in_person: bool) -> Outcome:
    """Ask for one erasure; it is settled once confirmed. Raises OSError.

    Where the endpoint cannot erase it stays pending until a person was told the ID to ask its operator with.
    """
    answer = endpoint.forget(owed.anonymous_id)
    if answer.meaning is Meaning.STORED:
        erasures.settle(state, owed)
        return Outcome(f"{endpoint.host} confirmed: {_deleted(answer)} daily reports of yours were erased.")
    if answer.status in _CANNOT:
        if in_person:
            erasures.settle(state, owed)
        whom = owed.contact or "its operator"
        return Outcome(f"{endpoint.host} cannot erase by itself. Ask {whom} to delete the ID {owed.anonymous_id}.")
    return Outcome(fault=answer.error(f"The erasure is still pending. {answer.sentence}"))


def _deleted(answer: Answer) -> int:
    deleted = answer.data.get("deleted") if isinstance(answer.data, dict) else None
    return deleted if isinstance(deleted, int) else 0
