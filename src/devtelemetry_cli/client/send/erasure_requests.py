"""Requests to an endpoint for the erasure of a withdrawn ID, and their outcomes."""

from dataclasses import dataclass

from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.client.send import erasures
from devtelemetry_cli.client.send.endpoint import ReportEndpoint
from devtelemetry_cli.client.send.erasures import Erasure
from devtelemetry_cli.client.send.responses import Answer, Meaning
from devtelemetry_cli.errors import DevtelError
from devtelemetry_cli.model.formatting import counted

# DevLake's plugin has no such address, nor has a connection that was deleted with its rows.
_NO_SUCH_ADDRESS = (404, 405)


@dataclass(frozen=True)
class Outcome:
    """The outcome of a request: a sentence where it is settled, else the fault that leaves it pending.

    Both are empty where nothing was asked, since the endpoint cannot erase and no user is present to read it.
    """

    sentence: str = ""
    fault: DevtelError | None = None
    is_settled: bool = False


def ask(state: StateDir, endpoint: ReportEndpoint, erasure: Erasure, in_person: bool) -> Outcome:
    """Ask for one erasure; it is settled once confirmed. Raises OSError.

    An endpoint that cannot erase is asked once. The erasure then stays pending until a user has seen the ID to ask
    its operator with.
    """
    if erasure.is_impossible and not in_person:
        return Outcome()
    answer = endpoint.forget(erasure.anonymous_id)
    if answer.meaning is Meaning.STORED:
        erasures.settle(state, erasure)
        sentence = f"{endpoint.host} confirmed the erasure of {counted(_deleted(answer), 'daily report')}."
        return Outcome(sentence, is_settled=True)
    if not _cannot_erase(answer):
        return Outcome(fault=answer.error(f"The erasure is still pending. {answer.sentence}"))
    (erasures.settle if in_person else erasures.mark_impossible)(state, erasure)
    operator = erasure.contact or "its operator"
    sentence = f"{endpoint.host} cannot erase by itself. Ask {operator} to delete the ID {erasure.anonymous_id}."
    return Outcome(sentence, is_settled=in_person)


def _cannot_erase(answer: Answer) -> bool:
    """Whether no later request with this key can succeed.

    DevLake answers 403 "path doesn't match api key's scope" to a key for reports alone, before it looks for the
    address.
    """
    return answer.status in _NO_SUCH_ADDRESS or (answer.status == 403 and "path" in answer.reason)


def _deleted(answer: Answer) -> int:
    deleted = answer.data.get("deleted") if isinstance(answer.data, dict) else None
    return deleted if isinstance(deleted, int) else 0
