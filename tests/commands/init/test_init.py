"""`devtel init`: two files from flags or answers, a look at the address that changes nothing, no file written over."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pexpect
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtelemetry_cli.client import settings
from devtelemetry_cli.commands.init import defaults, project_file
from devtelemetry_cli.commands.init.project_file import Answers
from tests.helpers.developer import DEVTEL, URL, Developer

FLAGS = ["--yes", "--organisation", "Acme", "--purpose", "find slow targets", "--contact", "ci@acme.example"]
WRAPPED = "test: FORCE ; +@$(DEVTEL)\nimpl-test: ; @echo testing\nFORCE:\ninclude devtel.mk\n"
CONNECTION = "/plugins/developer_telemetry/connections/1"


@pytest.fixture
def maintainer(developer: Developer) -> Developer:
    """A maintainer in a git repository called `project`, with a Makefile and nothing of devtel."""
    (developer.project / ".devtel.toml").unlink()
    (developer.project / "Makefile").write_text(".PHONY: test\ntest: ; @echo testing\n")
    git(developer.project, "init", "-q", "-b", "main")
    return developer


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def said(maintainer: Developer) -> settings.ProjectFile:
    return settings.read_project(str(maintainer.project / ".devtel.toml"))


@contextmanager
def server(answers: dict[str, tuple[int, str]]) -> Iterator[tuple[str, list[str]]]:
    """A server that answers GET as told; gives its report URL and notes every request."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.command} {self.path} {self.headers.get('Authorization', '')}".strip())
            status, body = answers.get(self.path, (404, "404 page not found"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Location", "http://127.0.0.1:9/")
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET  # noqa: N815  their names are http.server's

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.server_address[1]}{CONNECTION}/report", asked
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()


def test_flags_make_both_files_and_the_way_to_data_is_one_command_more(maintainer: Developer) -> None:
    done = maintainer.devtel("init", *FLAGS, "--report-url", URL, "--target", "test", "--target", "dev.%", "--no-check")
    assert done.returncode == 0, done.stderr
    assert said(maintainer) == settings.ProjectFile(
        str(maintainer.project / ".devtel.toml"), "Acme", "find slow targets", "ci@acme.example", "project", URL,
        ("test", "dev.%"), "main",
    )  # fmt: skip
    assert "devtel.mk" in done.stderr
    (maintainer.project / "Makefile").write_text(WRAPPED)
    maintainer.grant()
    assert maintainer.make("test").stdout == "testing\n"
    assert len(maintainer.ends()) == 1


def test_the_fragment_is_the_one_that_devtel_makefile_writes(maintainer: Developer) -> None:
    maintainer.devtel("init", *FLAGS, "--report-url", URL, "--no-check")
    assert maintainer.devtel("makefile", "--output", "-").stdout == (maintainer.project / "devtel.mk").read_text()


def test_a_second_time_nothing_changes(maintainer: Developer) -> None:
    maintainer.devtel("init", *FLAGS, "--report-url", URL, "--no-check")
    before = {file.name: file.stat().st_mtime_ns for file in maintainer.project.iterdir() if file.is_file()}
    for arguments in (FLAGS, ["--yes"]):
        done = maintainer.devtel("init", *arguments, "--no-check")
        assert (done.returncode, done.stdout) == (0, "")
    assert {file.name: file.stat().st_mtime_ns for file in maintainer.project.iterdir() if file.is_file()} == before


def test_a_file_with_remarks_of_its_own_that_says_the_same_stays(maintainer: Developer) -> None:
    text = 'contact = "me"  # ask me\norganisation = "Acme"\npurpose = "why"\n'
    (maintainer.project / ".devtel.toml").write_text(text)
    assert maintainer.devtel("init", "--yes").returncode == 0
    assert (maintainer.project / ".devtel.toml").read_text() == text


def test_other_content_is_shown_and_only_replaced_by_force(maintainer: Developer) -> None:
    maintainer.devtel("init", *FLAGS)
    before = (maintainer.project / ".devtel.toml").read_text()
    done = maintainer.devtel("init", "--yes", "--project", "other")
    assert done.returncode == 1
    assert '+project = "other"' in done.stdout
    assert "--force" in done.stderr
    assert (maintainer.project / ".devtel.toml").read_text() == before
    assert maintainer.devtel("init", "--yes", "--project", "other", "--force").returncode == 0
    assert (said(maintainer).project, said(maintainer).organisation) == ("other", "Acme")


def test_a_fragment_of_somebody_else_stops_both_files(maintainer: Developer) -> None:
    (maintainer.project / "devtel.mk").write_text("precious")
    assert maintainer.devtel("init", *FLAGS).returncode == 1
    assert (maintainer.project / "devtel.mk").read_text() == "precious"
    assert not (maintainer.project / ".devtel.toml").exists()


def test_a_fragment_for_another_address_is_written_anew(maintainer: Developer) -> None:
    maintainer.devtel("init", *FLAGS)
    assert maintainer.devtel("init", "--yes", "--report-url", URL, "--force", "--no-check").returncode == 0
    assert URL in (maintainer.project / "devtel.mk").read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["--report-url", "https://host/reports"], 78, "/connections/ID/report"),
        (["--report-url", "https://me:secret@host/connections/1/report"], 78, "devtel token set"),
        (["--report-url", "nonsense"], 78, "https://"),
        (["--project", "a b"], 2, "--project"),
        (["--target", "a b"], 0, ""),
        (["--target", "$(x)"], 2, "--target"),
        (["--target", "%a%"], 2, "--target"),
        (["--organisation", "x" * 301], 2, "300"),
        (["--contact", "a\x1b[2Jb"], 2, "--contact"),
        (["--purpose", ""], 2, "--purpose"),
    ],
)
def test_a_value_that_cannot_be_kept_is_named_and_nothing_is_written(
    maintainer: Developer, arguments: list[str], code: int, named: str
) -> None:
    done = maintainer.devtel("init", *FLAGS, *arguments)
    assert (done.returncode, "secret" in done.stderr) == (code, False)
    assert named in done.stderr
    assert (maintainer.project / ".devtel.toml").exists() == (code == 0)


@pytest.mark.parametrize("name", [".devtel.toml", "devtel.mk"])
def test_a_committed_link_is_never_written_through(maintainer: Developer, name: str) -> None:
    (maintainer.project / name).symlink_to("../.bash_aliases")
    for arguments in (["init", *FLAGS, "--force"], ["init", *FLAGS], ["makefile", "--force"]):
        done = maintainer.devtel(*arguments)
        if arguments[0] == "init" or name == "devtel.mk":
            assert (done.returncode, "is a symbolic link" in done.stderr) == (1, True)
    assert not (maintainer.folder / ".bash_aliases").exists()
    assert (maintainer.project / name).is_symlink()


def test_a_damaged_project_file_stays_unless_forced(maintainer: Developer) -> None:
    (maintainer.project / ".devtel.toml").write_text("not toml")
    done = maintainer.devtel("init", *FLAGS)
    assert done.returncode == 78
    assert (maintainer.project / ".devtel.toml").read_text() == "not toml"
    assert maintainer.devtel("init", *FLAGS, "--force").returncode == 0
    assert said(maintainer).organisation == "Acme"


def test_without_a_terminal_and_without_yes_it_is_a_wrong_call(maintainer: Developer) -> None:
    done = maintainer.devtel("init", *FLAGS[1:])
    assert done.returncode == 2
    assert "--yes" in done.stderr


def test_at_a_terminal_it_asks_until_the_answer_can_be_kept(maintainer: Developer) -> None:
    child = pexpect.spawn(
        DEVTEL, ["init"], cwd=str(maintainer.project), env=maintainer.environ, timeout=20, encoding="utf-8"
    )
    answers = [
        ("Organisation", ""), ("Organisation", "Acme"), ("Purpose", "find slow targets"), ("Contact", "me"),
        ("Project name.*project", ""), ("Report URL", "nonsense"), ("Report URL", "-"), ("branch.*main", "-"),
        ("Targets", "a$b"), ("Targets", "test dev.%"),
    ]  # fmt: skip
    for question, answer in answers:
        child.expect(question)
        child.expect_exact(": ")
        child.sendline(answer)
    child.expect_exact("every target")
    child.sendline("n")
    child.expect_exact("devtel.mk")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    file = said(maintainer)
    assert (file.organisation, file.project, file.report_url, file.default_branch) == ("Acme", "project", "", "")
    assert file.targets == ("test", "dev.%")


def test_ctrl_c_at_a_question_leaves_nothing(maintainer: Developer) -> None:
    child = pexpect.spawn(
        DEVTEL, ["init"], cwd=str(maintainer.project), env=maintainer.environ, timeout=20, encoding="utf-8"
    )
    child.expect_exact("Organisation")
    for _ in range(20):  # CPython's readline may miss a signal that comes just before it waits
        child.sendintr()
        if child.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=1) == 0:
            break
    child.close()
    assert child.exitstatus == 1
    assert not (maintainer.project / ".devtel.toml").exists()


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({CONNECTION: (200, '{"id": 1, "secretToken": "geheim"}'), "/version": (200, '{"version": "v1"}')}, "has this"),
        ({CONNECTION: (401, "{}")}, "token set"),
        ({CONNECTION: (403, "{}")}, "token set"),
        ({CONNECTION: (404, '{"success": false, "message": "connection 1 not found (404)"}')}, "no such connection"),
        ({}, "has no report endpoint there"),
        ({CONNECTION: (302, "")}, "redirects (302)"),
        ({CONNECTION: (200, "<html>")}, "not as a report endpoint"),
        ({CONNECTION: (500, "")}, "500"),
    ],
)
def test_the_address_is_looked_at_by_get_alone_and_what_is_found_is_advice(
    maintainer: Developer, answers: dict[str, tuple[int, str]], sentence: str
) -> None:
    maintainer.environ["DEVTEL_TOKEN"] = "key"
    with server(answers) as (url, asked):
        done = maintainer.devtel("init", *FLAGS, "--report-url", url)
    assert done.returncode == 0
    assert sentence in done.stderr
    assert "geheim" not in done.stderr + done.stdout
    assert said(maintainer).report_url == url
    assert asked[0] == f"GET {CONNECTION}"
    assert set(asked) <= {f"GET {CONNECTION}", "GET /version", "GET /ping"}


def test_an_address_that_only_the_file_names_is_not_contacted(maintainer: Developer) -> None:
    with server({}) as (url, asked):
        maintainer.project_file(url)
        assert maintainer.devtel("init", *FLAGS, "--force").returncode == 0
        assert asked == []
        maintainer.devtel("init", *FLAGS, "--report-url", url)
        assert asked


def test_an_address_where_nobody_answers_is_kept_with_an_advice(maintainer: Developer) -> None:
    done = maintainer.devtel("init", *FLAGS, "--report-url", URL)
    assert done.returncode == 0
    assert "127.0.0.1:9 does not answer (Connection refused). Reports wait" in done.stderr


def test_in_a_folder_below_the_project_file_goes_to_the_root_and_the_fragment_to_the_makefile(
    maintainer: Developer,
) -> None:
    below = maintainer.project / "service"
    below.mkdir()
    (below / "Makefile").write_text("test: ; @echo\n")
    assert maintainer.devtel("init", *FLAGS, cwd=below).returncode == 0
    assert (maintainer.project / ".devtel.toml").exists()
    assert (below / "devtel.mk").exists()


def test_without_git_it_works_where_it_stands(maintainer: Developer) -> None:
    maintainer.environ["PATH"] = str(maintainer.folder / "bin")
    assert maintainer.devtel("init", *FLAGS).returncode == 0
    assert said(maintainer).project == "project"


def commit(folder: Path) -> None:
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")


def _cloned(folder: Path) -> Path:
    commit(folder)
    git(folder.parent, "clone", "-q", str(folder), "copy")
    git(folder.parent / "copy", "checkout", "-q", "-b", "feature")
    return folder.parent / "copy"


def _detached(folder: Path) -> Path:
    commit(folder)
    git(folder, "checkout", "-q", "--detach")
    return folder


def _worktree(folder: Path) -> Path:
    commit(folder)
    git(folder, "worktree", "add", "-q", "../tree")
    return folder.parent / "tree"


def _damaged(name: str, text: bytes) -> "object":
    def damage(folder: Path) -> Path:
        (folder / ".git" / name).write_bytes(text)
        return folder

    return damage


def _fifo(folder: Path) -> Path:
    (folder / ".git" / "HEAD").unlink()
    os.mkfifo(folder / ".git" / "HEAD")
    return folder


def _sha256(folder: Path) -> Path:
    made = folder.parent / "sha"
    made.mkdir()
    git(made, "init", "-q", "-b", "main", "--object-format=sha256")
    commit(made)
    return made


def _foreign(folder: Path) -> Path:
    os.chown(folder, 12345, 12345)
    os.chown(folder / ".git", 12345, 12345)
    return folder


@pytest.mark.parametrize(
    ("make", "branch"),
    [
        (lambda folder: folder, {"main"}),
        (_cloned, {"main"}),
        (_detached, {"main"}),
        (_worktree, {"main"}),
        (_damaged("HEAD", b"nonsense\n"), {""}),
        (_damaged("HEAD", b"ref: refs/heads/\xff\xfe\n"), {""}),
        (_damaged("config", b"[core\nnonsense"), None),
        (_fifo, {""}),
        (_sha256, {"main", ""}),
        pytest.param(_foreign, None, marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")),
    ],
    ids=["unborn", "clone", "detached", "worktree", "HEAD", "bytes", "config", "fifo", "sha256", "foreign"],
)
def test_any_repository_has_defaults(tmp_path: Path, make: object, branch: set[str] | None) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    where = make(folder)  # type: ignore[operator]
    found = defaults.find(where)
    assert found.root == where
    assert found.project in ("shop", where.name)
    assert branch is None or found.default_branch in branch


def test_the_remote_names_the_project(tmp_path: Path) -> None:
    for address in ("git@host:team/shop.git", "https://host/team/shop", "ssh://git@host:22/team/shop.git/"):
        folder = tmp_path / address.replace("/", "-").replace(":", "-")
        folder.mkdir()
        git(folder, "init", "-q")
        git(folder, "remote", "add", "origin", address)
        assert defaults.find(folder).project == "shop"


def test_outside_of_a_repository_the_folder_gives_the_name(tmp_path: Path) -> None:
    assert defaults.find(tmp_path) == defaults.Defaults(tmp_path, tmp_path.name)


texts = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=300) | st.sampled_from(
    ['"', "\\", "'''", "#", "a b"]
)


@given(texts, texts, st.lists(st.sampled_from(["a", "dev.%", "x/y", "a=b"]), max_size=4))
def test_any_answer_is_read_back_unchanged(tmp_path: Path, text: str, other: str, targets: list[str]) -> None:
    answers = Answers(text, other, text, "", URL, other, tuple(targets))
    path = tmp_path / ".devtel.toml"
    path.write_text(project_file.render(answers), encoding="utf-8")
    assert answers.equal(settings.read_project(str(path)))


def test_every_target_is_one_option_and_leaves_the_makefile_alone(maintainer: Developer) -> None:
    (maintainer.project / "Makefile").write_text("test: ; @echo testing\n")
    done = maintainer.devtel("init", "--yes", "--every-target", "--no-check", *FLAGS)
    assert (done.returncode, "measures every target" in done.stderr) == (0, True)
    assert not (maintainer.project / "devtel.mk").exists()
    assert (
        maintainer.devtel("makefile", "--every-target", "--output", "-").stdout
        == (maintainer.project / "GNUmakefile").read_text()
    )
    assert maintainer.make("test").stdout == "testing\n"


def test_a_changed_report_url_is_written_into_the_file_that_is_there(maintainer: Developer) -> None:
    maintainer.devtel("init", "--every-target", "--no-check", *FLAGS)
    file = maintainer.project / ".devtel.toml"
    file.write_text(f'{file.read_text()}report_url = "{URL}"\n')
    assert maintainer.devtel("init", "--yes", "--no-check").returncode == 0
    assert f"for reports to {URL}\n" in (maintainer.project / "GNUmakefile").read_text()
    assert not (maintainer.project / "devtel.mk").exists()


def test_every_target_is_refused_beside_another_gnumakefile(maintainer: Developer) -> None:
    (maintainer.project / "Makefile").write_text("test: ; @echo testing\n")
    (maintainer.project / "GNUmakefile").write_text("include Makefile\n")
    done = maintainer.devtel("init", "--yes", "--every-target", "--no-check", *FLAGS)
    assert (done.returncode, "is the repository's own" in done.stderr) == (1, True)
    assert not (maintainer.project / ".devtel.toml").exists()
