"""The text of `.devtel.toml`: what the maintainers answered, with a comment for whoever reads it next."""

import re
import tomllib
from dataclasses import dataclass

import tomli_w

from devtelemetry_cli.client import destination
from devtelemetry_cli.client.settings import ProjectFile
from devtelemetry_cli.errors import ConfigurationError
from devtelemetry_cli.model import target_names

LONGEST = 300  # what settings.py reads of a text


class WrongAnswerError(ValueError):
    """A value that the project file cannot hold; the text says why."""


@dataclass(frozen=True)
class Answers:
    """What the maintainers said; empty where they said nothing."""

    organisation: str = ""
    purpose: str = ""
    contact: str = ""
    project: str = ""
    report_url: str = ""
    default_branch: str = ""
    targets: tuple[str, ...] = ()

    def is_said_by(self, file: ProjectFile) -> bool:
        """Whether a project file says all this already, and nothing else."""
        return all(getattr(self, name) == getattr(file, name) for name in self.__dataclass_fields__)


def checked_text(value: str) -> str:
    """A text as settings.py will read it. Raises WrongAnswerError."""
    if any(not c.isprintable() for c in value):
        raise WrongAnswerError("it may hold printable characters only, on one line")
    text = " ".join(value.split())
    if len(text) > LONGEST:
        raise WrongAnswerError(f"it may have {LONGEST} characters at most")
    return text


def checked_project(value: str) -> str:
    """A project's name. Raises WrongAnswerError."""
    if value and not target_names.is_plain(value):
        raise WrongAnswerError("up to 64 letters, digits and ._%+/@:=-, and no / to begin with")
    return value


def checked_target(value: str) -> str:
    """A target's name, or a family's. Raises WrongAnswerError."""
    if not target_names.is_plain(value) or value.count("%") > 1:
        raise WrongAnswerError(f"{value!r} is no target's name, with one % at most")
    return value


def checked_url(value: str) -> str:
    """A report URL as it is kept, or nothing. Raises ConfigurationError."""
    return destination.parse(value).url if value.strip() else ""


def render(answers: Answers) -> str:
    """The file's text. What was not answered stands there as a comment, so that it can be found."""
    return "\n".join(
        [
            "# Committed by the maintainers of a repository: who asks for build telemetry, why, and where it goes.",
            "# Nobody is recorded before they agreed; `devtel consent show` prints what they are asked.",
            "# Whoever agreed is asked again when organisation, purpose, contact or report_url change.",
            _line("organisation", answers.organisation, "The Shop team"),
            _line("purpose", answers.purpose, "find the make targets that cost us the most time"),
            _line("contact", answers.contact, "whom to ask, or to ask for erasure"),
            "",
            "# The project's name in reports; without it none is sent.",
            _line("project", answers.project, "shop"),
            "",
            "# The whole address, up to /connections/ID/report: of DevLake's developer_telemetry plugin, or of",
            "# `devtel serve`. Without one, runs can only be recorded for the developers themselves.",
            _line("report_url", answers.report_url, "https://devlake.example.org/api/rest/plugins/developer_telemetry"
                  "/connections/1/report"),
            "",
            "# Whether a run was on the default branch is part of a report, the name of a branch never is.",
            "# Left out: what origin/HEAD says.",
            _line("default_branch", answers.default_branch, "main"),
            "",
            "# Only these targets, or families with one %, are sent under their names; any other one as (other).",
            "# Left out: all of them.",
            _line("targets", list(answers.targets), ["test", "dev.up.%"]),
            "",
        ]
    )  # fmt: skip


def with_report_url(document: str, url: str) -> str:
    """A project file with this report_url and everything else unchanged. Raises ConfigurationError where unsafe."""
    line = f'report_url = "{url}"'
    new, count = re.subn(r"^[ \t]*report_url[ \t]*=.*$", lambda _: line, document, count=1, flags=re.MULTILINE)
    if not count:
        table = re.search(r"^[ \t]*\[", document, re.MULTILINE)
        end = table.start() if table else len(document)
        newline = "" if document[:end].endswith("\n") or not end else "\n"
        new = f"{document[:end]}{newline}{line}\n{document[end:]}"
    if _parsed(new) != {**_parsed(document), "report_url": url}:
        raise ConfigurationError("The project file cannot be changed safely.", f"Add this line to it: {line}")
    return new


def _parsed(document: str) -> dict[str, object]:
    try:
        return tomllib.loads(document)
    except tomllib.TOMLDecodeError as fault:
        raise ConfigurationError(f"The project file is not TOML: {fault}.", "Correct it first.") from None


def _line(name: str, value: str | list[str], example: str | list[str]) -> str:
    text = tomli_w.dumps({name: value or example}, indent=0).strip()
    line = text.replace("[\n", "[").replace(",\n]", "]").replace(",\n", ", ")
    return line if value else f"# {line}"
