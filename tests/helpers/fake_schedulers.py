"""Small programs in place of crontab and systemctl: no test touches the real ones."""

from pathlib import Path

CRONTAB = """\
#!/bin/sh
# crontab(1) with Debian's messages: -l, -r and - only; the files `denied`, `broken` and `unreadable` cause failures
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
# systemctl(1) that records its calls; without the file `running` there is no manager
echo "$*" >> {folder}/calls
test -e {folder}/running || {{ echo 'Failed to connect to bus: No medium found' >&2; exit 1; }}
case "$*" in
*is-active*) test -e {folder}/active ;;
*" enable "*) test -e {folder}/stubborn && echo 'Failed to enable unit' >&2 && exit 1; touch {folder}/active ;;
*" disable "*) rm -f {folder}/active ;;
esac
"""

LAUNCHCTL = """\
#!/bin/sh
# launchctl(1) that records its calls; the file `stubborn` makes a load fail
echo "$*" >> {folder}/launchctl-calls
case "$1" in
print) test -e {folder}/loaded ;;
bootout) rm -f {folder}/loaded ;;
bootstrap) test -e {folder}/stubborn && echo 'Bootstrap failed: 5' >&2 && exit 1; touch {folder}/loaded ;;
esac
"""


def write_programs(bin_folder: Path, folder: Path) -> None:
    """Write both programs into a folder of the PATH; their files are in `folder`."""
    folder.mkdir(exist_ok=True)
    for name, text in (("crontab", CRONTAB), ("systemctl", SYSTEMCTL)):
        write_program(bin_folder / name, text.format(folder=folder))


def write_program(path: Path, text: str) -> None:
    """Write an executable file."""
    path.write_text(text)
    path.chmod(0o755)
