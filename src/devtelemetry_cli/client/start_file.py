"""`start.mk`: how a build starts the devtel that works, in make's language, kept in the state folder by an agreement.

devtel.mk and GNUmakefile read it and run `python -I -S __main__.py wrap ...`, so that neither PATH nor PYTHONPATH,
PYTHONHOME, sitecustomize or a broken start script reach a recorded build. Both files check its two paths first.
"""

import contextlib
import os
import re
import sys
from pathlib import Path

import devtelemetry_cli
from devtelemetry_cli.client import atomic_files, consent_cache, settings
from devtelemetry_cli.client.consent import decisions
from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.errors import ConfigurationError


def refresh(state: StateDir) -> None:
    """Write the file where an agreement stands and it is missing or another devtel's; remove it where none stands.

    Under another user's home nothing changes. A damaged config changes nothing. Raises OSError.
    """
    folder = Path(state)
    if not folder.is_dir() or folder.stat().st_uid != os.geteuid():
        return
    try:
        user = settings.read_user(state.config)
        known = decisions.decisions(user).values()
    except ConfigurationError:
        return
    agreed = any(decision.state != consent_cache.DECLINED for decision in known)
    plugin = _plugin(state, wanted=agreed and user.engine == settings.PLUGIN)
    text = render(plugin) if agreed else None
    file = Path(state.start_file)
    if text is None:
        file.unlink(missing_ok=True)
    elif _text(file) != text:
        atomic_files.atomic_write(file, text.encode("utf-8", "surrogateescape"))


def render(plugin: dict[str, str]) -> str | None:
    """The text for this devtel and its plug-in; None where make cannot name it: spaces in a path, or an archive."""
    python = os.path.abspath(sys.executable or "")  # noqa: PTH100  not resolved: a virtual environment is a link
    main = Path(devtelemetry_cli.__file__).parent / "__main__.py"
    if not (sys.executable and main.is_file()) or re.search(r"\s", f"{python}{main}"):
        return None
    variables = {"devtel_python": python, "devtel_main": str(main), **plugin}
    return "".join(
        [
            "# How builds start devtel. Written by devtel, and again by each command that finds another text here.\n",
            *(f"override {name} := {_escaped(value)}\n" for name, value in variables.items()),
        ]
    )


def _plugin(state: StateDir, *, wanted: bool) -> dict[str, str]:
    """The variables of the plug-in, built where it is missing or stale; removed where it is not wanted."""
    folder, agreements = Path(state.plugin), Path(state.every_target_markers)
    wanted = wanted and agreements.is_dir() and any(agreements.iterdir())
    if not wanted and not folder.exists():
        return {}
    from devtelemetry_cli.client.plugin import approval, build  # noqa: PLC0415  most commands need neither

    if wanted:
        with contextlib.suppress(OSError):  # then the wrapper measures
            return approval.make_variables(folder, build.ensure(folder, dict(os.environ)))
    build.remove(folder)
    return {}


def _escaped(path: str) -> str:
    return path.replace("$", "$$").replace("#", r"\#")


def _text(file: Path) -> str | None:
    with contextlib.suppress(OSError):
        return file.read_bytes().decode("utf-8", "surrogateescape")
    return None
