"""The bytes of a text file that a person may have edited, on any system -> text."""

_UTF_16 = "it is encoded as UTF-16: save it as UTF-8"


def decode(data: bytes) -> str:
    """UTF-8 text, with or without a byte order mark. Raises ValueError, which names UTF-16."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError(_UTF_16)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not encoded as UTF-8") from None
    if "\0" in text[:2]:  # ASCII characters without a mark
        raise ValueError(_UTF_16)
    return text


def normalised(data: bytes) -> str:
    """A text as it was before an editor or git added a byte order mark or CRLF; never an error."""
    return data.decode("utf-8-sig", "replace").replace("\r\n", "\n")
