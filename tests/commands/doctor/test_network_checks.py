"""devtel doctor asks destinations: only by GET, and it says no more than an answer proves."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from devtelemetry_cli.commands.doctor import probe
from tests.helpers.developer import Developer
from tests.helpers.doctor_env import Readable, examine, look, problems, told

CONNECTION = "/plugins/developer_telemetry/connections/1"


def test_it_only_reads(patient: Developer, endpoint: Readable) -> None:
    patient.devtel("token", "set", input="s3cret\n")
    text = told(examine(patient)[1])
    assert endpoint.asked == [f"GET {CONNECTION}", "GET /version"]
    assert endpoint.keys == {CONNECTION: "Bearer s3cret", "/version": ""}
    assert "ok network 127.0.0.1" in text
    assert "says that its version is v1.2" in text


def test_offline_it_asks_nobody(patient: Developer, endpoint: Readable) -> None:
    examine(patient, "--offline")
    assert endpoint.asked == []


@pytest.mark.parametrize("front", ["", "/rest", "/api/rest", "/api"])
def test_the_servers_own_pages_stand_beside_each_form_of_address(front: str) -> None:
    url = f"https://host{front}/plugins/developer_telemetry/connections/7/report"
    assert probe.root(url) == f"https://host{front.removesuffix('/rest')}"


TABLE = [
    (200, "<html>Log in</html>", {}, "a login or proxy page may be in between"),
    (302, "", {"Location": "/login"}, "redirects to another address"),
    (401, "{}", {}, "wants a key (401)"),
    (401, "", {"WWW_Authenticate": "Basic realm=x"}, "wants people to sign in there"),
    (404, '{"success": false, "message": "connection 1 not found (404)"}', {}, "has no such connection"),
    (404, "404 page not found", {}, "has no report endpoint at this address"),
    (503, "", {}, "answers 503"),
    (200, '{"id": 1}', {"Date": "Mon, 01 Jan 2024 00:00:00 GMT"}, "Our clock is"),
]


def test_what_is_wrong_at_the_endpoint_is_one_sentence(patient: Developer, endpoint: Readable) -> None:
    for status, body, headers, sentence in TABLE:
        endpoint.answer(CONNECTION, status, body, **headers)
        assert any(sentence in problem for problem in problems(look(patient))), sentence


def test_a_key_that_may_only_report_is_no_proof_of_a_wrong_one(patient: Developer, endpoint: Readable) -> None:
    patient.devtel("token", "set", input="for-reports-only\n")
    endpoint.answer(CONNECTION, 403, '{"success": false}')
    code, found = examine(patient)
    assert code == 0
    assert "it may still be right for reports" in told(found)


def test_what_the_last_flush_met_is_told_whatever_a_reader_may(patient: Developer, endpoint: Readable) -> None:
    report = endpoint.url.removeprefix(endpoint.base)
    patient.add_runs(date.today(), 1)  # noqa: DTZ011  journals are named by the local day
    endpoint.answer(report, 401, '{"success": false}')
    patient.devtel("flush", "-v")
    assert any("The last flush said: 127.0.0.1" in problem for problem in problems(look(patient)))
    endpoint.answer(report, 200, '{"success": true}')
    endpoint.answer(CONNECTION, 403, '{"success": false}')
    patient.devtel("flush", "-v")
    found = look(patient)
    assert problems(found) == []
    assert "stored a report at" in told(found)
    assert "takes our reports; whether it knows the connection" in told(found)


def test_an_endpoint_that_is_not_there_is_told(patient: Developer, endpoint: Readable) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        patient.project_file(f"http://127.0.0.1:{free.getsockname()[1]}/connections/1/report")
        patient.config.unlink()
        (problem,) = problems(examine(patient)[1])
    assert "does not answer: Connection refused." in problem
    assert endpoint.asked == []


def test_a_proxy_is_named_without_its_password(patient: Developer) -> None:
    patient.environ |= {"http_proxy": "http://me:s3cret@127.0.0.1:9"}
    text = told(examine(patient)[1])
    assert "is reached through the proxy 127.0.0.1:9" in text
    assert "s3cret" not in text
    patient.environ["no_proxy"] = "127.0.0.1"
    assert "is reached without a proxy" in told(examine(patient)[1])


def test_certificates_that_cannot_be_read_are_told(patient: Developer) -> None:
    patient.environ["SSL_CERT_FILE"] = "/nowhere/ca.pem"
    assert "SSL_CERT_FILE names /nowhere/ca.pem, which cannot be used: No such file or directory." in problems(
        examine(patient, "--offline")[1]
    )


@pytest.fixture
def untrusted(tmp_path: Path) -> Iterator[int]:
    """The port of a server whose certificate nobody signed."""
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


def test_a_certificate_that_nobody_signed_is_one_sentence(patient: Developer, untrusted: int) -> None:
    patient.config.unlink()
    patient.project_file(f"https://localhost:{untrusted}/connections/1/report")
    (problem,) = problems(examine(patient)[1])
    assert problem == f"localhost:{untrusted} is not to be trusted: self-signed certificate."
