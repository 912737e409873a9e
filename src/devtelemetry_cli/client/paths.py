"""Where devtel keeps what it keeps. On the way of every wrapped run: nothing but `os` is imported here.

The folders are platformdirs' own; a test holds this module against it for every platform we know.
"""

import os
import sys

PROJECT_FILE = ".devtel.toml"


def config_file(environ: dict[str, str], platform: str = sys.platform) -> str:
    """The user config, `config.toml`; with DEVTEL_HOME it stands in that folder."""
    return _folder(environ, "XDG_CONFIG_HOME", "/.config", platform) + "/config.toml"


def state_folder(environ: dict[str, str], platform: str = sys.platform) -> str:
    """The folder of journals, ledgers and markers; with DEVTEL_HOME it is that folder."""
    return _folder(environ, "XDG_STATE_HOME", "/.local/state", platform)


def project_file(start: str) -> str | None:
    """The nearest `.devtel.toml` from the folder `start` upward, not beyond the root of its git repository."""
    folder = start
    while True:
        candidate = os.path.join(folder, PROJECT_FILE)
        if os.path.lexists(candidate):
            return candidate
        parent = os.path.dirname(folder)
        if parent == folder or os.path.lexists(os.path.join(folder, ".git")):
            return None
        folder = parent


def working_folder() -> str | None:
    """The working directory, or None where it was deleted under us."""
    try:
        return os.getcwd()
    except OSError:
        return None


def _folder(environ: dict[str, str], xdg: str, default: str, platform: str) -> str:
    chosen = environ.get("DEVTEL_HOME", "")
    if chosen.startswith("/"):
        return chosen
    base = environ.get(xdg, "")
    if base.startswith("/"):
        return os.path.join(base, "devtel")
    if platform == "darwin":
        default = "/Library/Application Support"
    return f"{_home(environ)}{default}/devtel"


def _home(environ: dict[str, str]) -> str:
    home = environ.get("HOME", "")
    if home.startswith("/"):
        return home.rstrip("/")
    import pwd  # noqa: PLC0415  only where HOME says nothing

    try:
        return pwd.getpwuid(os.getuid()).pw_dir.rstrip("/")
    except KeyError:
        return ""
