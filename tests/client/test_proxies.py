"""The proxy of a request: every way to name one and to exclude a host."""

import pytest

from devtelemetry_cli.client.proxies import proxy_for, without_credentials

PROXY = "http://proxy.example:3128"
VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "REQUEST_METHOD")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("name", "value", "url", "proxy"),
    [
        ("HTTPS_PROXY", PROXY, "https://host/", PROXY),
        ("https_proxy", PROXY, "https://host/", PROXY),
        ("HTTPS_PROXY", "proxy.example:3128", "HTTPS://host/", PROXY),
        ("HTTPS_PROXY", PROXY, "http://host/", None),
        ("http_proxy", PROXY, "http://host/", PROXY),
        ("ALL_PROXY", "socks5://s:1080", "http://host/", "socks5://s:1080"),
        ("HTTPS_PROXY", "", "https://host/", None),
    ],
)
def test_the_environment_names_the_proxy(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, url: str, proxy: str | None
) -> None:
    monkeypatch.setenv(name, value)
    assert proxy_for(url) == proxy


def test_the_variable_of_a_scheme_wins_over_all_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://other")
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    assert proxy_for("https://host/") == PROXY


@pytest.mark.parametrize(
    ("excluded", "host", "direct"),
    [
        ("*", "host", True),
        ("other, *", "host", True),
        ("host", "host", True),
        ("host", "www.host", True),
        ("host", "ghost", False),
        (".host", "www.host", True),
        ("host:8080", "host:8080", True),
        ("host:8080", "host:9090", False),
        ("10.0.0.0/8", "10.1.2.3:8080", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("fe80::/10", "[fe80::1]:8080", True),
        ("[fe80::]/10", "[fe80::1]", True),
        ("::1", "[::1]:8080", True),
        ("[::1]", "[::1]:8080", True),
        ("[::1", "[::1]", True),
        ("[::1]", "[::2]", False),
        ("10.0.0.0/8", "10.example", False),
        ("://, /, [, ]], %", "host", False),
        ("", "host", False),
    ],
)
def test_no_proxy_excludes_hosts_domains_and_ranges(
    monkeypatch: pytest.MonkeyPatch, excluded: str, host: str, direct: bool
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", excluded)
    assert proxy_for(f"https://{host}/connections/1/report") == (None if direct else PROXY)


@pytest.mark.parametrize(
    ("proxy", "shown"),
    [
        ("http://ann:s3cret@proxy:3128", "http://proxy:3128"),
        ("ann:s3cret@proxy", "http://proxy"),
        ("socks5://a@b:s3cret@proxy", "socks5://proxy"),
        (PROXY, PROXY),
    ],
)
def test_a_proxy_is_shown_without_its_password(proxy: str, shown: str) -> None:
    assert without_credentials(proxy) == shown
