"""Files of other tools, wherever a distribution puts them."""

from pathlib import Path


def find(name: str) -> list[Path]:
    """Files called so, such as `faketime/libfaketime.so.1`, in /usr/lib and its like: to search all takes a second."""
    return [file for place in ("lib*", "lib*/*") for file in Path("/usr").glob(f"{place}/{name}")]
