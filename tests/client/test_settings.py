"""Settings with their sources; nothing in a file is trusted."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devtelemetry_cli.client.consent import decisions
from devtelemetry_cli.client.settings import (
    DamagedError,
    ProjectFile,
    ReportURL,
    UserConfig,
    read_project,
    read_toml,
    read_user,
    report_url,
)


def project(folder: Path, text: str) -> ProjectFile:
    (folder / ".devtel.toml").write_text(text)
    return read_project(str(folder / ".devtel.toml"))


def test_a_project_file_says_who_asks_for_what(tmp_path: Path) -> None:
    texts = 'organisation = "Example Ltd"\npurpose = "faster builds"\ncontact = "dx@example.com"\nproject = "shop"\n'
    rest = 'report_url = "https://h/"\ntargets = ["dev.%", "test"]\ndefault_branch = "trunk"\nlater = 1\n'
    read = project(tmp_path, texts + rest)
    assert (read.organisation, read.purpose, read.contact) == ("Example Ltd", "faster builds", "dx@example.com")
    assert (read.project, read.report_url) == ("shop", "https://h/")
    assert (read.targets, read.default_branch) == (("dev.%", "test"), "trunk")
    assert read.path == str(tmp_path / ".devtel.toml")


def test_a_missing_file_says_nothing(tmp_path: Path) -> None:
    assert read_project(None) == read_project(str(tmp_path / "none")) == ProjectFile()
    assert read_user(str(tmp_path / "none")) == UserConfig(path=str(tmp_path / "none"))
    assert read_toml(str(tmp_path / "none")) is None


@pytest.mark.parametrize("name", ["organisation", "purpose", "contact", "default_branch", "report_url"])
@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"a\u001b[2Jb", "a [2Jb"),
        (r"a\u0007\u0008b\u007f", "a b"),
        (r"one\ntwo\r\nthree\tfour", "one two three four"),
        (r"\u202egnp.exe", "gnp.exe"),
        (r"\u009b31m", "31m"),
        ("  much   room ", "much room"),
        ("Größe 日本", "Größe 日本"),
        ("x" * 400, "x" * 300),
    ],
)
def test_nothing_in_a_text_can_draw_on_a_terminal(tmp_path: Path, name: str, written: str, read: str) -> None:
    assert getattr(project(tmp_path, f'{name} = "{written}"'), name) == read


@pytest.mark.parametrize(
    "text",
    [
        "organisation = 1",
        "purpose = ['x']",
        "contact = true",
        "report_url = 2026-11-22",
        "default_branch = {}",
        "project = 1",
        "project = 'a b'",
        "project = '/x'",
        f"project = '{'x' * 65}'",
        "targets = 'dev.%'",
        "targets = [1]",
        "targets = ['a b']",
        "targets = ['%.%']",
        "targets = ['']",
        f"targets = {['x'] * 201}",
    ],
    ids=lambda text: text[:30],
)
def test_a_value_of_the_wrong_kind_damages_the_project_file(tmp_path: Path, text: str) -> None:
    name = text.partition(" ")[0]
    with pytest.raises(DamagedError, match=name):
        project(tmp_path, text)


@pytest.mark.parametrize("value", ["0", "3661", "-1", "1.5", "true", "'400'", "[]"])
def test_the_days_to_keep_are_a_sensible_number(tmp_path: Path, value: str) -> None:
    (tmp_path / "config.toml").write_text(f"keep_days = {value}")
    with pytest.raises(DamagedError, match="keep_days"):
        read_user(str(tmp_path / "config.toml"))


def test_a_user_config_keeps_what_we_do_not_know(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('keep_days = 30\nreport_url = "u"\n[mine]\nx = 1\n')
    read = read_user(str(tmp_path / "config.toml"))
    assert (read.keep_days, read.report_url) == (30, "u")
    assert read.values["mine"] == {"x": 1}


def test_without_a_setting_records_are_kept_for_400_days(tmp_path: Path) -> None:
    assert read_user(str(tmp_path / "none")).keep_days == 400


def put_fifo(path: Path) -> None:
    os.mkfifo(path)


def put_folder(path: Path) -> None:
    path.mkdir()


def put_device(path: Path) -> None:
    path.symlink_to("/dev/null")


def put_too_much(path: Path) -> None:
    path.write_bytes(b"#" * (1024 * 1024 + 1))


def put_no_toml(path: Path) -> None:
    path.write_text("[[[")


def put_other_bytes(path: Path) -> None:
    path.write_bytes(b"\xff\xfea\0")


def put_depth(path: Path) -> None:
    path.write_text("x = " + "[" * 100_000)


def put_loop(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize(
    "put", [put_fifo, put_folder, put_device, put_too_much, put_no_toml, put_other_bytes, put_depth, put_loop]
)
@pytest.mark.parametrize("read", [read_user, read_project])
def test_what_is_no_configuration_file_is_damaged(tmp_path: Path, put: object, read: object) -> None:
    put(tmp_path / "config.toml")  # type: ignore[operator]
    with pytest.raises(DamagedError) as fault:
        read(str(tmp_path / "config.toml"))  # type: ignore[operator]
    assert fault.value.path == str(tmp_path / "config.toml")
    assert fault.value.message.isprintable()


def test_a_config_below_a_file_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DamagedError, match="Not a directory"):
        read_user(str(tmp_path / "file" / "config.toml"))


TOML = st.lists(
    st.sampled_from(
        ["a", "project", "targets", "=", ".", "[", "]", "{", "}", '"', "'", "\n", ",", "1", "1e9", "-", ":"]
    )
    | st.sampled_from(
        ["2026-11-22", "T25:61", "\\u", "\\UFFFFFFFF", "0x", "inf", "nan", "true", " ", "'''", "9" * 5000]
    )
).map("".join)


@settings(max_examples=200)
@given(st.binary(max_size=200) | TOML.map(str.encode))
def test_noise_is_damage_and_nothing_worse(tmp_path: Path, noise: bytes) -> None:
    (tmp_path / "config.toml").write_bytes(noise)
    assert damage(read_user, tmp_path / "config.toml").isprintable()
    assert damage(read_project, tmp_path / "config.toml").isprintable()


def damage(read: Callable[[str], object], path: Path) -> str:
    try:
        read(str(path))
    except DamagedError as fault:
        return fault.message
    return ""


@pytest.mark.parametrize(
    ("environ", "user", "project_url", "expected"),
    [
        ({"DEVTEL_REPORT_URL": "e"}, "u", "p", ReportURL("e", "environment")),
        ({"DEVTEL_REPORT_URL": ""}, "u", "p", ReportURL("p", "project")),
        ({}, "u", "p", ReportURL("p", "project")),
        ({}, "u", "", ReportURL("u", "config")),
        ({}, "", "", ReportURL("", "")),
    ],
)
def test_the_address_that_applies_has_a_source(
    environ: dict[str, str], user: str, project_url: str, expected: ReportURL
) -> None:
    assert report_url(environ, UserConfig(report_url=user), ProjectFile(report_url=project_url)) == expected


@pytest.mark.parametrize("text", ["x = ", "keep_days = 'many'", "report_url = 5", "consent = 3"])
def test_nobody_is_told_to_remove_the_config_in_which_the_agreements_stand(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(DamagedError) as fault:
        decisions.decisions(read_user(str(tmp_path / "config.toml")))
    assert "remove" not in fault.value.advice
    assert "`devtel consent` keeps it under another name" in fault.value.advice


@pytest.mark.parametrize("value", ["5", '"make"', "true"])
def test_an_engine_is_one_of_two(tmp_path: Path, value: str) -> None:
    (tmp_path / "config.toml").write_text(f"engine = {value}")
    with pytest.raises(DamagedError, match='engine must be "plugin" or "wrapper"'):
        read_user(str(tmp_path / "config.toml"))
