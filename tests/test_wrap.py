"""devtel wrap with the real make: the build is as without us, and the record is right."""

import os
import signal
import subprocess
import time

import pytest

from tests.helpers.developer import DEVTEL, PYTHON, Developer, wait_for
from tests.helpers.modules_loaded import modules_loaded

NETWORK = {"socket", "_socket", "ssl", "_ssl", "http", "urllib.request", "httpx", "asyncio"}


@pytest.mark.parametrize("code", [0, 1, 2, 77, 127])
def test_wrap_keeps_the_exit_code_of_make(developer: Developer, code: int) -> None:
    developer.grant()
    fake = developer.folder / "make"
    fake.write_text(f"#!/bin/sh\nexit {code}\n")
    fake.chmod(0o755)
    assert developer.devtel("wrap", "--make", str(fake), "--", "test").returncode == code
    assert developer.ends()[0]["exit"] == code


def test_a_failing_recipe_makes_the_outer_make_fail_as_plain_make_would(developer: Developer) -> None:
    developer.makefile("impl-fail:\n\t@exit 3")
    done = developer.make("fail")
    assert done.returncode == 2
    assert "Error 3" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL, signal.SIGSEGV, signal.SIGPIPE])
def test_wrap_ends_by_the_signal_that_ended_make(developer: Developer, number: signal.Signals) -> None:
    developer.grant()
    fake = developer.folder / "make"
    fake.write_text(f"#!/bin/sh\nkill -{number.value} $$\n")
    fake.chmod(0o755)
    assert developer.devtel("wrap", "--make", str(fake), "--", "test").returncode == -number
    assert developer.ends()[0]["signal"] == number


def test_a_make_that_is_not_there_is_said_with_127(developer: Developer) -> None:
    done = developer.devtel("wrap", "--make", "no-such-make", "test")
    assert done.returncode == 127
    assert done.stderr.startswith("devtel wrap: no-such-make cannot be run: No such file")


def test_a_make_that_may_not_run_is_said_with_126(developer: Developer) -> None:
    (developer.folder / "make").write_text("text")
    done = developer.devtel("wrap", "--make", str(developer.folder / "make"), "test")
    assert done.returncode == 126


@pytest.mark.parametrize(
    "words", [[], ["--"], ["--make"], ["--unknown", "x"], ["--prefix", "", "--", "-x"], [""]], ids=" ".join
)
def test_wrong_words_are_a_usage_error(developer: Developer, words: list[str]) -> None:
    done = developer.devtel("wrap", *words)
    assert done.returncode == 2
    assert "usage: devtel wrap" in done.stderr


def test_help_is_printed_on_stdout(developer: Developer) -> None:
    assert "--makefile FILE" in developer.devtel("wrap", "--help").stdout


def test_the_two_dashes_may_be_left_out_and_arguments_reach_make(developer: Developer) -> None:
    developer.makefile("impl-say:\n\t@echo $(V)")
    assert developer.devtel("wrap", "say", "V=hello").stdout == "hello\n"


def test_another_makefile_and_prefix_reach_make(developer: Developer) -> None:
    (developer.project / "other.mk").write_text("do-it:\n\t@echo done\n")
    done = developer.devtel("wrap", "--makefile=other.mk", "--prefix=do-", "it")
    assert done.stdout == "done\n"


def test_devtel_make_names_the_make(developer: Developer) -> None:
    fake = developer.folder / "gmake"
    fake.write_text('#!/bin/sh\necho "$@"\n')
    fake.chmod(0o755)
    developer.environ["DEVTEL_MAKE"] = str(fake)
    assert developer.devtel("wrap", "test").stdout == "--no-print-directory impl-test\n"


def test_a_granted_run_leaves_its_start_and_its_end(developer: Developer) -> None:
    developer.grant()
    developer.makefile("impl-work:\n\t@sleep 0.2")
    developer.make("work")
    start, end = developer.records()
    assert (start["target"], start["project"], start["event"]) == ("work", "shop", "start")
    assert start["run"] == end["run"]
    assert end["exit"] == 0
    assert 0.2 <= float(str(end["duration"])) < 5
    assert int(str(end["peak_kib"])) > 500
    assert float(str(end["cpu"])) > 0


def test_a_local_run_is_kept_in_a_journal_of_its_own(developer: Developer) -> None:
    developer.devtel("consent", "local")
    developer.makefile("impl-work:\n\t@true")
    developer.make("work")
    assert len(developer.records("*.local")) == 2
    assert len(developer.records()) == 2


@pytest.mark.parametrize("prepare", [[], ["consent", "decline"]], ids=["undecided", "declined"])
def test_without_an_agreement_nothing_is_recorded(developer: Developer, prepare: list[str]) -> None:
    if prepare:
        developer.devtel(*prepare)
    developer.makefile("impl-work:\n\t@env")
    done = developer.make("work")
    assert "DEVTEL_RUN" not in done.stdout
    assert not any("journal" in name or "host" in name for name in developer.kept())


@pytest.mark.parametrize("switch", ["DEVTEL_DISABLED", "DO_NOT_TRACK", "CI"])
def test_a_switch_in_the_environment_records_nothing(developer: Developer, switch: str) -> None:
    developer.grant()
    developer.makefile("impl-work:\n\t@env")
    developer.environ[switch] = "1"
    assert "DEVTEL_RUN" not in developer.make("work").stdout
    assert developer.records() == []


@pytest.mark.parametrize("flag", ["-n", "-q", "-t", "-kn", "--dry-run"])
def test_a_make_that_only_pretends_is_not_recorded(developer: Developer, flag: str) -> None:
    developer.grant()
    developer.makefile("impl-work:\n\t@echo worked")
    developer.make(flag, "work")
    assert developer.records() == []


@pytest.mark.parametrize("text", ["[consent", "consent = 3\n", "\0\1\2", '[consent.x]\nstate = "maybe"\n'])
def test_a_damaged_config_means_off_and_leaves_the_build_alone(developer: Developer, text: str) -> None:
    developer.grant()
    developer.config.write_text(text)
    developer.makefile("impl-work:\n\t@echo worked")
    done = developer.make("work")
    assert (done.returncode, done.stdout, done.stderr) == (0, "worked\n", "")
    assert developer.records() == []
    assert developer.status()["consent"] == "off"


def test_a_damaged_project_file_means_off_and_leaves_the_build_alone(developer: Developer) -> None:
    developer.grant()
    (developer.project / ".devtel.toml").write_text("report_url = [")
    developer.makefile("impl-work:\n\t@echo worked")
    done = developer.make("work")
    assert (done.returncode, done.stdout, done.stderr) == (0, "worked\n", "")
    assert developer.records() == []


def test_a_state_folder_that_cannot_be_written_leaves_the_build_alone(developer: Developer) -> None:
    developer.grant()
    (developer.state / "journal").write_text("a file stands where the folder should be")
    developer.makefile("impl-work:\n\t@echo worked")
    done = developer.make("work")
    assert (done.returncode, done.stdout, done.stderr) == (0, "worked\n", "")
    assert developer.status()["dropped_records"] == 1


def test_a_home_that_is_missing_leaves_the_build_alone(developer: Developer) -> None:
    developer.environ |= {"HOME": "/nonexistent", "DEVTEL_HOME": "/nonexistent/devtel"}
    developer.makefile("impl-work:\n\t@echo worked")
    done = developer.make("work")
    assert (done.returncode, done.stdout, done.stderr) == (0, "worked\n", "")


def test_only_devtel_run_is_added_to_the_environment(developer: Developer) -> None:
    developer.grant()
    developer.environ["LANG"] = "C"
    developer.makefile("impl-work:\n\t@env | sort\nplain:\n\t+@$(MAKE) --no-print-directory impl-work", targets="work")
    developer.make("work")
    plain = set(developer.make("plain").stdout.splitlines())
    wrapped = set(developer.make("work").stdout.splitlines())
    added = {line for line in wrapped - plain if not line.startswith("DEVTEL_RUN=")}
    assert added == set()
    assert plain - wrapped == set()


def test_a_nested_run_records_its_parent(developer: Developer) -> None:
    developer.grant()
    developer.makefile("impl-outer:\n\t@$(MAKE) --no-print-directory inner\nimpl-inner:\n\t@true")
    developer.make("outer")
    developer.make("outer")
    starts = {record["target"]: record for record in developer.records()[4:] if record["event"] == "start"}
    assert starts["inner"]["parent"] == starts["outer"]["run"]
    assert "parent" not in starts["outer"]


def test_even_the_first_nested_run_after_a_decision_has_its_parent(developer: Developer) -> None:
    developer.grant()
    developer.makefile("impl-outer:\n\t@$(MAKE) --no-print-directory inner\nimpl-inner:\n\t@true")
    developer.make("outer")
    assert next(r for r in developer.records() if r.get("target") == "inner")["parent"]


def test_the_jobserver_reaches_the_implementations(developer: Developer) -> None:
    developer.grant()
    names = [f"job{number}" for number in range(4)]
    all_started = "touch $@.started; until [ $$(ls | grep -c started) = 4 ]; do sleep 0.02; done"  # or waits for ever
    developer.makefile("".join(f"impl-{name}:\n\t@{all_started}\n" for name in names))
    done = developer.make("-j4", *names)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(developer.ends()) == 4


def test_a_closed_pipe_ends_a_recipe_as_it_does_without_us(developer: Developer) -> None:
    developer.makefile("impl-yes:\n\t@yes | head -n 1")
    done = developer.make("yes")
    assert (done.returncode, done.stdout, done.stderr) == (0, "y\n", "")


def test_a_deleted_working_directory_does_not_matter(developer: Developer) -> None:
    developer.grant()
    (developer.project / "gone").mkdir()
    script = f"cd gone && rmdir ../gone && exec {DEVTEL} wrap --makefile=/dev/null --prefix= Makefile"
    done = developer.run("sh", "-c", script)
    assert done.returncode != 127
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_do_not_matter(developer: Developer, closed: str) -> None:
    developer.grant()
    developer.makefile("impl-work:\n\t@touch worked")
    developer.run("sh", "-c", f"{DEVTEL} wrap work {closed}")
    assert (developer.project / "worked").exists()
    assert len(developer.ends()) == 1


def test_the_wrapper_passes_term_on_and_make_cleans_up(developer: Developer) -> None:
    developer.grant()
    developer.makefile("impl-wait:\n\t@trap 'touch cleaned; exit 1' TERM; touch started; while :; do sleep 0.05; done")
    wrapper = subprocess.Popen([DEVTEL, "wrap", "wait"], cwd=developer.project, env=developer.environ)
    wait_for((developer.project / "started").exists)
    wrapper.terminate()
    assert wrapper.wait(20) == -signal.SIGTERM
    assert (developer.project / "cleaned").exists()
    assert developer.ends()[0]["interrupted"] is True


def test_an_interrupt_is_noted_and_make_decides_the_end(developer: Developer) -> None:
    developer.grant()
    developer.makefile("impl-wait:\n\t@trap 'exit 0' INT; touch started; while :; do sleep 0.05; done")
    wrapper = subprocess.Popen(
        [DEVTEL, "wrap", "wait"], cwd=developer.project, env=developer.environ, start_new_session=True
    )
    wait_for((developer.project / "started").exists)
    os.killpg(wrapper.pid, signal.SIGINT)
    # make itself sometimes loses its child on the way and ends with 2: the wrapper ends as it did either way.
    assert wrapper.wait(20) in (-signal.SIGINT, 2)
    assert developer.ends()[0]["interrupted"] is True


def test_a_killed_wrapper_leaves_its_start_and_counts_as_lost(developer: Developer) -> None:
    developer.grant()
    developer.makefile("impl-wait:\n\t@touch started; sleep 1")
    wrapper = subprocess.Popen([DEVTEL, "wrap", "wait"], cwd=developer.project, env=developer.environ)
    wait_for(lambda: len(developer.records()) == 1)
    wrapper.kill()
    wrapper.wait(20)
    assert developer.status()["runs_today"] == 1
    time.sleep(1.2)  # the orphaned make ends by itself, as it would under a killed make


def test_many_runs_at_once_lose_no_record(developer: Developer) -> None:
    developer.grant()
    developer.makefile("impl-work:\n\t@true")
    runs = [subprocess.Popen([DEVTEL, "wrap", "work"], cwd=developer.project, env=developer.environ) for _ in range(24)]
    assert {run.wait(40) for run in runs} == {0}
    assert len(developer.ends()) == 24
    assert len(list(developer.state.glob("hosts/*"))) == 1


def test_odd_target_names_reach_make_and_are_recorded_as_other(developer: Developer) -> None:
    developer.grant()
    (developer.project / "Makefile").write_text("impl-%:\n\t@printf '%s\\n' '$*'\n")
    done = developer.devtel("wrap", "a b$(id)`id`'\"")
    assert done.returncode == 2 or "uid=" not in done.stdout
    assert developer.records()[0]["target"] == "(other)"


def test_no_module_but_our_own_smallest_is_loaded_before_make_starts(developer: Developer) -> None:
    developer.grant()
    loaded, _ = modules_loaded(developer, ("-I", "-S"), "--make", "/nonexistent", "test")
    assert loaded == {
        "devtelemetry_cli",
        "devtelemetry_cli.direct_import",
        "devtelemetry_cli.entry",
        "devtelemetry_cli.client",
        "devtelemetry_cli.client.paths",
        "devtelemetry_cli.client.context",
        "devtelemetry_cli.client.process",
        "devtelemetry_cli.client.switches",
        "devtelemetry_cli.client.consent_cache",
        "devtelemetry_cli.client.chosen_target",
        "devtelemetry_cli.client.make_call",
        "devtelemetry_cli.wrap",
    }


@pytest.mark.parametrize("consent", ["grant", "local", "decline", ""])
def test_no_run_loads_what_the_network_needs(developer: Developer, consent: str) -> None:
    if consent:
        developer.devtel("consent", consent)
    developer.makefile("impl-work:\n\t@true")
    for _ in range(2):  # the first works the verdict out, the second remembers it
        _, loaded = modules_loaded(developer, (), "work")
        # The start script's modules too.
        report = developer.run(PYTHON, "-X", "importtime", DEVTEL, "wrap", "work").stderr
        loaded |= {line.rpartition("|")[2].strip() for line in report.splitlines() if line.startswith("import time:")}
        assert loaded & NETWORK == set()
        third_party = {name for name in loaded if name.partition(".")[0] in {"click", "psutil", "tomli_w"}}
        assert third_party == set()
