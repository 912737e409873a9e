"""A developer's machine with its schedulers (see fake_schedulers.py)."""

from dataclasses import dataclass
from pathlib import Path

from tests.helpers import fake_schedulers
from tests.helpers.developer import Developer


@dataclass
class Machine:
    """A developer's machine with a crontab and, once `running` exists in `folder`, a user systemd."""

    developer: Developer
    folder: Path

    @property
    def spool(self) -> Path:
        """The crontab."""
        return self.folder / "spool"

    @property
    def units(self) -> Path:
        """The folder of the user's systemd units."""
        return self.developer.home / ".config" / "systemd" / "user"

    @property
    def agent(self) -> Path:
        """The property list of launchd."""
        return self.developer.home / "Library" / "LaunchAgents" / "devtel.flush.plist"

    def add_launchctl(self) -> None:
        """Give the machine a launchctl, as macOS has it."""
        text = fake_schedulers.LAUNCHCTL.format(folder=self.folder)
        fake_schedulers.write_program(self.developer.home.parent / "bin" / "launchctl", text)

    def touch(self, name: str) -> None:
        """Create one of these files."""
        (self.folder / name).touch()

    def schedule(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of `devtel schedule`."""
        done = self.developer.devtel("schedule", *arguments)
        return done.returncode, done.stdout, done.stderr

    def line(self) -> str:
        """The line of devtel in the crontab."""
        lines = self.spool.read_text(errors="replace").splitlines()
        (marked,) = [line for line in lines if " # devtel schedule: " in line and not line.startswith("#")]
        return marked


def machine_of(developer: Developer) -> Machine:
    """The machine that every developer of the tests has."""
    return Machine(developer, developer.folder / "machine")
