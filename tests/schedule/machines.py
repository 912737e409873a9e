"""What starts things daily, played by small programs that keep a file: no test touches a real crontab."""

from dataclasses import dataclass
from pathlib import Path

from support import Developer

CRONTAB = """\
#!/bin/sh
# crontab(1) as Debian's speaks: -l, -r and - only; `denied` and `broken` play what can go wrong
spool={folder}/spool
test -e {folder}/denied && echo 'You (me) are not allowed to use this program (crontab)' >&2 && exit 1
case "$1" in
-l) test -e {folder}/unreadable && echo 'spool: Input/output error' >&2 && exit 1
    cat "$spool" 2>/dev/null || {{ echo 'no crontab for me' >&2; exit 1; }} ;;
-r) rm "$spool" ;;
-)  cat > "$spool.new"
    test -e {folder}/broken && echo 'crontab: spool: No space left on device' >&2 && exit 1
    if test -s "$spool.new" && test -n "$(tail -c 1 "$spool.new")"; then
        echo 'new crontab file is missing newline before EOF' >&2; exit 1
    fi
    mv "$spool.new" "$spool" ;;
esac
"""
SYSTEMCTL = """\
#!/bin/sh
# systemctl(1) that notes what it was told; without the file `running` no manager answers
echo "$*" >> {folder}/calls
test -e {folder}/running || {{ echo 'Failed to connect to bus: No medium found' >&2; exit 1; }}
case "$*" in
*is-active*) test -e {folder}/active ;;
*" enable "*) test -e {folder}/stubborn && echo 'Failed to enable unit' >&2 && exit 1; touch {folder}/active ;;
*" disable "*) rm -f {folder}/active ;;
esac
"""


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


def play(developer: Developer, folder: Path) -> Machine:
    """Put both programs on the developer's PATH."""
    folder.mkdir()
    for name, text in (("crontab", CRONTAB), ("systemctl", SYSTEMCTL)):
        program = Path(developer.environ["PATH"].split(":")[0]) / name
        program.write_text(text.format(folder=folder))
        program.chmod(0o755)
    return Machine(developer, folder)
