"""Which names are kept as typed."""

import string

import pytest

from devtelemetry_cli.model import target_names


@pytest.mark.parametrize("name", ["a", "dev.up", "app/build-x86_64", "C++", "a@b:c=d%", "x" * 64, "-k"])
def test_a_plain_name_is_recorded_as_typed(name: str) -> None:
    assert target_names.sanitize(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "x" * 65, "/etc/passwd", "a b", "a\n", "a\0", "ü", "é", "a$(id)", "a;b", "'a'", "a\\b", "~", "\udcff", "٣"],
)
def test_any_other_name_is_recorded_as_other(name: str) -> None:
    assert target_names.sanitize(name) == target_names.OTHER


def test_other_is_no_name_that_anybody_can_type() -> None:
    assert not target_names.is_plain(target_names.OTHER)


def test_the_letters_are_the_documented_ones() -> None:
    kept = {chr(code) for code in range(0x3000) if target_names.is_plain("x" + chr(code))}
    assert kept == set(string.ascii_letters + string.digits + "._%+/@:=-")


@pytest.mark.parametrize(
    ("name", "families", "folded"),
    [
        ("dev.up", (), False),
        ("dev.up", ("dev.up",), False),
        ("dev.up", ("dev.%",), False),
        ("dev.up", ("%.up",), False),
        ("dev.up", ("d%p",), False),
        ("dev.up", ("test", "dev.%"), False),
        ("dev.up", ("%",), False),
        ("dev.up", ("test",), True),
        ("dev.up", ("dev",), True),
        ("dev.up", ("dev.up%",), True),
        ("aa", ("aa%a",), True),
        ("aba", ("ab%ba",), True),
    ],
)
def test_a_name_outside_the_wanted_families_is_folded(name: str, families: tuple[str, ...], folded: bool) -> None:
    assert target_names.is_aggregated(name, families) is folded
