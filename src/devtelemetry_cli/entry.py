"""Which code a command starts: `wrap` goes straight on, since a build waits for it; everything else goes to `cli`."""

import sys

from devtelemetry_cli import direct_import


def main() -> None:
    """Run the `devtel` command with the process' own arguments."""
    if not sys.flags.isolated:
        from devtelemetry_cli.client import search_path  # noqa: PLC0415  a recorded build is isolated

        search_path.put_project_last()
    if sys.argv[1:2] == ["wrap"]:
        direct_import.load(direct_import.WRAP)
        from devtelemetry_cli import wrap  # noqa: PLC0415  the hot path loads nothing else

        wrap.main(sys.argv[2:])
    if sys.argv[1:2] == ["record-call"]:  # the plug-in in make (client/plugin/devtel.c)
        direct_import.load(direct_import.RECORD_CALL)
        from devtelemetry_cli import record_call  # noqa: PLC0415

        record_call.main(sys.argv[2:])
    from devtelemetry_cli import cli  # noqa: PLC0415

    cli.main()
