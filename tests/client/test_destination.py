"""Report URLs: validation, keys and labels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtelemetry_cli.client import destination
from devtelemetry_cli.errors import ConfigurationError

REPORT = "/connections/1/report"


@pytest.mark.parametrize(
    "url",
    [
        "http://host:8080/plugins/developer_telemetry/connections/1/report",
        "http://host:8080/rest/plugins/developer_telemetry/connections/23/report",
        "https://host/api/rest/plugins/developer_telemetry/connections/1/report",
        f"HTTPS://Host.Example.COM{REPORT}",
        f"https://[::1]:8080{REPORT}",
    ],
)
def test_every_address_of_a_report_endpoint_is_accepted(url: str) -> None:
    assert destination.parse(url).url == url


@pytest.mark.parametrize("around", [" {} ", "{}/", "\n{}\n", "{}//"])
def test_blanks_and_slashes_around_an_address_are_not_part_of_it(around: str) -> None:
    assert destination.parse(around.format(f"https://host{REPORT}")) == destination.parse(f"https://host{REPORT}")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "begin with https"),
        ("devlake", "begin with https"),
        (f"ftp://host{REPORT}", "begin with https"),
        (f"file://{REPORT}", "begin with https"),
        (f"https://{REPORT}", "begin with https"),
        (f"//host{REPORT}", "begin with https"),
        (f"https://ann@host{REPORT}", "user name"),
        (f"https://ann:secret@host{REPORT}", "user name"),
        (f"https://host:99999{REPORT}", "host or port"),
        (f"https://host:x{REPORT}", "host or port"),
        (f"https://[::1{REPORT}", "host or port"),
        (f"https://{'a.' * 130}example{REPORT}", "longer than a host"),
        (f"https://host.example:{'0' * 4000}443{REPORT}", "longer than a host"),
        ("https://host/", "whole address"),
        ("https://host/connections/report", "whole address"),
        ("https://host/connections/x/report", "whole address"),
        (f"https://host{REPORT}s", "whole address"),
        (f"https://host{REPORT}/more/report", "whole address"),
        (f"https://host{REPORT}?key=1", "whole address"),
        (f"https://host{REPORT}#part", "whole address"),
        (f"https://hö.example{REPORT}", "characters"),
        (f"https://ho st{REPORT}", "characters"),
        (f"https://host/a\tb{REPORT}", "characters"),
        (f"https://host/\x1b[2J{REPORT}", "characters"),
    ],
)
def test_a_wrong_address_is_refused_with_the_reason(url: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as refused:
        destination.parse(url)
    assert refused.value.message.isprintable()


@pytest.mark.parametrize(
    "url",
    [
        f"https://ann:s3cret@host{REPORT}",
        f"ftp://ann:s3cret@host{REPORT}",
        f"https://ann:s3cret@host:99999{REPORT}",
        f"https://ann:s3cret@host\u2100{REPORT}",
        f"https://ann:s3cret@[::1{REPORT}",
        "https://ann:s3cret@",
        f"https://ann:s3cret/x@host{REPORT}",
        f"https://ann\n:s3cret@host:99999{REPORT}",
    ],
)
def test_a_password_in_an_address_is_never_shown(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        destination.parse(url)
    assert "s3cret" not in str(refused.value)


@given(st.text() | st.text("htps:/.[]@?#%01x\x1b\u2100").map(lambda text: f"https://{text}{REPORT}"))
def test_any_text_is_an_address_or_refused_in_printable_words(text: str) -> None:
    assert outcome(text).isprintable()


def outcome(text: str) -> str:
    try:
        return destination.parse(text).url
    except ConfigurationError as fault:
        return fault.message


def test_the_key_names_a_folder_and_differs_for_every_address() -> None:
    urls = [f"https://host{REPORT}", f"http://host{REPORT}", f"https://host:8443{REPORT}", f"https://host/x{REPORT}"]
    keys = {destination.parse(url).key for url in urls}
    assert len(keys) == len(urls)
    assert all(key.startswith("host") and "/" not in key for key in keys)


def test_the_key_of_an_address_stays_what_it_is() -> None:
    """Folders of records and the decisions in configs are named by it."""
    assert destination.parse(f"https://DevLake.example.com:8443{REPORT}").key == "devlake.example.com-8443-ead478568da1"


def test_an_address_in_brackets_makes_a_key_without_them() -> None:
    key = destination.parse(f"https://[::1]:8080{REPORT}").key
    assert set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")


@pytest.mark.parametrize(
    ("url", "elsewhere"),
    [
        ("http://localhost:8080", False),
        ("http://127.0.0.1", False),
        ("http://127.1.2.3:80", False),
        ("http://[::1]:8080", False),
        ("https://host", False),
        ("http://host", True),
        ("http://127.evil.example", True),
        ("http://localhost.evil.example", True),
        ("http://10.0.0.1", True),
    ],
)
def test_plain_http_to_another_machine_is_noted(url: str, elsewhere: bool) -> None:
    assert destination.parse(url + REPORT).is_plain_http_elsewhere is elsewhere


def test_the_host_is_shown_with_its_port() -> None:
    assert destination.parse(f"https://DevLake:8443{REPORT}").host == "devlake:8443"


@pytest.mark.parametrize(
    ("among", "shown"),
    [
        ([], "host:8080"),
        ([f"http://host:8080{REPORT}", f"http://other{REPORT}", "http://[", ""], "host:8080"),
        ([f"http://host:8080{REPORT}", "http://HOST:8080/connections/2/report"], f"http://host:8080{REPORT}"),
        ([f"https://host:8080{REPORT}"], f"http://host:8080{REPORT}"),
    ],
)
def test_a_label_is_the_host_unless_another_destination_shares_it(among: list[str], shown: str) -> None:
    assert destination.label(f"http://host:8080{REPORT}", among) == shown
