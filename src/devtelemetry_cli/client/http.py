"""HTTP requests within bounds, for every command that reaches the network.

An answer is limited in size and in time as a whole, redirects are not followed, cookies are not kept, and every fault
is one exception with one line.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from devtelemetry_cli.errors import UnavailableError

if TYPE_CHECKING:
    from devtelemetry_cli.client.http_transport import Transport

LIMIT = 64 * 1024  # bytes of an answer, where the caller sets no other limit
STEP = 10.0  # seconds for connecting, and for each single wait


@dataclass(frozen=True)
class Response:
    """An answer: header names in lower case; `is_whole` is false where `body` was cut off or cannot be decoded."""

    status: int
    headers: dict[str, str]
    body: bytes
    is_whole: bool = True


class NoAnswerError(UnavailableError):
    """No answer came: `reason` on one line.

    `is_slow`: a time limit ended the wait. `may_have_arrived`: false only where no connection was made. `is_tls`: the
    certificate or the encryption was at fault.
    """

    def __init__(
        self, reason: str, *, is_slow: bool = False, may_have_arrived: bool = True, is_tls: bool = False
    ) -> None:
        super().__init__(f"No answer: {reason}.")
        self.reason = reason
        self.is_slow = is_slow
        self.may_have_arrived = may_have_arrived
        self.is_tls = is_tls


@dataclass
class HttpClient:
    """Requests to one host, over connections that are kept between them. Nothing is opened before the first."""

    token: str = field(default="", repr=False)
    limit: int = LIMIT
    _transport: "Transport | None" = field(default=None, init=False, repr=False)

    def request(
        self, method: str, url: str, seconds: float, *, body: bytes | None = None, step: float = STEP
    ) -> Response:
        """The answer to one request, complete within `seconds`; `body` is sent as JSON.

        Raises NoAnswerError; ConfigurationError where the environment's proxy or certificates cannot be used.
        """
        from devtelemetry_cli.client.http_transport import Transport  # noqa: PLC0415  httpx takes 60 ms to import

        self._transport = self._transport or Transport(self.token, self.limit)
        return self._transport.request(method, url, seconds, body=body, step=step)

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        if self._transport is not None:
            self._transport.close()


def retry_after(header: str | None, now: float) -> float | None:
    """The seconds that a `Retry-After` header asks for, at least 0; None where it is missing or unusable.

    RFC 9110, 10.2.3: a number of seconds, or a date, which is compared with `now` (POSIX seconds).
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    moment = date_header(text)
    return None if moment is None else max(0.0, moment - now)


def date_header(text: str) -> float | None:
    """The POSIX seconds of a date in a header; None where there is none."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  10 ms, for answers only

    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
