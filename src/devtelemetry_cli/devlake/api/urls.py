"""Paths and queries of DevLake's API."""

from urllib.parse import quote, urlencode

Query = str | int | bool


def segment(text: object) -> str:
    """One segment of a path, percent-encoded: names of projects and scopes contain slashes."""
    encoded = quote(str(text), safe="")
    return encoded.replace(".", "%2E") if encoded in (".", "..") else encoded  # would otherwise change the folder


def with_query(path: str, query: dict[str, Query]) -> str:
    """The path with its query, booleans as Go spells them."""
    texts = {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()}
    return f"{path}?{urlencode(texts)}" if texts else path
