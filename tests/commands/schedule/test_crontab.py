"""devtel schedule in a crontab: one marked line, which works as cron runs it; every other byte stays."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from devtelemetry_cli.commands.schedule import crontab, job
from devtelemetry_cli.errors import ConfigurationError
from tests.helpers.developer import DEVTEL, Developer
from tests.helpers.report_endpoint import listening
from tests.helpers.scheduler_env import Machine

OTHERS = [
    b"",
    b"# mine\nMAILTO=me\n5 4 * * * backup # nightly\n",
    b"5 4 * * * backup\r\n\r\n# CRLF\r\n",
    b"5 4 * * * backup",
    b"\xff\xfe not UTF-8\n",
    b"#17 11 * * * /usr/bin/devtel flush # devtel schedule\n",
]


def as_cron_runs(line: str) -> str:
    """What cron hands to the shell: the sixth field on, with \\% as %."""
    command = line.split(None, 5)[5]
    assert not re.search(r"(?<!\\)%", command), "cron would make a line break of it"
    return command.replace("\\%", "%")


@pytest.mark.parametrize("others", OTHERS)
def test_other_lines_keep_every_byte(machine: Machine, others: bytes) -> None:
    machine.spool.write_bytes(others)
    code, _, said = machine.schedule("install")
    if code:  # this crontab takes no file without a line break at its end
        assert "missing newline" in said
    else:
        assert machine.spool.read_bytes().replace(machine.line().encode() + b"\n", b"") == others
        assert machine.schedule("remove")[0] == 0
    left = machine.spool.read_bytes() if machine.spool.exists() else b""
    assert left == others


def test_installing_again_changes_nothing_and_keeps_the_time(machine: Machine) -> None:
    machine.schedule("install")
    before = machine.spool.read_bytes()
    code, said, _ = machine.schedule("install")
    assert (code, machine.spool.read_bytes()) == (0, before)
    assert said.startswith("Already installed")


def test_a_changed_setting_is_brought_up_to_date_at_the_same_time_of_day(machine: Machine) -> None:
    machine.schedule("install")
    before = machine.line()
    machine.developer.environ["SSL_CERT_FILE"] = "/etc/ssl/our ca.pem"
    assert "out of date" in machine.schedule("status")[2]
    machine.schedule("install")
    assert "'SSL_CERT_FILE=/etc/ssl/our ca.pem'" in machine.line()
    assert machine.line().split()[:5] == before.split()[:5]


@pytest.mark.parametrize("times", ["*/30 8-18 * * 1-5", "@daily", "@reboot"])
def test_a_time_chosen_by_the_user_stays(machine: Machine, times: str) -> None:
    machine.schedule("install")
    command = machine.line().split(None, 5)[5]
    machine.spool.write_text(f"{times} {command}\n")
    assert machine.schedule("install")[1].startswith("Already installed")
    assert machine.line() == f"{times} {command}"
    assert machine.schedule("status")[1] == f"{times} (crontab)\n"


def test_machines_choose_times_of_their_own(machine: Machine) -> None:
    times = set()
    for _ in range(6):
        machine.schedule("install")
        minute, hour, *every = machine.line().split()[:5]
        assert every == ["*", "*", "*"]
        assert 9 <= int(hour) < 17
        times.add((hour, minute))
        machine.schedule("remove")
    assert len(times) > 1


def test_the_line_reports_as_cron_runs_it(machine: Machine, tmp_path: Path) -> None:
    developer = machine.developer
    moved = tmp_path / "home of 100% o'brien"
    developer.environ["DEVTEL_HOME"] = str(moved)
    with listening() as endpoint:
        developer.project_file(endpoint.url)
        developer.grant()
        developer.makefile("impl-work:\n\t@true")
        assert developer.make("work").returncode == 0
        machine.schedule("install")
        bare = ["env", "-i", "PATH=/usr/bin:/bin", "HOME=/nonexistent", "LOGNAME=me", "SHELL=/bin/sh"]
        done = developer.run(*bare, "/bin/sh", "-c", as_cron_runs(machine.line()), cwd="/")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert len(endpoint.requests) == 1


def test_without_a_cron_daemon_a_warning_says_so(machine: Machine) -> None:
    if crontab.is_running({}):
        pytest.skip("a cron daemon is running")
    code, _, said = machine.schedule("install")
    assert (
        code,
        "no cron daemon is running on this machine. Start cron, or: devtel schedule install --with background." in said,
    ) == (0, True)
    daemon = machine.folder / "cron"
    shutil.copy(shutil.which("sleep") or "", daemon)
    with subprocess.Popen([str(daemon), "50"]) as process:
        assert machine.schedule("install")[2] == ""
        process.kill()


def test_the_line_names_the_command_by_its_own_absolute_path(machine: Machine) -> None:
    machine.schedule("install")
    assert f" {DEVTEL} flush # devtel schedule: " in machine.line()


def test_a_module_started_without_a_script_is_scheduled_as_one(machine: Machine) -> None:
    machine.developer.run(sys.executable, "-m", "devtelemetry_cli", "schedule", "install")
    assert f"{sys.executable} -P -m devtelemetry_cli flush" in machine.line()


def test_no_secret_is_written_down(machine: Machine) -> None:
    machine.developer.environ |= {
        "DEVTEL_TOKEN": "s3cret-token",
        "https_proxy": "http://me:s3cret@proxy:3128",
        "HTTP_PROXY": "http://proxy:3128",
    }
    _, _, said = machine.schedule("install")
    assert "s3cret" not in machine.spool.read_text() + said
    assert "HTTP_PROXY=http://proxy:3128" in machine.line()
    assert "DEVTEL_TOKEN is not written" in said
    assert "https_proxy contains a password" in said


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [("broken", "No space left"), ("unreadable", "Input/output error"), ("denied", "not allowed to use")],
)
def test_a_crontab_that_fails_is_one_sentence_and_changes_nothing(machine: Machine, fault: str, sentence: str) -> None:
    machine.spool.write_text("5 4 * * * backup\n")
    machine.touch(fault)
    code, output, said = machine.schedule("install", "--with", "crontab")
    assert (code, output) == (1, "")
    assert sentence in said
    assert said.endswith("Nothing was changed.\n")
    assert machine.spool.read_text() == "5 4 * * * backup\n"


def test_a_user_without_a_crontab_has_no_schedule_in_it(machine: Machine) -> None:
    machine.touch("denied")
    assert machine.schedule("remove") == (0, "devtel had installed no schedule.\n", "")
    code, _, said = machine.schedule("install")
    assert code == 78
    assert "Neither a user systemd nor crontab is available." in said


@pytest.mark.parametrize("text", ["/a\nb", "/a\\b", "/" + "long" * 300])
def test_a_setting_that_no_line_can_hold_is_refused(text: str) -> None:
    words = job.Job(("/usr/bin/devtel", "flush"), {"DEVTEL_HOME": text})
    with pytest.raises(ConfigurationError, match="Nothing was changed"):
        crontab.is_current("1 2 * * * x # devtel schedule", words)


def test_status_as_json_has_a_stable_shape(machine: Machine) -> None:
    assert json.loads(machine.schedule("status", "--json")[1]) == {
        "installed": False,
        "schedules": [],
        "available": ["crontab", "background"],
    }
    machine.schedule("install")
    (installed,) = json.loads(machine.schedule("status", "--json")[1])["schedules"]
    assert installed["text"] == machine.line()
    assert (installed["with"], installed["current"]) == ("crontab", True)
    assert re.fullmatch(r"\d\d:\d\d", installed["when"])


# The real program under a spool of its own: what is mounted in a namespace is seen nowhere else, and goes with it.
IN_A_SPOOL_OF_ITS_OWN = """\
mount -t tmpfs tmpfs /var/spool/cron && install -d -g crontab -m 1730 /var/spool/cron/crontabs || exit 77
printf '# mine\\n5 4 * * * backup 100\\\\%%\\n' | crontab - && crontab -l > before
devtel schedule install --with crontab && devtel schedule install --with crontab
crontab -l > installed; devtel schedule remove; crontab -l > after
"""


@pytest.mark.slow
def test_the_real_crontab_takes_the_line_and_gives_it_back(developer: Developer) -> None:
    if os.geteuid() != 0 or not shutil.which("crontab") or not shutil.which("unshare"):
        pytest.skip("wants root, the crontab of the package cron, and unshare")
    done = developer.run("unshare", "-m", "sh", "-c", IN_A_SPOOL_OF_ITS_OWN)
    if done.returncode == 77:
        pytest.skip("no mount namespace here")
    before, installed, after = ((developer.project / name).read_text() for name in ("before", "installed", "after"))
    assert done.stdout.count("Already installed") == 1
    assert before == after == "# mine\n5 4 * * * backup 100\\%\n"
    assert installed.startswith(before)
    assert installed.count(" # devtel schedule: ") == 1
