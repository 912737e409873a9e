"""Checks of the connection to each destination: proxy, certificates, endpoint, last report."""

import os
import ssl
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from devtelemetry_cli.client import proxies, tokens
from devtelemetry_cli.client.send import responses
from devtelemetry_cli.client.text import one_line
from devtelemetry_cli.commands import probe
from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding, note, ok, problem
from devtelemetry_cli.commands.probe import Reply


def proxy(env: Environment) -> Iterator[Finding]:
    """The proxy for each destination."""
    urls = [*(one.url for one in env.granted), env.named, env.terms.destination.url if env.terms else ""]
    for url in dict.fromkeys(filter(None, urls)):
        shown = proxies.shown_proxy(url)
        way = f"through the proxy {shown}" if shown else "without a proxy"
        yield ok(f"{env.label(url)} is reached {way}", proxy=shown)


def certificates(env: Environment) -> Iterator[Finding]:
    """The certificates that the environment names."""
    file, folder = env.context.environ.get("SSL_CERT_FILE"), env.context.environ.get("SSL_CERT_DIR")
    if file:
        try:
            ssl.create_default_context(cafile=file)
        except (OSError, ValueError) as fault:  # SSLError is an OSError
            why = (
                fault.strerror if isinstance(fault, FileNotFoundError | PermissionError) else "it holds no certificates"
            )
            advice = "Name a file with certificates in PEM, or unset it; nothing can be sent until then."
            yield problem(f"SSL_CERT_FILE names {file}, which cannot be used: {why}.", advice)
        else:
            yield ok(f"certificates: {file} (SSL_CERT_FILE)", path=file)
    elif folder and not (Path(folder).is_dir() and os.access(folder, os.R_OK)):
        yield problem(f"SSL_CERT_DIR names {folder}, which is not a readable folder.", "Correct it, or unset it.")
    else:
        yield ok(f"certificates: {f'{folder} (SSL_CERT_DIR)' if folder else 'included with devtel'}", path=folder)


def destination(env: Environment) -> Iterator[Finding]:
    """Whether each destination answers, is a report endpoint, and accepts the token as far as a GET can show."""
    if env.offline:
        yield note("No destination was contacted (--offline).")
    elif not env.addresses:
        advice = "`devtel doctor --url ADDRESS` contacts one that you name." if env.terms else ""
        yield note("No destination was contacted: there is no consent to send reports.", advice)
    for url in env.addresses:
        reply = env.connection(url)
        yield _assess(env, url, reply)
        if reply.status:
            yield from _version(env, url)


def stored_token(env: Environment) -> Iterator[Finding]:
    """A token for the destination here that waits for consent."""
    if env.terms is None or env.terms.destination.key in [one.key for one in env.granted]:
        return
    wanted = env.terms.destination
    if tokens.path(env.context.config, wanted.key).exists():
        yield ok(f"a token for {wanted.host} is stored; it is sent only after consent")


def reports(env: Environment) -> Iterator[Finding]:
    """The result of the last reports, the only proof that a token is valid for reports."""
    for decision in env.granted:
        error, stored = _last_flush(env, decision.url)
        if error:
            yield problem(f"The last flush failed: {error}", "`devtel flush --verbose` tries again at once.")
        elif stored:
            at = datetime.fromtimestamp(stored).astimezone().strftime("%Y-%m-%d %H:%M")
            yield ok(f"{env.label(decision.url)} stored a report at {at}")


def _last_flush(env: Environment, url: str) -> tuple[str, float]:
    """The current error of a destination ("" for none), and the time of the last stored report (0 for never)."""
    statuses = [status for one in env.granted if one.url == url for status in env.delivery(one.key)]
    error = next((status.last_error for status in statuses if status.last_error), "")
    return error, max((status.last_success for status in statuses), default=0.0)


def _assess(env: Environment, url: str, reply: Reply) -> Finding:
    host, status = env.label(url), {"status": reply.status or None}
    if reply.fault:
        return _no_answer(host, reply)
    if reply.status == 200 and "id" in reply.values:
        return ok(f"{host} answers and has the connection of the report URL", **status)
    if reply.status in (401, 403):
        return _unauthorised(env, url, reply)
    if reply.status == 200:
        sentence = f"{host} answers, but not as a report endpoint: a login or proxy page may be in between."
        return problem(sentence, "Open the address in a browser to see the page.", **status)
    if 300 <= reply.status < 400 or reply.status == 404:
        sentence = responses.classify(reply.status, reply.headers, reply.body, host).sentence
        advice = "Correct report_url in .devtel.toml or your config, or DEVTEL_REPORT_URL."
        return problem(sentence, advice, **status)
    advice = "Try again later, or ask its operator. No report is lost."
    return problem(f"{host} answers {reply.status} to a GET of the connection.", advice, **status)


def _no_answer(host: str, reply: Reply) -> Finding:
    if reply.is_tls_fault:
        advice = "Set SSL_CERT_FILE to a file with your organisation's certificates, or ask the operator."
        return problem(f"The certificate of {host} is not trusted: {reply.fault}.", advice, status=None)
    advice = "Check the address, the proxy and your connection. No report is lost; the next flush tries again."
    return problem(f"{host} does not answer: {reply.fault}.", advice, status=None)


def _unauthorised(env: Environment, url: str, reply: Reply) -> Finding:
    """A token for reports may not read the connection; an empty report, which stores nothing, shows its validity."""
    host, status = env.label(url), {"status": reply.status}
    if reply.headers.get("www-authenticate", "").lower().startswith("basic"):
        return problem(f"{host} asks for a login at this address.", "Reports go to its /api/rest address.", **status)
    error, stored = _last_flush(env, url)
    if stored and not error:
        return ok(f"{host} accepts reports; the token may not read the connection", **status)
    if reply.status == 401:
        return problem(f"{host} requires a token (401).", "`devtel token set` stores one.", **status)
    accepted = env.accepts_reports(url)
    if accepted:
        return ok(f"{host} accepts the token for reports; it may not read the connection", **status)
    if accepted is False:
        advice = "`devtel token set` stores another; `devtel devlake connect` makes one. No report is lost."
        return problem(f"{host} refuses the token (403): it is wrong, expired or deleted.", advice, **status)
    sentence = f"The token may not read the connection at {host} (403); it may still be valid for reports."
    return note(sentence, "`devtel flush --verbose` shows whether it is.", **status)


def _version(env: Environment, url: str) -> Iterator[Finding]:
    reply = probe.version(url)
    version = reply.values.get("version")
    if isinstance(version, str):
        yield ok(f"{env.label(url)} has version {one_line(version, 60)}", version=one_line(version, 60))
    elif reply.status != 200:
        yield note(f"{env.label(url)} does not publish its version ({reply.status or reply.fault}).")
