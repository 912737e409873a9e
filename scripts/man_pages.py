"""The sections of the man pages that click does not know: examples, environment, files, exit status. Pure."""

import re
from collections.abc import Iterable

from devtelemetry_cli.client import chosen_target
from devtelemetry_cli.client.settings_reference import ENVIRONMENT, SETTINGS

# By command; the first word is printed in bold.
EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "devtel": (
        ("devtel consent", "read the notice and decide"),
        ("devtel status", "show what is recorded and sent in this folder"),
        ("devtel help stats", "explain a command"),
    ),
    "devtel consent": (
        ("devtel consent show", "print the notice without a decision"),
        ("devtel consent local", "record for yourself only"),
        ("devtel consent decline", "stop, and erase everything of this destination"),
    ),
    "devtel consent decline": (("devtel consent decline --all", "stop everywhere, and erase everything"),),
    "devtel consent forget": (
        ("devtel consent forget", "erase what was recorded and sent; a new ID is used from now on"),
    ),
    "devtel consent grant": (("devtel consent grant", "agree, after devtel consent show"),),
    "devtel consent list": (("devtel consent list", "each destination with its decision"),),
    "devtel consent local": (("devtel consent local", "record for yourself; then see devtel stats"),),
    "devtel consent setup": (("devtel consent setup", "what was left for later after a yes"),),
    "devtel consent show": (("devtel consent show", "the decision here, and the whole notice"),),
    "devtel status": (
        ("devtel status", "whether runs are recorded here, and why"),
        ("devtel status --json", "the same for a script"),
    ),
    "devtel show": (
        ("devtel show", "print the bytes of today's report"),
        ("devtel show yesterday --explain", "explain each field of yesterday's report"),
        ("devtel show --history", "list earlier reports and their answers"),
    ),
    "devtel stats": (
        ("devtel stats --days 7", "the last week"),
        ("devtel stats --target 'test%' --csv > tests.csv", "the targets that begin with test, for a spreadsheet"),
        ("devtel stats --open", "a page with charts, in the browser"),
    ),
    "devtel flush": (
        ("devtel flush --dry-run", "print the reports that would be sent"),
        ("devtel flush --verbose", "send now, with messages"),
    ),
    "devtel schedule": (("devtel schedule install", "send daily"), ("devtel schedule remove", "stop that")),
    "devtel schedule install": (
        ("devtel schedule install", "by the first scheduler of this machine"),
        ("devtel schedule install --with background", "after a recorded run, on a machine without a scheduler"),
    ),
    "devtel schedule remove": (("devtel schedule remove", "send only by hand from now on"),),
    "devtel schedule status": (("devtel schedule status", "when the reports are sent, and by which scheduler"),),
    "devtel token": (("devtel token set --file token.txt", "store a token from a file"),),
    "devtel token remove": (("devtel token remove", "delete the token of this destination"),),
    "devtel token set": (
        ("devtel token set --file token.txt", "store a token from a file"),
        ("devtel token set --command 'pass show devtel'", "store a token from a password manager"),
    ),
    "devtel doctor": (("devtel doctor -v", "list everything, also what is fine"),),
    "devtel purge": (("devtel purge --before 2026-01-01 --dry-run", "list what would be deleted"),),
    "devtel init": (
        ("devtel init", "answer questions at a terminal"),
        (
            "devtel init --yes --organisation Acme --purpose 'find slow targets' --contact ci@acme.example",
            "no questions",
        ),
    ),
    "devtel makefile": (
        ("devtel makefile --every-target", "measure whole calls; the Makefile stays as it is"),
        ("devtel makefile --every-target --private", "the same for yourself alone, hidden from git"),
        ("devtel makefile", "measure chosen targets, by devtel.mk"),
    ),
    "devtel profile": (
        ("devtel profile test", "run make test, and show each target's own time"),
        ("devtel profile --trace trace.json -- -j4 all", "also write a trace for Perfetto"),
    ),
    "devtel completion": (('eval "$(devtel completion bash)"', "completion in this bash"),),
    "devtel devlake": (
        ("devtel devlake discover", "what a DevLake collects, and what it could"),
        ("devtel devlake sync --dry-run", "what would be added"),
    ),
    "devtel devlake connect": (
        ("devtel devlake connect --name shop", "a connection for the reports of shop, with its token"),
    ),
    "devtel devlake discover": (("devtel devlake discover --json", "every connection and repository as JSON"),),
    "devtel devlake monitor": (("devtel devlake monitor --once", "exit code 1 where a blueprint failed, for cron"),),
    "devtel devlake plugin": (
        ("devtel devlake plugin --endpoint https://reports.acme.example", "collect the weekly figures of devtel serve"),
    ),
    "devtel devlake run": (("devtel devlake run shop --wait", "the pipeline's result as the exit code"),),
    "devtel devlake sync": (("devtel devlake sync --daily-at 18:00", "add new repositories every day"),),
    "devtel digest": (("devtel digest --format markdown --only-changes", "the last whole week, for a chat"),),
    "devtel serve": (("devtel serve --demo", "see the pages with made-up data"),),
    "devtel wrap": (("devtel wrap --make=gmake -- test", "run `gmake impl-test` and record it"),),
}
FILES = (
    ("~/.config/devtel/config.toml", "your consent decisions and settings"),
    ("~/.config/devtel/tokens/", "a file with the token of each destination, readable by you alone"),
    ("~/.local/state/devtel/", "journals, ledgers and markers"),
    (".devtel.toml", "the project file of a repository"),
    ("devtel.mk", "generated by devtel makefile, included by a Makefile"),
    ("GNUmakefile", "generated by devtel makefile --every-target, read by make before the Makefile"),
)
EXIT_STATUS = (
    ("0", "done, or nothing to do"),
    ("1", "failure"),
    ("2", "invalid arguments"),
    ("65, 69, 75, 77, 78", "report refused, endpoint unavailable, try later, token refused, configuration"),
)
WRAP_STATUS = (
    ("any", "the exit code of make; a make killed by a signal ends wrap by the same signal"),
    ("126, 127", "make cannot be run, make is missing"),
)


def sections(command: str) -> str:
    """The additional sections of one command's page, in roff."""
    is_wrap = command == "devtel wrap"
    parts = (
        [_section("OPTIONS", re.findall(r"^  (--\S.*?)  +(.+)$", chosen_target.HELP, flags=re.MULTILINE))]
        if is_wrap
        else []
    )
    parts.append(_section("EXIT STATUS", WRAP_STATUS if is_wrap else EXIT_STATUS))
    parts.append(_section("ENVIRONMENT", _variables(command)))
    parts.append(_section("FILES", FILES))
    parts.append(_section("EXAMPLES", EXAMPLES[command]))
    return "".join(parts)


def _variables(command: str) -> list[tuple[str, str]]:
    """The variables of `devtel serve`, of `devtel devlake`, or of all other commands."""
    own = next((f"`{name}`: " for name in ("devtel serve", "devtel devlake") if command.startswith(name)), "")
    rows = [row for row in SETTINGS if row.where == ENVIRONMENT]
    chosen = [row for row in rows if row.meaning.startswith(own or "`") == bool(own)]
    return [(row.name, row.meaning.removeprefix(own).replace("`", "")) for row in chosen]


def _section(title: str, rows: Iterable[tuple[str, str]]) -> str:
    return f".SH {title}\n" + "".join(f".TP\n\\fB{_roff(name)}\\fP\n{_roff(text)}\n" for name, text in rows)


def _roff(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return f"\\&{escaped}" if escaped.startswith(".") else escaped
