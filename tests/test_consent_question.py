"""The question at the end of a run, at a real pseudo-terminal: asked when it may be, answered as it was meant."""

import json
import re
import sys
import time

import pytest

from devtelemetry_cli.client import text
from devtelemetry_cli.client.consent import prompt
from tests.helpers.developer import DEVTEL, PYTHON, Developer
from tests.helpers.question_terminal import PROMPT, SCHEDULE, end, terminal

MAKEFILE = """
impl-work:
\t@echo worked
impl-fail:
\t@false
impl-after:
\t@echo reached
impl-outer:
\t@$(MAKE) --no-print-directory work
"""


@pytest.fixture
def builder(developer: Developer) -> Developer:
    """An undecided developer with a Makefile."""
    developer.makefile(MAKEFILE)
    return developer


def answer(developer: Developer, keys: str) -> str:
    """Run a build and answer its question, without a schedule after a yes; what was said after it."""
    with terminal(developer, "make", "work") as child:
        child.expect_exact("worked")
        child.expect_exact(PROMPT)
        child.send(keys)
        if keys.lower().startswith("y"):
            child.expect_exact(SCHEDULE)
            child.send("n\r")
        said = end(child)
        assert child.exitstatus == 0
        return said


def invitations(developer: Developer) -> dict[str, int]:
    """How often each destination was asked for."""
    times: dict[str, int] = json.loads((developer.state / "invitations.json").read_text())["times"]
    return times


@pytest.mark.parametrize(
    ("keys", "state"),
    [
        ("y\r", "granted"),
        ("yes\r", "granted"),
        ("Y\r", "granted"),
        ("l\r", "local"),
        ("local\r", "local"),
        ("local only\r", "local"),
        ("v\r", "declined"),
        ("never\r", "declined"),
        ("vx\x7f\r", "declined"),
    ],
)
def test_an_answer_is_carried_out(builder: Developer, keys: str, state: str) -> None:
    answer(builder, keys)
    assert builder.status()["consent"] == state


@pytest.mark.parametrize(
    "keys",
    ["\r", "\x03", "\x04", "\x1c", "   \r", "n\r", "not now\r"],
    ids=["Enter", "Ctrl-C", "end of input", "Ctrl-backslash", "spaces", "n", "not now"],
)
def test_what_is_no_answer_means_not_now_and_is_not_stored(builder: Developer, keys: str) -> None:
    assert "Not now, then" in answer(builder, keys)
    assert not builder.config.exists()
    assert builder.kept() == {"invitations.json"}


def test_ctrl_c_at_the_question_does_not_end_the_make_above(builder: Developer) -> None:
    with terminal(builder, "make", "work") as child:
        child.expect_exact(PROMPT)
        child.send("\x03")
        assert "Not now" in end(child)
        assert child.exitstatus == 0


@pytest.mark.parametrize("arguments", [["work", "after"], ["all"], ["X=1", "after", "work", "other"], []])
def test_nothing_is_read_or_printed_where_more_of_the_call_may_follow(builder: Developer, arguments: list[str]) -> None:
    builder.makefile(f"{MAKEFILE}impl-other:\n\t@true\n")
    with (builder.project / "Makefile").open("a") as makefile:
        makefile.write(".DEFAULT_GOAL = all\nall: work after\n")
    with terminal(builder, "make", *arguments) as child:
        said = end(child)
    asked = arguments not in (["all"], [])
    assert PROMPT not in said
    assert said.count("asks for build telemetry") == asked
    assert not asked or "asks for build telemetry" in said.splitlines()[-1]


def test_show_me_shows_every_field_and_asks_again(builder: Developer) -> None:
    with terminal(builder, "make", "work") as child:
        child.expect_exact(PROMPT)
        child.send("s\r")
        child.expect_exact("metrics.targets[].waited_seconds")
        child.expect_exact(PROMPT)
        child.send("never\r")
        end(child)
    assert builder.status()["consent"] == "declined"


def test_a_typed_no_is_asked_whether_for_now_or_for_good(builder: Developer) -> None:
    with terminal(builder, "make", "work") as child:
        child.expect_exact(PROMPT)
        child.send("no\r")
        child.expect_exact("No for now, or for good? Please answer n (not now) or v (never).")
        child.expect_exact(PROMPT)
        child.send("n\r")
        end(child)
    assert not builder.config.exists()


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_the_question_fits_the_terminal(builder: Developer, columns: int) -> None:
    builder.project_file(purpose="find the targets that cost us time", contact="developer-experience@acme.example")
    with terminal(builder, "make", "work", columns=columns) as child:
        child.expect_exact("worked")
        child.expect_exact(PROMPT)
        lines = re.sub(r"\x1b\[\d*m", "", str(child.before) + PROMPT).strip().splitlines()
        child.send("\r")
        end(child)
    assert max(text.columns(line) for line in lines) <= columns
    assert " ".join(lines).count("127.0.0.1") == 1
    (agree,) = [number for number, line in enumerate(lines) if line.startswith("Agree? [y]es / [l]ocal only / [N]ot")]
    assert lines[agree - 1] == "    >>>  127.0.0.1:9  <<<"
    assert columns < 80 or (agree, len(lines)) == (len(lines) - 1, 8)


def test_an_answer_that_is_none_is_explained_and_asked_again(builder: Developer) -> None:
    with terminal(builder, "make", "work") as child:
        child.expect_exact(PROMPT)
        child.send("maybe\r")
        child.expect_exact("Please answer y, l, n, v or s")
        child.expect_exact(PROMPT)
        child.send("\r")
        end(child)
    assert not builder.config.exists()


def test_a_minute_of_silence_means_not_now(builder: Developer) -> None:
    driver = (
        "from devtelemetry_cli.client.consent import prompt; prompt.SILENCE = 0.2; "
        "print('answer:', repr(prompt.ask('intro ', 'details', 'question > ')))"
    )
    with terminal(builder, PYTHON, "-c", driver) as child:
        assert "answer: ''" in end(child)


def test_the_minute_starts_anew_with_each_key() -> None:
    assert prompt.SILENCE == 60


def test_type_ahead_is_not_consent_and_reaches_the_shell(builder: Developer) -> None:
    builder.makefile("impl-slow:\n\t@echo wor''king; while [ ! -e go ]; do sleep 0.02; done")
    with terminal(builder, "bash", "--norc", "-i") as child:
        child.sendline("make slow")
        child.expect_exact("working")
        child.send("yesplease\r")
        (builder.project / "go").touch()
        child.expect_exact("yesplease: command not found")
        assert PROMPT not in str(child.before)
        child.sendline("exit")
        end(child)
    assert builder.kept() == set()


def test_type_ahead_without_its_enter_is_not_consent_either(builder: Developer) -> None:
    builder.makefile("impl-slow:\n\t@echo wor''king; while [ ! -e go ]; do sleep 0.02; done")
    with terminal(builder, "bash", "--norc", "-i") as child:
        child.sendline("make slow; echo fini''shed")
        child.expect_exact("working")
        child.send("y")
        child.expect_exact("y")  # echoed: it has arrived
        (builder.project / "go").touch()
        child.expect_exact("finished")
        assert PROMPT not in str(child.before)
        child.send("\x15exit\r")
        end(child)
    assert builder.kept() == set()


@pytest.mark.parametrize("goals", [["fail"], ["outer"]], ids=["after a failure", "a run inside a run, for itself"])
def test_a_failure_is_not_the_moment_to_ask_and_a_nested_run_is_asked_once(
    builder: Developer, goals: list[str]
) -> None:
    with terminal(builder, "make", *goals) as child:
        if goals == ["outer"]:
            child.expect_exact(PROMPT)
            child.send("\r")
        assert PROMPT not in end(child)


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [
        (["-j2", "work"], {}),
        (["work"], {"CI": "true"}),
        (["work"], {"DO_NOT_TRACK": "1"}),
        (["work"], {"TERM": "dumb"}),
    ],
    ids=["parallel", "CI", "DO_NOT_TRACK", "dumb terminal"],
)
def test_where_nobody_should_be_asked_nothing_is_printed(
    builder: Developer, arguments: list[str], environ: dict[str, str]
) -> None:
    builder.environ |= environ
    with terminal(builder, "make", *arguments) as child:
        assert end(child).split() == ["worked"]
    assert builder.kept() == set()


@pytest.mark.parametrize("state", ["grant", "local", "decline"])
def test_who_has_decided_is_not_asked_again(builder: Developer, state: str) -> None:
    builder.devtel("consent", state)
    with terminal(builder, "make", "work") as child:
        assert end(child).split() == ["worked"]


def test_without_a_report_url_nobody_is_asked(builder: Developer) -> None:
    builder.project_file("")
    with terminal(builder, "make", "work") as child:
        assert end(child).split() == ["worked"]


def test_where_only_stderr_is_a_terminal_one_line_invites(builder: Developer) -> None:
    with terminal(builder, "sh", "-c", "make work < /dev/null") as child:
        said = end(child)
    assert said.count("\n") == 2
    assert "`devtel consent` shows the details" in said
    assert list(invitations(builder).values()) == [1]


def test_a_job_in_the_background_neither_asks_nor_stops(builder: Developer) -> None:
    with terminal(builder, "bash", "--norc", "-i") as child:
        child.sendline("PS1='$ '; set +m; set -m; make work & wait; echo fini''shed")
        child.expect_exact("finished")
        assert PROMPT not in str(child.before)
        child.sendline("exit")
        end(child)
    assert not (builder.state / "invitations.json").exists()


def test_people_are_asked_once_in_seven_days(builder: Developer) -> None:
    answer(builder, "\r")
    with terminal(builder, "make", "work") as child:
        assert PROMPT not in end(child)
    age_invitation(builder, days=8)
    answer(builder, "\r")


def test_people_are_asked_five_times_for_one_destination(builder: Developer) -> None:
    for _ in range(5):
        answer(builder, "\r")
        age_invitation(builder, days=8)
    with terminal(builder, "make", "work") as child:
        assert PROMPT not in end(child)


def age_invitation(developer: Developer, days: int) -> None:
    """Let the last invitation have been some days earlier."""
    file = developer.state / "invitations.json"
    book = json.loads(file.read_text())
    file.write_text(json.dumps({**book, "last": book["last"] - days * 86400}))


def test_the_invitation_is_counted_before_the_question(builder: Developer) -> None:
    with terminal(builder, "make", "work") as child:
        child.expect_exact(PROMPT)
        assert list(invitations(builder).values()) == [1]
        child.send("\r")
        end(child)


def test_what_cannot_be_counted_is_not_asked(builder: Developer) -> None:
    builder.state.mkdir()
    (builder.state / "invitations.json").mkdir()
    with terminal(builder, "make", "work") as child:
        assert end(child).split() == ["worked"]


@pytest.mark.parametrize("keys", ["y\r", "\r", "\x03", "s\r\r"])
def test_the_terminal_is_restored(builder: Developer, keys: str) -> None:
    with terminal(builder, "sh", "-c", "stty -a > before; make work; stty -a > after") as child:
        child.expect_exact(PROMPT)
        child.send(keys)
        if keys == "y\r":
            child.expect_exact(SCHEDULE)
            child.send("\x03")
        end(child)
    assert (builder.project / "before").read_text() == (builder.project / "after").read_text()


def test_the_terminal_is_restored_when_the_question_is_terminated(builder: Developer) -> None:
    with terminal(builder, "sh", "-c", "stty -a > before; make work; stty -a > after") as child:
        child.expect_exact(PROMPT)
        builder.run("pkill", "-TERM", "-f", "devtel wrap --make=make -- work")
        child.send("\r")
        end(child)
    assert (builder.project / "before").read_text() == (builder.project / "after").read_text()


def test_the_host_is_shown_large_and_plain_http_elsewhere_is_warned_about(builder: Developer) -> None:
    builder.project_file("http://telemetry.acme.test/connections/1/report")
    with terminal(builder, "make", "work") as child:
        child.expect_exact("WARNING: plain http")
        child.expect_exact(">>>  TELEMETRY.ACME.TEST  <<<")
        child.expect_exact(PROMPT)
        child.send("\r")
        end(child)


@pytest.mark.parametrize(("environ", "is_bold"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_the_host_is_bold_unless_colour_is_refused(builder: Developer, environ: dict[str, str], is_bold: bool) -> None:
    builder.environ |= environ
    with terminal(builder, "make", "work") as child:
        child.expect_exact(PROMPT)
        shown = str(child.before)
        child.send("\r")
        end(child)
    assert ("\x1b[1m    >>>  127.0.0.1:9  <<<\x1b[0m" in shown, "\x1b" in shown) == (is_bold, is_bold)


def test_a_project_file_cannot_draw_on_the_screen(builder: Developer) -> None:
    builder.project_file(organisation="Acme\x1b[2J\x07\nAgreed.", purpose="\u202eevil")
    with terminal(builder, "make", "work") as child:
        child.expect_exact(PROMPT)
        shown = str(child.before)
        child.send("\r")
        end(child)
    shown = shown.replace("\x1b[1m", "").replace("\x1b[0m", "")  # devtel's own: the host is bold
    assert re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u202e]", shown) is None


def test_when_the_purpose_changed_the_difference_is_shown_first(builder: Developer) -> None:
    builder.project_file(purpose="find slow targets")
    builder.grant()
    before = builder.config.read_text()
    builder.project_file(purpose="rank people")
    with terminal(builder, "make", "work") as child:
        child.expect_exact("purpose: was find slow targets, is now rank people")
        child.expect_exact(PROMPT)
        child.send("\r")
        end(child)
    assert builder.config.read_text() == before
    assert len(builder.ends()) == 1


def test_devtel_consent_shows_the_whole_notice_and_asks(builder: Developer) -> None:
    with terminal(builder, DEVTEL, "consent") as child:
        child.expect_exact("metrics.environment.memory_gib")
        child.expect_exact(PROMPT)
        child.send("yes\r")
        child.expect_exact("Your anonymous ID is")
        child.expect_exact("Send a report ")
        child.expect_exact(SCHEDULE)
        child.send("n\r")
        end(child)
    assert builder.status()["consent"] == "granted"


def test_devtel_consent_without_a_terminal_says_how_to_answer(builder: Developer) -> None:
    done = builder.devtel("consent")
    assert done.returncode == 2
    assert "devtel consent grant" in done.stderr


def test_a_grant_without_a_report_url_ends_with_78(builder: Developer) -> None:
    builder.project_file("")
    done = builder.devtel("consent", "grant")
    assert done.returncode == 78
    assert "No report URL is set" in done.stderr
    assert builder.devtel("consent", "local").returncode == 0


def test_a_damaged_config_is_moved_aside_by_a_new_decision(builder: Developer) -> None:
    builder.state.mkdir()
    builder.config.write_text("[[[")
    assert builder.devtel("consent", "grant").returncode == 0
    assert [file.read_text() for file in builder.state.glob("config.toml.damaged-*")] == ["[[["]
    assert builder.status()["consent"] == "granted"


def test_declining_deletes_every_record_and_keeps_no_identifier(builder: Developer) -> None:
    anonymous = builder.grant()
    builder.make("work")
    assert builder.devtel("consent", "decline").returncode == 0
    kept = builder.kept()
    assert not any(name.startswith(("journal", "ledger", "hosts", "tokens")) for name in kept)
    assert not any(anonymous in (builder.state / name).read_text() for name in kept)
    assert builder.status()["anonymous_id"] is None


def test_agreeing_to_one_destination_never_covers_another(builder: Developer) -> None:
    builder.grant()
    builder.project_file("http://127.0.0.1:9/plugins/developer_telemetry/connections/2/report")
    builder.make("work")
    assert builder.records() == []
    assert builder.status()["consent"] == "undecided"


def test_a_prompt_leaves_soon_when_its_terminal_is_gone(builder: Developer) -> None:
    with terminal(builder, "make", "work") as child:
        child.expect_exact(PROMPT)
        before = time.monotonic()
    assert time.monotonic() - before < 10
    assert not builder.config.exists()


if sys.platform == "darwin":
    pytest.skip("pseudo-terminals of macOS were not tried", allow_module_level=True)
