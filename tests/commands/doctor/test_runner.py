"""devtel doctor: exit code 0 without problems; any damage is a sentence with advice, and nothing is changed."""

import itertools
import json
import os
import shutil
from datetime import date, timedelta
from pathlib import Path

import pexpect

from devtelemetry_cli.client.paths import StateDir
from devtelemetry_cli.client.send import erasures
from devtelemetry_cli.commands.doctor.runner import CHECKS
from tests.helpers.developer import DEVTEL, Developer
from tests.helpers.doctor_env import ReadOnlyEndpoint, as_text, findings, problems, run_doctor

TODAY = date.today()  # noqa: DTZ011  journals are named by the local day


def test_a_healthy_developer_has_no_problems(patient: Developer) -> None:
    code, found = run_doctor(patient)
    assert problems(found) == []
    assert code == 0


def test_each_finding_has_the_documented_shape(patient: Developer) -> None:
    _, found = run_doctor(patient, "--offline")
    for finding in found:
        assert list(finding) == ["level", "message", "advice", "values", "check"]
        assert finding["level"] in ("ok", "note", "problem")
    checks = {str(finding["check"]) for finding in found}
    assert checks == {name for name, _ in CHECKS}
    assert len(checks) == 9


def test_a_problem_comes_with_its_advice(patient: Developer) -> None:
    patient.config.chmod(0o644)
    done = patient.devtel("doctor", "--offline", "--quiet")
    assert done.returncode == 1
    assert f"problem  paths     The config {patient.config} is accessible to other users (0644).\n" in done.stdout
    assert f"-> chmod 600 '{patient.config}'\n" in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


def at_the_terminal(patient: Developer, **environ: str) -> str:
    """The output at a terminal."""
    settings = {**patient.environ, **environ}
    words = ["doctor", "--offline", "-v"]
    child = pexpect.spawn(DEVTEL, words, cwd=str(patient.project), env=settings, timeout=30)  # type: ignore[arg-type]
    text: bytes = child.read()
    child.close()
    return text.decode()


def test_only_a_terminal_without_no_color_gets_colours(patient: Developer) -> None:
    assert "\x1b[32mok " in at_the_terminal(patient)
    assert "\x1b" not in at_the_terminal(patient, NO_COLOR="1")
    assert "\x1b" not in at_the_terminal(patient, TERM="dumb")


def test_without_a_report_url_the_advice_is_one_that_works(developer: Developer) -> None:
    developer.project_file(report_url="")
    advice = [str(one["advice"]) for one in findings(developer) if one["check"] == "consent"]
    assert advice == ["Nothing is recorded. `devtel consent local` records locally only."]
    assert developer.devtel("consent", "local").returncode == 0


def test_nothing_is_changed(patient: Developer) -> None:
    patient.add_runs(TODAY, 2)
    before = {name: (patient.state / name).read_bytes() for name in patient.kept()}
    run_doctor(patient)
    assert {name: (patient.state / name).read_bytes() for name in patient.kept()} == before


def test_without_a_decision_there_is_no_problem(developer: Developer) -> None:
    developer.project_file(report_url="")
    code, found = run_doctor(developer, "--offline")
    assert (code, problems(found)) == (0, [])
    assert developer.kept() == set()


def test_each_setting_has_its_source(patient: Developer, endpoint: ReadOnlyEndpoint) -> None:
    patient.environ |= {"DEVTEL_TOKEN": "s3cret", "DEVTEL_MAKE": "make", "XDG_STATE_HOME": "/nowhere"}
    _, found = run_doctor(patient, "--offline")
    values = {finding["values"]["name"]: finding["values"] for finding in found if "name" in finding["values"]}  # type: ignore[index,operator]
    assert values["report_url"] == {"name": "report_url", "value": endpoint.url, "source": "project"}
    assert values["state"]["source"] == "environment, DEVTEL_HOME"
    assert values["token"]["source"] == "environment, DEVTEL_TOKEN"
    assert values["keep_days"] == {"name": "keep_days", "value": 400, "source": "default"}
    assert "s3cret" not in json.dumps(found)


def test_problems_come_first_and_passed_checks_are_only_counted(patient: Developer) -> None:
    (patient.state / "dropped").write_text("000000000007")
    patient.config.chmod(0o644)
    done = patient.devtel("doctor", "--offline")
    levels = [line.split()[0] for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert levels == ["problem", "note", "note"]
    assert done.stderr.startswith("devtel: 1 problem; ")
    assert done.stderr.endswith(" checks passed (-v lists them).\n")
    listed = patient.devtel("doctor", "--offline", "-v").stdout
    assert listed.startswith(done.stdout)
    assert f"{'ok':8} {'records':9} " in listed


def test_lost_damaged_and_newer_records_are_counted(patient: Developer) -> None:
    patient.add_runs(TODAY, 2)
    (journal,) = patient.state.glob("journal/*/*/*.jsonl")
    start = next(line for line in journal.read_text().splitlines() if '"start"' in line)
    gone = start.replace('"pid":1', '"pid":999999').replace(json.loads(start)["run"], "f" * 16)
    with journal.open("a") as file:
        file.write(f'\n{{"half a li\n{{"v":99,"event":"start"}}\n{gone}')
    (patient.state / "dropped").write_text("000000000007")
    _, found = run_doctor(patient, "--offline")
    text = as_text(found)
    assert "ok records 3 runs of 1 day recorded" in text
    assert "note records Killed before the end, and counted as lost: 1 run." in text
    assert f"problem records 1 day with unreadable records (latest: {TODAY})" in text
    assert f"problem records 1 day with records of a newer devtel (latest: {TODAY})" in text
    assert "note records 7 records could not be written" in text


def test_days_that_are_never_sent_again_are_listed(patient: Developer) -> None:
    patient.add_runs(TODAY, 1)
    patient.devtel("flush", "-v")
    (file,) = patient.state.glob("ledger/*/*/20*.json")
    entry = json.loads(file.read_text())
    for back, state in ((1, "frozen"), (2, "refused"), (200, "expired")):
        day = str(TODAY - timedelta(days=back))
        (file.parent / f"{day}.json").write_text(json.dumps({**entry, "date": day, "state": state}))
    text = as_text(run_doctor(patient, "--offline")[1])
    assert "problem records 1 day that lost records after being sent" in text
    assert "problem records 1 day refused by the endpoint" in text
    assert "note records 1 day that could not be sent for 90 days" in text


def test_records_of_a_clock_that_was_ahead_are_listed(patient: Developer) -> None:
    patient.add_runs(TODAY + timedelta(days=40), 1)
    assert "There are records dated in the future" in as_text(run_doctor(patient, "--offline")[1])


def test_a_pending_erasure_is_a_problem(patient: Developer) -> None:
    erasures.queue(
        StateDir(patient.state), erasures.Erasure("https://gone.example/connections/1/report", "gone", "ID-1")
    )
    assert "The reports of the ID ID-1 are not erased yet at https://gone.example" in str(
        problems(run_doctor(patient, "--offline")[1])
    )


def test_without_a_schedule_the_advice_is_to_install_one(patient: Developer) -> None:
    patient.devtel("schedule", "remove")
    code, found = run_doctor(patient, "--offline")
    assert (code, "note schedule No schedule of devtel sends your reports." in as_text(found)) == (0, True)
    patient.add_runs(TODAY - timedelta(days=3), 1)
    assert problems(run_doctor(patient, "--offline")[1]) == [
        "Reports older than 2 days are not sent, and there is no schedule."
    ]


def test_two_destinations_on_one_host_are_told_apart(patient: Developer, endpoint: ReadOnlyEndpoint) -> None:
    other = f"{endpoint.base}/plugins/developer_telemetry/connections/2/report"
    patient.project_file(other)
    patient.grant()
    endpoint.answer("/plugins/developer_telemetry/connections/2")
    text = as_text(run_doctor(patient)[1])
    assert f"ok network {endpoint.url} answers" in text
    assert f"ok network {other} answers" in text


def test_a_fragment_for_another_address_is_a_problem(patient: Developer) -> None:
    patient.devtel("makefile")
    assert f"ok builds {patient.project}/devtel.mk is up to date" in as_text(run_doctor(patient, "--offline")[1])
    (patient.project / "Makefile").touch()
    patient.devtel("makefile", "--every-target")
    said = as_text(run_doctor(patient, "--offline")[1])
    assert f"ok builds {patient.project}/GNUmakefile is up to date: every target" in said
    for name in ("devtel.mk", "GNUmakefile"):
        file = patient.project / name
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert problems(run_doctor(patient, "--offline")[1]) == []
    patient.project_file("https://elsewhere.example/connections/2/report")
    assert "devtel.mk is for another report URL" in str(problems(run_doctor(patient, "--offline")[1]))


def test_a_start_script_of_an_old_pip_is_a_note(patient: Developer) -> None:
    script = Path(patient.environ["PATH"].split(":")[0]) / "devtel"
    text = script.read_text().replace("import sys\n", "import re\nimport sys\n", 1)
    script.unlink()
    script.write_text(text)
    script.chmod(0o755)
    done = patient.run(str(script), "doctor", "--json", "--offline")
    assert "was written by an old pip" in as_text(json.loads(done.stdout)["findings"])


def test_an_unknown_setting_is_a_note(patient: Developer) -> None:
    with (patient.project / ".devtel.toml").open("a") as file:
        file.write('organization = "Acme"\n')
    assert "contains unknown settings: organization." in as_text(run_doctor(patient, "--offline")[1])


DAMAGED = ("config.toml", "erasures.json", "tokens", "journal", "ledger", "hosts", "dropped")
NONSENSE = b"\xff\x00 [[[ {\n" * 3


def test_every_check_runs_whatever_is_damaged(patient: Developer, tmp_path: Path) -> None:
    patient.add_runs(TODAY, 1)
    patient.devtel("flush", "-v")
    (patient.state / "erasures.json").write_text("[]")
    patient.devtel("token", "set", input="s3cret\n")
    shutil.copytree(patient.state, tmp_path / "kept")
    for name, kind in itertools.product(DAMAGED, ("bytes", "folder", "fifo", "missing", "empty")):
        _damage(patient.state / name, kind)
        found = findings(patient, offline=True)
        assert "schedule" in {finding["check"] for finding in found}
        assert "bug in devtel" not in str(found), (name, kind)
        shutil.rmtree(patient.state)
        shutil.copytree(tmp_path / "kept", patient.state)


def test_an_unreadable_file_is_a_problem_that_is_listed_once(patient: Developer) -> None:
    patient.add_runs(TODAY, 1)
    enter = ["setpriv", "--bounding-set=-all"] if os.geteuid() == 0 else []  # root may read whatever it likes
    for name in ("", "journal", "hosts", "config.toml"):
        (patient.state / name).chmod(0)
        done = patient.run(*enter, DEVTEL, "doctor", "--offline", "--quiet")
        (patient.state / name).chmod(0o700)
        listed = [line.split(None, 1)[1] for line in done.stdout.splitlines() if "Permission denied" in line]
        assert len(listed) == len(set(listed)) > 0
        assert (done.returncode, done.stderr) == (1, "")


def test_nonsense_in_every_file_causes_no_traceback(patient: Developer) -> None:
    for file in patient.state.rglob("*"):
        if file.is_file():
            file.write_bytes(NONSENSE)
    (patient.project / ".devtel.toml").write_bytes(NONSENSE)
    code, found = run_doctor(patient)
    assert code == 1
    assert f"{patient.config} cannot be used: it is not encoded as UTF-8" in as_text(found)


def _damage(path: Path, kind: str) -> None:
    """Replace a file or folder by something else."""
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind != "missing":
        path.write_bytes(NONSENSE if kind == "bytes" else b"")
