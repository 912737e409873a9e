"""The layout of a developer's files. Loaded before make starts, so it imports only what Python has loaded already.

The folders are those of platformdirs; a test compares this module with it on every supported platform.
"""

import posix  # `os` wraps the same calls, at 3 ms
import sys

TYPE_CHECKING = False  # as typing has it, without importing typing
if TYPE_CHECKING:
    import os

PROJECT_FILE = ".devtel.toml"
LOCAL = ".local"  # the end of a local journal's name


class StateDir:
    """The one owner of every path below the state folder; `config` is the user config that belongs to it.

    Paths are plain text, since the wrapper cannot afford pathlib. The names on disk must not change: an upgrade
    keeps every record.
    """

    __slots__ = ("config", "folder")

    def __init__(self, folder: "str | os.PathLike[str]", config: str = "") -> None:
        self.folder = posix.fspath(folder)
        self.config = config or f"{self.folder}/config.toml"

    @classmethod
    def of_journal(cls, folder: "str | os.PathLike[str]") -> "StateDir":
        """The state folder of one machine's part of a journal."""
        return cls(above(above(above(posix.fspath(folder)))))

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
    def background_flush(self) -> str:
        """The command that wrapped runs start once a day, where the developer chose that."""
        return f"{self.folder}/background-flush.json"

    @property
    def pending_erasures(self) -> str:
        """The file of erasures that an endpoint has not confirmed yet."""
        return f"{self.folder}/erasures.json"

    @property
    def plugin(self) -> str:
        """The folder of the plug-in that make loads, and of the makes it is approved for."""
        return f"{self.folder}/plugin"

    @property
    def calls(self) -> str:
        """The folder with one file per call of make that the plug-in's recorder records now."""
        return f"{self.folder}/calls"

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
    return f"{key}{LOCAL}"


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
    """The nearest `.devtel.toml` that counts, from the folder `start` upward to the root of its git repository.

    A file counts where it belongs to the user or root, or is inside the repository of `start`: anybody can put one
    into a folder above such as /tmp.
    """
    folder = start
    while True:
        candidate = _join(folder, PROJECT_FILE)
        if lexists(candidate) and (_is_trusted(candidate) or _is_in_repository(folder, start)):
            return candidate
        if folder == above(folder) or lexists(_join(folder, ".git")):
            return None
        folder = above(folder)


def foreign_path(state: StateDir) -> str:
    """The state folder or user config, or the folder to make it in, where it belongs to another user; "" elsewhere.

    Only the owner of a home records there, as sudo with the HOME of its caller would not be; nor does a grant count
    that another user has made.
    """
    return _foreign(state.folder, state.config)


def foreign_folder(state: StateDir) -> str:
    """The folder of the state or of the config where it belongs to another user; "" elsewhere.

    A single file of another user does not count: in a folder of one's own it can be replaced.
    """
    return _foreign(state.folder, above(state.config))


def _foreign(*paths: str) -> str:
    for path in paths:
        found, owner = _nearest(path)
        if owner != posix.geteuid() and (found == path or owner != 0):
            return found
    return ""


def above(path: str) -> str:
    """The folder of an absolute path, as os.path.dirname has it; that of `/` is `/`."""
    return path.rpartition("/")[0].rstrip("/") or "/"


def lexists(path: str) -> bool:
    """Whether there is such a file, or a link that leads nowhere, as os.path.lexists has it."""
    try:
        posix.lstat(path)
    except (OSError, ValueError):
        return False
    return True


def fsdecode(name: bytes) -> str:
    """A name or a word of a command line as text, as os.fsdecode has it."""
    return name.decode(sys.getfilesystemencoding(), sys.getfilesystemencodeerrors())


def fsencode(name: str) -> bytes:
    """The opposite of `fsdecode`."""
    return name.encode(sys.getfilesystemencoding(), sys.getfilesystemencodeerrors())


def working_folder() -> str | None:
    """The working directory, or None where it was deleted meanwhile."""
    try:
        return posix.getcwd()
    except OSError:
        return None


def _join(folder: str, name: str) -> str:
    return f"{folder}{name}" if folder.endswith("/") else f"{folder}/{name}"


def _is_trusted(path: str) -> bool:
    return posix.lstat(path).st_uid in (posix.geteuid(), 0)


def _is_in_repository(folder: str, start: str) -> bool:
    """Whether `folder` is inside a git repository of the owner of `start`."""
    while not lexists(git := _join(folder, ".git")):
        folder, below = above(folder), folder
        if folder == below:
            return False
    return posix.lstat(git).st_uid == posix.stat(start).st_uid


def _nearest(path: str) -> tuple[str, int]:
    """The path, or the nearest folder above it that can be looked at, and its owner."""
    while True:
        try:
            return path, posix.stat(path).st_uid
        except OSError:
            if path == above(path):
                return path, 0
            path = above(path)


def _folder(environ: dict[str, str], xdg: str, default: str, platform: str) -> str:
    chosen = environ.get("DEVTEL_HOME", "")
    if chosen.startswith("/"):
        return chosen
    base = environ.get(xdg, "")
    if base.startswith("/"):
        return _join(base, "devtel")
    if platform == "darwin":
        default = "/Library/Application Support"
    return f"{_home(environ)}{default}/devtel"


def _home(environ: dict[str, str]) -> str:
    home = environ.get("HOME", "")
    if home.startswith("/"):
        return home.rstrip("/")
    import pwd  # noqa: PLC0415  only where HOME says nothing

    try:
        return pwd.getpwuid(posix.getuid()).pw_dir.rstrip("/")
    except KeyError:
        return ""
