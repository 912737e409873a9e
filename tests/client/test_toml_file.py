"""Reading TOML that anybody may have written: refused before it can cost a build seconds."""

import time
from pathlib import Path

import pytest

from devtelemetry_cli.client import toml_file

DEEP = {
    "a header": "[" + "a." * 30_000 + "a]",
    "a dotted key": "a." * 30_000 + "a = 1",
    "quoted keys": '"a".' * 13_000 + '"a" = 1',
    "literal keys": "'a'." * 13_000 + "'a' = 1",
    "blanks between": "a . " * 16_000 + "a = 1",
    "an inline table": "x = {" + "a." * 30_000 + "a = 1}",
}
FLAT = """\
report_url = "https://a.b.c.d.e.f.g.h.i.j.k.example/connections/1/report"
purpose = \"\"\"a.b.c.d.e.f.g.h.i.j.k.l \\\"\"\" still. a.b.c.d.e.f.g.h.i.j\"\"\"
contact = 'a.b.c.d.e.f.g.h.i.j.k.l@example.com'
targets = ["dev.up.%", "a.b.c.d.e.f.g.h.i.j.k.l"]  # a.b.c.d.e.f.g.h.i.j.k.l.m
numbers = [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 10.5]
"""


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "file.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_a_deep_key_is_refused_before_it_is_parsed(tmp_path: Path, text: str) -> None:
    before = time.process_time()
    with pytest.raises(ValueError, match="more than 8 levels"):
        toml_file.read(written(tmp_path, text), trusted=False)
    assert time.process_time() - before < 1  # tomllib takes over three


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="larger than 64 KiB"):
        toml_file.read(written(tmp_path, "#" * 70_000), trusted=False)
    assert toml_file.read(written(tmp_path, "#" * 70_000), trusted=True) == {}


def test_dots_in_texts_numbers_and_comments_are_no_levels(tmp_path: Path) -> None:
    document = toml_file.read(written(tmp_path, FLAT), trusted=False)
    assert list(document) == ["report_url", "purpose", "contact", "targets", "numbers"]


@pytest.mark.parametrize("text", ['"""' * 21_000, "'''" * 21_000, '"' * 64_000, "x" * 65_000, "[" * 65_000])
def test_what_is_no_toml_is_refused_soon(tmp_path: Path, text: str) -> None:
    before = time.process_time()
    with pytest.raises(ValueError, match="not TOML"):
        toml_file.read(written(tmp_path, text), trusted=False)
    assert time.process_time() - before < 1


def test_a_byte_order_mark_is_taken_off(tmp_path: Path) -> None:
    assert toml_file.read(written(tmp_path, b'\xef\xbb\xbfproject = "shop"\r\n'), trusted=False) == {"project": "shop"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_another_encoding_is_named(tmp_path: Path, encoding: str) -> None:
    content = 'project = "Bücher"'.encode(encoding)
    with pytest.raises(ValueError, match="UTF-16" if encoding == "utf-16" else "not encoded as UTF-8"):
        toml_file.read(written(tmp_path, content), trusted=False)
