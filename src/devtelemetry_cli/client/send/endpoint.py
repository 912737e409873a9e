"""A report endpoint: one report or erasure at a time, and each answer classified."""

import json
import time
from dataclasses import dataclass

from devtelemetry_cli.client.http import HttpClient, NoAnswerError
from devtelemetry_cli.client.send import responses
from devtelemetry_cli.client.send.responses import Answer, Meaning
from devtelemetry_cli.errors import ConfigurationError


@dataclass
class ReportEndpoint:
    """The endpoint at a report URL; `host` is for sentences, `deadline` (monotonic) ends every request."""

    url: str
    host: str
    client: HttpClient
    deadline: float

    def report(self, body: bytes) -> Answer:
        """Send one report. Where two first reports of a day met in the database, it goes once more."""
        answer = self._post(self.url, body)
        return self._post(self.url, body) if answer.meaning is Meaning.RETRY_NOW else answer

    def forget(self, anonymous_id: str) -> Answer:
        """Ask for the erasure of every report of an anonymous ID."""
        address = f"{self.url.removesuffix('/report')}/forget"
        return self._post(address, json.dumps({"developer": anonymous_id}).encode())

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def _post(self, url: str, body: bytes) -> Answer:
        left = self.deadline - time.monotonic()
        if left <= 0:
            return responses.no_answer(self.host, "the time for this flush is over")
        try:
            response = self.client.request("POST", url, left, body=body)
        except NoAnswerError as fault:
            return responses.no_answer(self.host, fault.reason)
        except ConfigurationError as fault:
            return responses.not_sent(fault)
        return responses.classify(response.status, response.headers, response.body, self.host)
