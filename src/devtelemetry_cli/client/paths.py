"""The layout of a developer's files. Loaded before make starts, so it imports only `os` and `sys`.

The folders are those of platformdirs; a test compares this module with it on every supported platform.
"""

import os
import sys

PROJECT_FILE = ".devtel.toml"


class StateDir:
    """The one owner of every path below the state folder; `config` is the user config that belongs to it.

    Paths are plain text, since the wrapper cannot afford pathlib. The names on disk must not change: an upgrade
    keeps every record.
    """

    __slots__ = ("config", "folder")

    def __init__(self, folder: "str | os.PathLike[str]", config: str = "") -> None:
        self.folder = os.fspath(folder)
        self.config = config or f"{self.folder}/config.toml"

    def __fspath__(self) -> str:
        return self.folder

    def __str__(self) -> str:
        return self.folder

    @property
    def journals(self) -> str:
        """The folder with one folder per journal."""
        return f"{self.folder}/journal"

    def journal(self, name: str, host: str = "") -> str:
        """The folder of a journal, or of one machine's part of it, with one file per local day."""
        return f"{self.journals}/{name}/{host}" if host else f"{self.journals}/{name}"

    @property
    def ledgers(self) -> str:
        """The folder with one folder per destination."""
        return f"{self.folder}/ledger"

    def ledger(self, key: str, host: str = "") -> str:
        """The folder of a destination's ledger, or of one machine's part of it, with one file per local day."""
        return f"{self.ledgers}/{key}/{host}" if host else f"{self.ledgers}/{key}"

    @property
    def hosts(self) -> str:
        """The folder with one machine key per host name."""
        return f"{self.folder}/hosts"

    @property
    def consent_cache(self) -> str:
        """The folder of cached consent states."""
        return f"{self.folder}/verdicts"

    def declined_marker(self, key: str) -> str:
        """The file that makes devtel.mk run plain make for a destination."""
        return f"{self.folder}/declined/{key}"

    def question_marker(self, key: str) -> str:
        """The file by which GNUmakefile uses the wrapper at a terminal, since a person is to be asked again."""
        return f"{self.folder}/ask/{key}"

    @property
    def invitations(self) -> str:
        """The file that counts how often consent was asked for."""
        return f"{self.folder}/invitations.json"

    @property
    def dropped(self) -> str:
        """The file that counts records that could not be written."""
        return f"{self.folder}/dropped"

    @property
    def pending_erasures(self) -> str:
        """The file of erasures that an endpoint has not confirmed yet."""
        return f"{self.folder}/erasures.json"

    @property
    def plugin(self) -> str:
        """The folder of the plug-in that make loads, and of the makes it is approved for."""
        return f"{self.folder}/plugin"

    @property
    def every_target_markers(self) -> str:
        """The folder with one file per destination that has an agreement to every target."""
        return f"{self.folder}/every"

    @property
    def start_file(self) -> str:
        """The file by which a Makefile starts the devtel that works, for recorded builds."""
        return f"{self.folder}/start.mk"

    def lock(self, name: str) -> str:
        """The lock file of an activity (`client.locks` names them)."""
        return f"{self.folder}/{name}.lock"


def day_file(journal: str, date: str) -> str:
    """The file of a local day (YYYY-MM-DD) in a journal's folder."""
    return f"{journal}/{date}.jsonl"


def local_journal(key: str) -> str:
    """The name of a destination's journal of `local` records: separate, so that no later grant sends them."""
    return f"{key}.local"


def state_dir(environ: dict[str, str]) -> StateDir:
    """The state folder and user config that the environment names."""
    return StateDir(state_folder(environ), config_file(environ))


def config_file(environ: dict[str, str], platform: str = sys.platform) -> str:
    """The path of the user config, `config.toml`; with DEVTEL_HOME inside that folder."""
    return _folder(environ, "XDG_CONFIG_HOME", "/.config", platform) + "/config.toml"


def state_folder(environ: dict[str, str], platform: str = sys.platform) -> str:
    """The state folder: journals, ledgers and markers; with DEVTEL_HOME that folder itself."""
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
    """The working directory, or None where it was deleted meanwhile."""
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
