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


@pytest.mark.parametrize("name", [target_names.OTHER, target_names.DEFAULT, target_names.SEVERAL])
def test_the_names_in_parentheses_are_recorded_and_never_meet_a_plain_one(name: str) -> None:
    assert not target_names.is_plain(name)
    assert target_names.sanitize(name) == name


@pytest.mark.parametrize(
    ("goals", "name"),
    [
        ([], "(default)"),
        (["lint"], "lint"),
        (["lint", "test"], "lint+test"),
        (["c", "a", "b"], "c+a+b"),
        (["a", "b", "c", "d"], "(several)"),
        (["x" * 40, "y" * 40], "(several)"),
        (["x" * 70], "x" * 70),
    ],
)
def test_a_whole_call_is_named_by_its_goals(goals: list[str], name: str) -> None:
    assert target_names.from_goals(goals) == name


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
        ("test+dev.up", ("test", "dev.%"), False),
        ("test+lint", ("test", "dev.%"), True),
        ("c++", ("c++",), False),
        ("(default)", ("test",), False),
        ("(several)", ("test",), False),
    ],
)
def test_a_name_outside_the_wanted_families_is_folded(name: str, families: tuple[str, ...], folded: bool) -> None:
    assert target_names.is_aggregated(name, families) is folded
