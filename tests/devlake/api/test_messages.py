"""DevLake's messages: one line, the innermost reason first, without chains, traces and types."""

import pytest

from devtelemetry_cli.devlake.api import messages
from tests.helpers import fake_devlake_forms as forms

TASK = """subtask Collect Jobs ended unexpectedly
Wraps: (2) attached stack trace
  -- stack trace:
  | github.com/apache/incubator-devlake/helpers.collect
Wraps: (3) Error waiting for async Collector execution
  | combined messages:
  | {
  | \tRetry exceeded 3 times calling repos/acme/shop/actions
  | }
Error types: (1) *hintdetail.withDetail (2) *errutil.leafError"""
DIALS = """dial tcp 127.0.0.1:3306: connect: connection refused (500)
Wraps: (2) dial tcp 127.0.0.1:3306
Wraps: (3) connect
Wraps: (4) connection refused
Error types: (1) *hintdetail.withDetail (2) *net.OpError"""


@pytest.mark.parametrize(
    ("dump", "line"),
    [
        ("", ""),
        ("plain", "plain"),
        ("no access (403)", "no access"),
        ("\n\nleading lines\nstack trace:\n    goroutine 7 [running]", "leading lines"),
        ("outer (400)\nWraps: (2) inner (400)\nError types: (1) x", "inner (outer)"),
        ("a (404)\nWraps: (2) a", "a"),
        (DIALS, "dial tcp 127.0.0.1:3306: connect: connection refused"),
        (
            TASK,
            "Retry exceeded 3 times calling repos/acme/shop/actions "
            "(subtask Collect Jobs ended unexpectedly: Error waiting for async Collector execution)",
        ),
        ("x" * 400, "x" * 299 + "…"),
    ],
)
def test_the_innermost_reason_comes_first(dump: str, line: str) -> None:
    assert messages.clean(dump) == line


def test_a_pipeline_gives_the_reason_of_each_task() -> None:
    recorded = forms.body("pipelines", "a failed pipeline with several failed tasks")["message"].rpartition("\n")[
        0
    ]  # cut there
    assert messages.clean(recorded).startswith(
        "StatusUnauthorized error (error preparing task data for bamboo: unable to get Bamboo API client instance); "
        "fail to get Jira server info"
    )


def test_no_recorded_message_keeps_a_chain_a_type_or_a_line_break() -> None:
    bodies = [exchange["response"]["body"] for exchange in forms.exchanges()]
    dumps = [body["message"] for body in bodies if isinstance(body, dict) and isinstance(body.get("message"), str)]
    cleaned = [messages.clean(dump) for dump in dumps]
    assert len(dumps) > 100
    assert not [line for line in cleaned if "Wraps: (" in line or "Error types" in line or "\n" in line]
