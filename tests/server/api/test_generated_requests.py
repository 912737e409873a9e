"""Requests generated from the OpenAPI description: none causes an error, and every answer is as described."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from devtelemetry_cli.server.api.routes import description
from tests.helpers.report_server import ReportServer

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
SCHEMA = schemathesis.openapi.from_dict(description())


@pytest.mark.slow
@pytest.mark.parametrize("server", ["sqlite", "postgresql", "mariadb"], indirect=True, scope="session")
@SCHEMA.parametrize()
@settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
def test_no_generated_request_causes_an_error(server: ReportServer, case: schemathesis.Case) -> None:
    answer = case.call(base_url=str(server.client.base_url), timeout=30)
    case.validate_response(answer, checks=CHECKS)
