"""The door: `wrap` goes straight in, since a build waits for it; everything else goes to `cli`.

Recorded builds start this file itself, isolated and without site-packages (`python -I -S`, client/start_file.py).
"""

import sys


def main() -> None:
    """Run the `devtel` command with the process' own arguments."""
    if sys.argv[1:2] == ["wrap"]:
        from devtelemetry_cli import wrap  # noqa: PLC0415  the hot path loads nothing else

        wrap.main(sys.argv[2:])
    if sys.argv[1:2] == ["record-call"]:  # the plug-in in make (client/plugin/devtel.c)
        from devtelemetry_cli import record_call  # noqa: PLC0415

        record_call.main(sys.argv[2:])
    from devtelemetry_cli.cli import command  # noqa: PLC0415

    command(prog_name="devtel")


if __name__ == "__main__":
    if not __package__:
        sys.path.append(__file__.rpartition("/")[0].rpartition("/")[0])
    main()
