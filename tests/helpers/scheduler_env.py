"""A developer's machine as far as it starts things daily (the programs that play it: programs.py)."""

from dataclasses import dataclass
from pathlib import Path

from tests.helpers.developer import Developer


@dataclass
class Machine:
    """A developer's machine with a crontab and, once `running` exists in `folder`, a systemd of theirs."""

    developer: Developer
    folder: Path

    @property
    def spool(self) -> Path:
        """The crontab."""
        return self.folder / "spool"

    @property
    def units(self) -> Path:
        """Where the units of the user's systemd are."""
        return self.developer.home / ".config" / "systemd" / "user"

    def now(self, name: str) -> None:
        """Let one of the things above be so."""
        (self.folder / name).touch()

    def schedule(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of `devtel schedule`."""
        done = self.developer.devtel("schedule", *arguments)
        return done.returncode, done.stdout, done.stderr

    def line(self) -> str:
        """Our line in the crontab."""
        lines = self.spool.read_text(errors="replace").splitlines()
        (ours,) = [line for line in lines if line.endswith("# devtel schedule") and not line.startswith("#")]
        return ours


def machine_of(developer: Developer) -> Machine:
    """The machine that every developer of the tests has."""
    return Machine(developer, developer.folder / "machine")
