"""The text of `.devtel.toml`: the maintainers' answers, with comments for its readers."""

import re
import tomllib
from dataclasses import dataclass

import tomli_w

from devtelemetry_cli.client import destination
from devtelemetry_cli.client.settings import ProjectFile
from devtelemetry_cli.errors import ConfigurationError
from devtelemetry_cli.model import target_names

MAX_LENGTH = 300  # of a text, as settings.py reads it


class InvalidAnswerError(ValueError):
    """A value that the project file cannot hold; the text is the reason."""


@dataclass(frozen=True)
class Answers:
    """The answers of the maintainers; empty where there is none."""

    organisation: str = ""
    purpose: str = ""
    contact: str = ""
    project: str = ""
    report_url: str = ""
    default_branch: str = ""
    targets: tuple[str, ...] = ()

    def equal(self, file: ProjectFile) -> bool:
        """Whether a project file already holds exactly these values."""
        return all(getattr(self, name) == getattr(file, name) for name in self.__dataclass_fields__)


def check_text(value: str) -> str:
    """The text as settings.py will read it. Raises InvalidAnswerError."""
    if any(not c.isprintable() for c in value):
        raise InvalidAnswerError("only printable characters on one line are allowed")
    text = " ".join(value.split())
    if len(text) > MAX_LENGTH:
        raise InvalidAnswerError(f"at most {MAX_LENGTH} characters are allowed")
    return text


def check_project(value: str) -> str:
    """A project's name. Raises InvalidAnswerError."""
    if value and not target_names.is_plain(value):
        raise InvalidAnswerError("use up to 64 letters, digits and ._%+/@:=-, with no / at the beginning")
    return value


def check_target(value: str) -> str:
    """A target name, or a pattern with one %. Raises InvalidAnswerError."""
    if not target_names.is_plain(value) or value.count("%") > 1:
        raise InvalidAnswerError(f"not a valid target name: '{value}' (letters, digits and ._%+/@:=-, at most one %)")
    return value


def check_url(value: str) -> str:
    """A report URL in its stored form, or "". Raises ConfigurationError."""
    return destination.parse(value).url if value.strip() else ""


def render(answers: Answers) -> str:
    """The text of the file; a value without an answer appears as a comment."""
    return "\n".join(
        [
            "# Build telemetry of this repository: who asks for it, why, and where it goes. Commit this file.",
            "# Nothing is recorded before a developer agrees; `devtel consent show` prints the notice.",
            "# Developers are asked again when organisation, purpose, contact or report_url changes.",
            _line("organisation", answers.organisation, "The Shop team"),
            _line("purpose", answers.purpose, "find the make targets that cost us the most time"),
            _line("contact", answers.contact, "a mail address or chat channel, for questions and erasure"),
            "",
            "# The project name in reports; without it, reports contain none.",
            _line("project", answers.project, "shop"),
            "",
            "# The whole address, up to /connections/ID/report: of DevLake's developer_telemetry plugin, or of",
            "# `devtel serve`. Without one, developers can only record locally. After a change,",
            "# `devtel init --yes` writes GNUmakefile or devtel.mk anew.",
            _line("report_url", answers.report_url, "https://devlake.example.org/api/rest/plugins/developer_telemetry"
                  "/connections/1/report"),
            "",
            "# Reports contain whether a run was on the default branch, never the name of a branch.",
            "# Default: origin/HEAD.",
            _line("default_branch", answers.default_branch, "main"),
            "",
            "# Only these targets, or patterns with one %, are sent by name; all others as (other).",
            "# Default: all targets.",
            _line("targets", list(answers.targets), ["test", "dev.up.%"]),
            "",
        ]
    )  # fmt: skip


def with_report_url(document: str, url: str) -> str:
    """A project file with this report_url and everything else unchanged. Raises ConfigurationError where unsafe."""
    line = f'report_url = "{url}"'
    new, count = re.subn(r"^[ \t]*report_url[ \t]*=[^\r\n]*", lambda _: line, document, count=1, flags=re.MULTILINE)
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
