"""devtel doctor contacts destinations with consent only, by GET, and concludes no more than an answer proves."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from devtelemetry_cli.commands import probe
from tests.helpers.developer import Developer
from tests.helpers.doctor_env import ReadOnlyEndpoint, as_text, findings, problems, run_doctor

CONNECTION = "/plugins/developer_telemetry/connections/1"


def test_it_only_reads(patient: Developer, endpoint: ReadOnlyEndpoint) -> None:
    patient.devtel("token", "set", input="s3cret\n")
    text = as_text(run_doctor(patient)[1])
    assert endpoint.asked == [f"GET {CONNECTION}", "GET /version"]
    assert endpoint.keys == {CONNECTION: "Bearer s3cret", "/version": ""}
    assert "ok network 127.0.0.1" in text
    assert "has version v1.2" in text


def test_offline_it_contacts_nothing(patient: Developer, endpoint: ReadOnlyEndpoint) -> None:
    run_doctor(patient, "--offline")
    assert endpoint.asked == []


@pytest.mark.parametrize("decision", ["local", "decline", "forget everything"])
def test_without_consent_no_destination_is_contacted(
    patient: Developer, endpoint: ReadOnlyEndpoint, decision: str
) -> None:
    patient.environ["DEVTEL_TOKEN"] = "s3cret"
    if decision == "forget everything":
        patient.config.unlink()
    else:
        patient.devtel("consent", decision)
    _, found = run_doctor(patient)
    assert endpoint.asked == []
    assert "No destination was contacted: there is no consent to send reports." in as_text(found)


def test_a_named_address_is_contacted_without_a_token(patient: Developer, endpoint: ReadOnlyEndpoint) -> None:
    patient.devtel("consent", "decline")
    patient.environ["DEVTEL_TOKEN"] = "s3cret"
    _, found = run_doctor(patient, "--url", endpoint.url)
    assert endpoint.asked == [f"GET {CONNECTION}", "GET /version"]
    assert set(endpoint.keys.values()) == {""}
    assert "ok network 127.0.0.1" in as_text(found)


def test_the_token_of_one_destination_never_goes_to_another(patient: Developer, endpoint: ReadOnlyEndpoint) -> None:
    elsewhere = ReadOnlyEndpoint()
    patient.devtel("consent", "decline")
    patient.project_file(elsewhere.url)
    patient.grant()
    patient.environ |= {"DEVTEL_TOKEN": "s3cret", "DEVTEL_REPORT_URL": endpoint.url}
    run_doctor(patient)
    elsewhere.close()
    assert endpoint.asked == []
    assert set(elsewhere.keys.values()) == {""}


@pytest.mark.parametrize("front", ["", "/rest", "/api/rest", "/api"])
def test_the_servers_own_pages_have_an_address_beside_each_form_of_report_url(front: str) -> None:
    url = f"https://host{front}/plugins/developer_telemetry/connections/7/report"
    assert probe.root(url) == f"https://host{front.removesuffix('/rest')}"


TABLE = [
    (200, "<html>Log in</html>", {}, "a login or proxy page may be in between"),
    (302, "", {"Location": "/login"}, "redirects to another address"),
    (401, "{}", {}, "requires a token (401)"),
    (401, "", {"WWW_Authenticate": "Basic realm=x"}, "asks for a login at this address"),
    (404, '{"success": false, "message": "connection 1 not found (404)"}', {}, "has no such connection"),
    (404, "404 page not found", {}, "has no report endpoint at this address"),
    (503, "", {}, "answers 503"),
    (200, '{"id": 1}', {"Date": "Mon, 01 Jan 2024 00:00:00 GMT"}, "The local clock is"),
]


def test_each_fault_of_an_endpoint_is_one_sentence(patient: Developer, endpoint: ReadOnlyEndpoint) -> None:
    for status, body, headers, sentence in TABLE:
        endpoint.answer(CONNECTION, status, body, **headers)
        assert any(sentence in problem for problem in problems(findings(patient))), sentence


def test_a_token_that_may_only_report_is_not_called_wrong(patient: Developer, endpoint: ReadOnlyEndpoint) -> None:
    patient.devtel("token", "set", input="for-reports-only\n")
    endpoint.answer(CONNECTION, 403, '{"success": false}')
    code, found = run_doctor(patient)
    assert code == 0
    assert "it may still be valid for reports" in as_text(found)


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (400, 0, "accepts the token for reports"),
        (403, 1, "refuses the token (403)"),
        (401, 1, "refuses the token"),
        (500, 0, "may still be valid"),
    ],
)
def test_an_empty_report_shows_whether_a_token_is_valid(
    patient: Developer, endpoint: ReadOnlyEndpoint, status: int, code: int, sentence: str
) -> None:
    patient.devtel("token", "set", input="for-reports-only\n")
    endpoint.answer(CONNECTION, 403, '{"success": false}')
    endpoint.answer(f"{CONNECTION}/report", status, '{"success": false}')
    found = run_doctor(patient)
    assert (found[0], sentence in as_text(found[1])) == (code, True)
    assert f"POST {CONNECTION}/report" in endpoint.asked


def test_a_stored_token_is_named_before_consent_and_sent_nowhere(
    patient: Developer, endpoint: ReadOnlyEndpoint
) -> None:
    patient.config.unlink()
    patient.devtel("token", "set", input="s3cret\n")
    _, found = run_doctor(patient)
    assert "is stored; it is sent only after consent" in as_text(found)
    assert endpoint.asked == []


def test_the_result_of_the_last_flush_counts_more_than_a_get(patient: Developer, endpoint: ReadOnlyEndpoint) -> None:
    report = endpoint.url.removeprefix(endpoint.base)
    patient.add_runs(date.today(), 1)  # noqa: DTZ011  journals are named by the local day
    endpoint.answer(report, 401, '{"success": false}')
    patient.devtel("flush", "-v")
    assert any("The last flush failed: 127.0.0.1" in problem for problem in problems(findings(patient)))
    endpoint.answer(report, 200, '{"success": true}')
    endpoint.answer(CONNECTION, 403, '{"success": false}')
    patient.devtel("flush", "-v")
    found = findings(patient)
    assert problems(found) == []
    assert "stored a report at" in as_text(found)
    assert "accepts reports; the token may not read the connection" in as_text(found)


def test_an_unreachable_endpoint_is_a_problem(patient: Developer, endpoint: ReadOnlyEndpoint) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        patient.project_file(f"http://127.0.0.1:{free.getsockname()[1]}/connections/1/report")
        patient.config.unlink()
        patient.grant()
        (problem,) = problems(run_doctor(patient)[1])
    assert "does not answer: Connection refused." in problem
    assert endpoint.asked == []


def test_a_proxy_is_named_without_its_password(patient: Developer) -> None:
    patient.environ |= {"http_proxy": "http://me:s3cret@127.0.0.1:9"}
    text = as_text(run_doctor(patient)[1])
    assert "is reached through the proxy http://127.0.0.1:9" in text
    assert "s3cret" not in text
    patient.environ["no_proxy"] = "127.0.0.1"
    assert "is reached without a proxy" in as_text(run_doctor(patient)[1])


def test_unreadable_certificates_are_a_problem(patient: Developer) -> None:
    patient.environ["SSL_CERT_FILE"] = "/nowhere/ca.pem"
    assert "SSL_CERT_FILE names /nowhere/ca.pem, which cannot be used: No such file or directory." in problems(
        run_doctor(patient, "--offline")[1]
    )


@pytest.fixture
def untrusted(tmp_path: Path) -> Iterator[int]:
    """The port of a server with a self-signed certificate."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]  # noqa: RUF005
        + ["-days", "2", "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_shake_hands, args=(server, context), daemon=True).start()
        yield server.getsockname()[1]


def _shake_hands(server: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            with server.accept()[0] as connection, context.wrap_socket(connection, server_side=True):
                pass
        except ssl.SSLError:
            continue
        except OSError:
            return


def test_an_untrusted_certificate_is_one_sentence(patient: Developer, untrusted: int) -> None:
    patient.config.unlink()
    patient.project_file(f"https://localhost:{untrusted}/connections/1/report")
    patient.grant()
    (problem,) = problems(run_doctor(patient)[1])
    assert problem == f"The certificate of localhost:{untrusted} is not trusted: self-signed certificate."
