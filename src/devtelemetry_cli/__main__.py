"""Entry point: `wrap` goes straight on, since a build waits for it; everything else goes to `cli`.

Recorded builds start this file itself, isolated and without site-packages (`python -I -S`, client/start_file.py).
"""

import sys


def main() -> None:
    """Run the `devtel` command with the process' own arguments."""
    if not sys.flags.isolated:
        _search_project_last()
    if sys.argv[1:2] == ["wrap"]:
        from devtelemetry_cli import wrap  # noqa: PLC0415  the hot path loads nothing else

        wrap.main(sys.argv[2:])
    if sys.argv[1:2] == ["record-call"]:  # the plug-in in make (client/plugin/devtel.c)
        from devtelemetry_cli import record_call  # noqa: PLC0415

        record_call.main(sys.argv[2:])
    from devtelemetry_cli.cli import command  # noqa: PLC0415

    _replace_unprintable()
    command(prog_name="devtel")


def _search_project_last() -> None:
    """Search the folders of PYTHONPATH, and with `-m` the working directory, after devtel's own installation.

    They are the project's: its `select.py` or `click/` would replace Python's own or devtel's.
    """
    import os  # noqa: PLC0415  not in a recorded build, which is isolated

    def absolute(folder: str) -> str:
        try:
            return os.path.abspath(folder)  # noqa: PTH100  pathlib costs a wrapped run 9 ms
        except OSError:
            return folder  # the working directory is gone

    folders = {absolute(folder) for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep)}
    sys.path.sort(key=folders.__contains__)


def _replace_unprintable() -> None:
    """Print a replacement for a character that the locale's encoding lacks, instead of a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # closed by the caller
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]


if __name__ == "__main__":
    if not __package__:
        sys.path.append(__file__.rpartition("/")[0].rpartition("/")[0])
    main()
