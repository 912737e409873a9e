"""The way to the destination: proxy, certificates, and whether it knows us."""

import os
import ssl
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from devtelemetry_cli.client.send import responses
from devtelemetry_cli.commands.doctor import probe
from devtelemetry_cli.commands.doctor.environment import Environment
from devtelemetry_cli.commands.doctor.finding import Finding, note, ok, problem
from devtelemetry_cli.commands.doctor.probe import Reply


def proxy(env: Environment) -> Iterator[Finding]:
    """Which proxy requests go through."""
    for url in probe.addresses(env) or ([env.terms.destination.url] if env.terms else []):
        parts = urlsplit(url)
        named = urllib.request.getproxies()
        chosen = named.get(parts.scheme) or named.get("all")
        if chosen and not urllib.request.proxy_bypass(parts.hostname or ""):
            shown = chosen.rpartition("@")[2]
            yield ok(f"{probe.host(url)} is reached through the proxy {shown}", proxy=shown)
        else:
            yield ok(f"{probe.host(url)} is reached without a proxy", proxy=None)


def certificates(env: Environment) -> Iterator[Finding]:
    """Whether the certificates that the environment names can be used."""
    file, folder = env.context.environ.get("SSL_CERT_FILE"), env.context.environ.get("SSL_CERT_DIR")
    if file:
        try:
            ssl.create_default_context(cafile=file)
        except (OSError, ValueError) as fault:  # SSLError is an OSError
            why = fault.strerror if isinstance(fault, FileNotFoundError | PermissionError) else "it holds none"
            advice = "Name a file of certificates in PEM, or unset it: nothing can be sent so."
            yield problem(f"SSL_CERT_FILE names {file}, which cannot be used: {why}.", advice)
        else:
            yield ok(f"certificates: {file} (SSL_CERT_FILE)", path=file)
    elif folder and not (Path(folder).is_dir() and os.access(folder, os.R_OK)):
        yield problem(f"SSL_CERT_DIR names {folder}, which is no folder.", "Correct it, or unset it.")
    else:
        source = f"{folder} (SSL_CERT_DIR)" if folder else "those that come with devtel"
        yield ok(f"certificates: {source}", path=folder)


def destination(env: Environment) -> Iterator[Finding]:
    """Whether each destination answers, is a report endpoint, and takes our key as far as a reader can know."""
    if env.offline:
        yield note("The destination was not asked (--offline).")
    elif not probe.addresses(env):
        yield note("No report URL is known here.", "Set report_url in .devtel.toml, or DEVTEL_REPORT_URL.")
    for url in probe.addresses(env):
        reply = probe.connection(env, url)
        yield _verdict(env, url, reply)
        if reply.status:
            yield from _version(url)


def reports(env: Environment) -> Iterator[Finding]:
    """What became of the last reports: the only proof that a key is right for them."""
    for decision in env.granted:
        trouble, stored = _last_flush(env, decision.url)
        if trouble:
            yield problem(f"The last flush said: {trouble}", "`devtel flush --verbose` tries again at once.")
        elif stored:
            at = datetime.fromtimestamp(stored).astimezone().strftime("%Y-%m-%d %H:%M")
            yield ok(f"{probe.host(decision.url)} stored a report at {at}")


def _last_flush(env: Environment, url: str) -> tuple[str, float]:
    """What is wrong since the last flush ("" for nothing), and when a report was stored last (0 for never)."""
    visits = [visit for one in env.decisions.values() if one.url == url for visit in env.visits(one.key)]
    trouble = next((visit.last_error for visit in visits if visit.last_error), "")
    return trouble, max((visit.last_success for visit in visits), default=0.0)


def _verdict(env: Environment, url: str, reply: Reply) -> Finding:
    host, status = probe.host(url), {"status": reply.status or None}
    if reply.fault:
        return _no_answer(host, reply)
    if reply.status == 200 and "id" in reply.values:
        return ok(f"{host} answers, and knows the connection of the report URL", **status)
    if reply.status in (401, 403):
        return _unauthorised(env, url, reply)
    if reply.status == 200:
        sentence = f"{host} answers, but not as a report endpoint does; a login or proxy page may be in between."
        return problem(sentence, "Open the address in a browser to see which.", **status)
    if 300 <= reply.status < 400 or reply.status == 404:
        sentence = responses.classify(reply.status, reply.headers, reply.body, host).sentence
        return problem(sentence, "report_url in .devtel.toml or your config, or DEVTEL_REPORT_URL, names it.", **status)
    advice = "Try again later, or ask its operator. Nothing is lost meanwhile."
    return problem(f"{host} answers {reply.status} to who asks for the connection.", advice, **status)


def _no_answer(host: str, reply: Reply) -> Finding:
    if reply.is_tls_fault:
        advice = "Set SSL_CERT_FILE to a file with your organisation's certificates, or ask the operator."
        return problem(f"{host} is not to be trusted: {reply.fault}.", advice, status=None)
    advice = "Check the address, the proxy and your connection. Nothing is lost: it is tried again."
    return problem(f"{host} does not answer: {reply.fault}.", advice, status=None)


def _unauthorised(env: Environment, url: str, reply: Reply) -> Finding:
    """A key for reports alone may not read the connection: only a report tells whether it is right."""
    host, status = probe.host(url), {"status": reply.status}
    if reply.headers.get("www-authenticate", "").lower().startswith("basic"):
        return problem(f"{host} wants people to sign in there.", "Reports go to its /api/rest address.", **status)
    trouble, stored = _last_flush(env, url)
    if stored and not trouble:
        return ok(f"{host} takes our reports; whether it knows the connection it tells no reader", **status)
    if reply.status == 401:
        return problem(f"{host} wants a key (401), at least from who reads.", "`devtel token set` keeps one.", **status)
    told = f"{host} does not let this key read the connection (403); it may still be right for reports."
    return note(told, "`devtel flush --verbose` shows whether it is.", **status)


def _version(url: str) -> Iterator[Finding]:
    reply = probe.version(url)
    told = reply.values.get("version")
    if isinstance(told, str):
        shown = "".join(c for c in told if c.isprintable())[:60]
        yield ok(f"{probe.host(url)} says that its version is {shown}", version=shown)
    elif reply.status != 200:
        yield note(f"{probe.host(url)} does not tell its version ({reply.status or reply.fault}).")
