"""Text files as editors on other systems save them."""

import pytest

from devtelemetry_cli.model import plain_text

TEXT = "a-token of the tëam\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_of_utf_8_is_taken_off(encoding: str) -> None:
    assert plain_text.decode(TEXT.encode(encoding)) == TEXT


@pytest.mark.parametrize("data", [TEXT.encode("utf-16"), "abc".encode("utf-16-be"), "abc".encode("utf-16-le")])
def test_utf_16_is_named(data: bytes) -> None:
    with pytest.raises(ValueError, match="encoded as UTF-16: save it as UTF-8"):
        plain_text.decode(data)


def test_any_other_encoding_is_no_utf_8() -> None:
    with pytest.raises(ValueError, match="not encoded as UTF-8"):
        plain_text.decode(TEXT.encode("latin-1"))


@pytest.mark.parametrize("data", [b"a\r\nb\r\n", b"\xef\xbb\xbfa\nb\n", b"a\nb\n"])
def test_marks_and_line_ends_make_no_difference(data: bytes) -> None:
    assert plain_text.normalised(data) == "a\nb\n"
