"""DevLake's own test of a saved connection: whether the service behind it accepts the connection's token.

Read-only for data source plugins. The one of developer_telemetry creates a connection, so it is never called.
"""

import re
from typing import Any

from devtelemetry_cli.devlake.api import decode, messages, plugins
from devtelemetry_cli.devlake.api.client import Client
from devtelemetry_cli.devlake.api.errors import ApiError
from devtelemetry_cli.devlake.api.models import Connection
from devtelemetry_cli.errors import TokenRefusedError

ADVICE = "Check its token and endpoint in config-ui."
_TOKEN = re.compile(r"unauthori[sz]ed|credential|forbidden|\b401\b|\b403\b", re.IGNORECASE)


def check(client: Client, connection: Connection) -> None:
    """Nothing for a working connection, or one that cannot be tested. Raises ApiError with the service's reason."""
    if connection.plugin not in plugins.SYNCED:
        return
    path = f"{connection.path}/test"
    try:
        answer = decode.record(client.ask_remote("POST", path), f"POST {path}")
    except ApiError as fault:
        if fault.status == 404 or fault.exit_code == TokenRefusedError.exit_code:
            return  # a version without such a test, or an API key that does not include it
        if fault.is_fatal or fault.is_unreachable:
            raise
        raise _failure(connection, fault.detail, fault.status) from None
    if answer.get("success") is False and (reason := _reason(answer)):
        raise _failure(connection, reason, 200)


def explain(connection: Connection, fault: ApiError) -> ApiError:
    """A failed list of remote scopes as a sentence, where DevLake's answer is empty or only names a decoding error."""
    is_empty = fault.status == 500 and not fault.detail
    if is_empty or fault.mentions("cannot unmarshal", "invalid character", "error decoding response"):
        message = f"The service behind {connection} did not answer with the list of its scopes"
        return ApiError(
            f"{message}{_in_brackets(fault.detail)}.", ADVICE, status=fault.status, exit_code=fault.exit_code
        )
    return fault


def _reason(answer: dict[str, Any]) -> str:
    """Empty for a working fine-grained GitHub token: DevLake answers failure without a reason for it."""
    return messages.clean(decode.text(answer, "message"))


def _failure(connection: Connection, reason: str, status: int) -> ApiError:
    text = re.sub(r" \(\d{3}\)$", "", reason)
    what = "refuses its token or password" if _TOKEN.search(reason) else "does not answer as it should"
    return ApiError(f"The service behind {connection} {what}{_in_brackets(text)}.", ADVICE, status=status)


def _in_brackets(text: str) -> str:
    return f" ({text.rstrip('.')})" if text else ""
