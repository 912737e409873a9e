"""Which modules a `devtel wrap` loads beyond the interpreter's own, by devtel's own benchmark."""

from pathlib import Path

import devtelemetry_cli
from tests.helpers.developer import PYTHON, Developer

_DRIVER = Path(__file__).parents[2] / "bench" / "modules.py"
_START = Path(devtelemetry_cli.__file__).with_name("__main__.py")


def modules_loaded(developer: Developer, options: tuple[str, ...], *words: str) -> tuple[set[str], set[str]]:
    """(the modules loaded when make starts, those at the end) by an interpreter with these options."""
    out = developer.folder / "modules"
    out.unlink(missing_ok=True)
    developer.run(PYTHON, *options, str(_DRIVER), str(out), str(_START), "wrap", *words)
    when_make_starts, at_the_end = out.read_text().split("\n")
    return set(when_make_starts.split()), set(at_the_end.split())
