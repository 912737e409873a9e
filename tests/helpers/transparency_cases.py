"""The cases: what people and machines do with make, a line each."""

import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from textwrap import dedent

TAKEN = "taken"  # `taken NUMBER` waits until every make above handles the signal, `taken NUMBER PROCESS` for that one
SEE = "see"  # the probe: `see NAME` keeps what its process was given

_QUOTED = "'$(subst ','\\'',$@)'"  # as the fragment quotes: no shell reads a command in it
_SIMPLY_QUOTED = "'$@'"
# Waits without a process of its own that would be hit as well. The runner writes empty lines, so that a trap is never
# late by the moment between a look for signals and the read.
_HANG = 'mkfifo hold; exec 9<>hold; : >started; x=; while [ -z "$$x" ]; do read x <&9; done'


@dataclass(frozen=True)
class Step:
    """Wait for the file `after` or the next `said`; then type, resize, hang up, `make` a file, or send signals.

    They go `to` make, to the group, or to what stands between make and the implementation.
    """

    after: str = ""
    said: bytes = b""
    types: bytes = b""
    resizes: bool = False
    hangs_up: bool = False
    makes: str = ""
    signals: tuple[int, ...] = ()
    to: str = "make"


@dataclass(frozen=True)
class Case:
    """One thing to do with make. Every `impl-X` of the rules gets a wrapped X."""

    name: str
    rules: str = "impl-x: ; @see here"
    goals: tuple[str | bytes, ...] = ("x",)
    script: str = 'exec make "$@"'
    stdin: bytes = b""
    environ: Mapping[str | bytes, str | bytes] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    terminal: bool = False
    steps: tuple[Step, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    file: str = "Makefile"
    handed: str = ""  # what both recipes hand on as -f, if anything
    targets: str = ""  # the wrapped targets, where the rules are patterns
    quoted: bool = False  # whether the recipe quotes its target as the fragment does
    records: bool = True  # whether there must be a record where consent allows one
    varies: bool = False  # whether plain make itself ends in one of two ways, by chance
    since: tuple[int, ...] = (4, 3)

    def text(self, *, wrapped: bool) -> str:
        """The Makefile."""
        rules = dedent(self.rules)
        heads = [line.split(":")[0] for line in rules.splitlines() if line.startswith("impl-")]
        targets = self.targets or " ".join(head.removeprefix("impl-") for head in heads)
        recipe = self._recipe(wrapped=wrapped)
        return f"{targets}: FORCE\n\t{recipe}\nFORCE:\n.PHONY: {' '.join(heads) if not self.targets else ''}\n{rules}\n"

    def bare(self) -> str:
        """The Makefile without an indirection: each implementation under its target's name."""
        rules = dedent(self.rules).replace("impl-", "")
        names = [line.split(":")[0] for line in dedent(self.rules).splitlines() if line.startswith("impl-")]
        phony = " ".join(name.removeprefix("impl-") for name in names if "%" not in name and "$" not in name)
        return f".PHONY: {phony}\n{rules}\nFORCE:\n"

    def _recipe(self, *, wrapped: bool) -> str:
        if wrapped:
            file = f" --makefile={self.handed}" if self.handed else ""
            return f"+@devtel wrap --make='$(MAKE)'{file} -- {_QUOTED if self.quoted else _SIMPLY_QUOTED}"
        file = f" -f {self.handed}" if self.handed else ""
        goal = f"'impl-'{_QUOTED}" if self.quoted else "'impl-$@'"
        return f"+@$(MAKE) --no-print-directory{file} {goal}"


def _endings() -> Iterator[Case]:
    yield Case("success", "impl-x: ; @echo out; echo err >&2; touch made")
    yield Case("a target that is up to date", "impl-x: made\nmade: ; touch $@", files={"made": ""})
    yield Case("the default goal", goals=())
    yield Case("two goals", "impl-a: ; @echo a\nimpl-b: ; @echo b", ("a", "b"))
    yield Case("failure", "impl-x: ; @echo out; exit 3")
    yield Case("an ignored failure", "impl-x: ; -@exit 3")
    yield Case("a failure that nobody says", "impl-x: ; @false")
    yield Case("a command that is missing", "impl-x: ; @no-such-command")
    yield Case("a prerequisite that is missing", "impl-x: no-such-file")
    yield Case("a missing implementation", "impl-y: ; @echo y", targets="x y")
    yield Case("a target nobody knows", goals=("nobody",), records=False)
    yield Case("a Makefile with an error", "impl-x:\n\t@echo x\n$(error broken)", records=False)
    yield Case("a warning while make reads", "impl-x: ; @echo x\n$(warning beware)")
    yield Case("a half-made target is deleted", "impl-x: f\n.DELETE_ON_ERROR:\nf: ; @echo half >$@; exit 1")


def _kills() -> Iterator[Case]:
    stops = {signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
    names = sorted(signal.valid_signals() - stops)
    for number in [n for n in names if n <= 31] + [signal.SIGRTMIN, signal.SIGRTMAX]:
        yield Case(f"a recipe killed by signal {number:d}", f"impl-x: ; @kill -{number:d} $$$$")
        # Still there until make handles it, or is gone: else make sees two things at once, and goes either way.
        # TERM it passes on to its recipe, which nothing else may end: not the empty lines that the runner writes.
        stays = {signal.SIGTERM: "while :; do read x <>hold; done", signal.SIGUSR1: ":", signal.SIGCHLD: ":"}.get(
            number, f"taken {number:d} $$PPID"
        )
        kills = f"mkfifo hold; kill -{number:d} $$PPID; {stays}"
        varies = number == signal.SIGTERM
        yield Case(f"make killed by signal {number:d}", f"impl-x:\n\t@{kills}\n\t@:", varies=varies)


def _flags() -> Iterator[Case]:
    rules = """\
        impl-x: a b made
        \t@see here; echo 'V=$(V)'
        a: ; false
        b: ; @echo b
        made: ; echo made >$@
        """
    # With jobs, what does not depend on each other comes in any order.
    in_turn = "impl-x: made\n\t@see here; echo 'V=$(V)'; false\nmade: b ; echo made >$@\nb: ; @echo b\n"
    sets = """\
        V=1|V=a b $(x)|V=it's|-k|-s|-i|-B|-e|-n|-q|-t|--trace|-w|-r|-R|-l 90|-O|-Oline|-Orecurse|-k -i|-kn|-n V=x
        -ks V=x
        -I sub|-I sub -k|--warn-undefined-variables|--no-print-directory|-j1|-j2|-j8 -O|-j|-k -j4|-j2 --trace|-W b|-o b
        --eval=E=1|-nk|-qs|-tB|-S|-k -S|--no-builtin-rules|--debug=b|--dry-run|--touch|--question|-s -w|--load-average
        -L
        --no-silent|--shuffle=1|-j2 --jobserver-style=pipe|-j2 --jobserver-style=fifo|-E E=1
        """
    newer = ("--no-silent", "--shuffle", "--jobserver-style", "-E ")
    for flags in dedent(sets).replace("\n", "|").strip("|").split("|"):
        words = flags.split(" ") if not flags.startswith("V=") else [flags]
        pretends = bool({"-n", "-q", "-t", "-kn", "-nk", "-qs", "-tB", "--dry-run", "--touch", "--question"} & {*words})
        since = (4, 4) if any(name in flags for name in newer) else (4, 3)
        yield Case(
            f"make {flags}",
            in_turn if "j" in flags else rules,
            (*words, "x"),
            environ={"V": "given"},
            files={"sub/x.mk": ""},
            records=not pretends,
            since=since,
        )
    for name in ("MAKEFLAGS", "GNUMAKEFLAGS"):
        for value in ("k", "-k", "-n", "n", "s -- V=x", "-j3", "--trace", "-w -k"):
            given = in_turn if "j" in value else rules
            yield Case(f"{name}={value}", given, environ={name: value}, records="n" not in value)
    yield Case("make -C", goals=("-C", "sub", "x"), file="sub/Makefile", files={"sub/x.mk": ""})
    yield Case("make -C -w", goals=("-w", "-C", "sub", "x"), file="sub/Makefile", files={"sub/x.mk": ""})
    yield Case("make -f", goals=("-f", "other.mk", "x"), file="other.mk", handed="other.mk")
    yield Case("make -f without handing it on", goals=("-f", "other.mk", "x"), file="other.mk")
    yield Case("a MAKE of two words", goals=("MAKE=make -s", "x"))
    yield Case("a MAKE of two words that only looks", goals=("MAKE=make -s", "-n", "x"), records=False)
    script = {"mymake": 'exec make "$@"\n'}
    yield Case("a make without #!", goals=("MAKE=./mymake", "x"), files=script)
    yield Case("a make without #! on the PATH", script='PATH=".:$PATH" exec make MAKE=mymake x', files=script)
    yield Case("a make without #! that only looks", goals=("MAKE=./mymake", "-n", "x"), files=script, records=False)
    bash = "SHELL = /bin/bash\nimpl-x:\n\techo $$_ $$SHLVL; see here; false\n\techo more"
    yield Case("bash", bash)
    yield Case("bash that only looks", "$(info $(_))" + bash, ("-n", "x"), records=False)
    yield Case("bash, and a make by its path", bash, script='exec "$(command -v make)" x')
    for line in (".ONESHELL:", ".SILENT:", ".POSIX:", ".EXPORT_ALL_VARIABLES:", "export V = 1"):
        yield Case(f"a Makefile with {line}", f"{line}\nimpl-x:\n\t@see here\n\techo $$_ $$SHLVL; false\n\techo more")
    yield Case("strict bash", "SHELL = /bin/bash\n.SHELLFLAGS = -eu -o pipefail -c\nimpl-x: ; @see here; false | cat")


def _jobs() -> Iterator[Case]:
    names = [f"j{number}" for number in range(8)]
    # No clock: each job waits until all have begun, which only ends where all run at the same time.
    meet = "@touch $@.here; n=0; until set -- *.here; [ $$# -ge {0} ] || [ $$n -gt 900 ]; "
    meet += "do n=$$((n+1)); sleep .01; done; [ $$# -ge {0} ] && echo met"
    all_of_them = "\n".join(f"impl-{name}: ; {meet.format(8)}" for name in names)
    yield Case("eight jobs at the same time", all_of_them, ("-j8", *names))
    yield Case("eight jobs at the same time with -O", all_of_them, ("-j8", "-O", *names))
    inside = "impl-x: 1 2 3 4\n1 2 3 4: ; " + meet.format(4)
    yield Case("four jobs within one target", inside, ("-j4", "x"))
    count = "@echo + >>log; sleep .03; echo - >>log"
    most = """\
        make "$@" && awk '{n += $0 == "+" ? 1 : -1; if (n > most) most = n} END {print most " at most"}' log; rm log
        """
    eight = "\n".join(f"impl-{name}: ; {count}" for name in names)
    yield Case("never more than two jobs", eight, ("-j2", *names), most)
    yield Case("never more than one job", eight, (*names,), most)
    three_lines = "\n".join(f"impl-{name}:\n" + "\t@echo $@; sleep .01\n" * 3 for name in names[:4])
    yield Case("-O keeps lines together", three_lines, ("-j4", "-O", *names[:4]), 'make "$@" | uniq -c | sort')
    yield Case("a job fails", "impl-a: ; @false\nimpl-b: ; @false", ("-j2", "-k", "a", "b"), 'make "$@" 2>&1 | sort')
    yield Case("a job sees the jobserver", goals=("-j3", "x"))
    deep = "impl-x: ; @$(MAKE) --no-print-directory y\nimpl-y: ; " + "@$(MAKE) --no-print-directory z\nimpl-z: 1 2 3\n"
    yield Case("jobs three levels down", deep + "1 2 3: ; " + meet.format(3), ("-j3", "x"))


def _input_and_output() -> Iterator[Case]:
    text = b"".join(b"line %d\n" % number for number in range(3000))
    yield Case("a recipe reads its input", "impl-x: ; @cat", stdin=text)
    yield Case("a recipe reads one line", "impl-x: ; @read a; echo got $$a", stdin=text)
    yield Case(
        "two recipes read in turn", "impl-x: ; @read a; echo $$a\nimpl-y: ; @read b; echo $$b", ("x", "y"), stdin=text
    )
    yield Case(
        "what make leaves is there for the next", "impl-x: ; @read a; echo $$a", script="make x; cat", stdin=text
    )
    yield Case(
        "input from a file", "impl-x: ; @read a; see here; echo $$a", script="(make x; cat) <f", files={"f": "1\n2\n"}
    )
    yield Case("no input is read", "impl-x: ; @true", script="make x; cat", stdin=b"all of it\n")
    yield Case("output into head", "impl-x: ; @seq 100000", script="make x | head -n 3")
    yield Case("errors into head", "impl-x: ; @seq 100000 >&2", script="make x 2>&1 | head -n 3")
    yield Case("head in the recipe", "impl-x: ; @yes | head -n 2; see here")
    yield Case(
        "make itself meets a closed pipe", "impl-x: ; echo a\n\techo b", script="{ sleep .1; make x; echo $? >&2; } | :"
    )
    yield Case("output into a full device", "impl-x: ; echo a", script="make x >/dev/full")
    yield Case("much output", "impl-x: ; @seq 200000")
    for closed in product(("", "<&-"), ("", ">&-"), ("", "2>&-")):
        how = " ".join(filter(None, closed))
        if how:
            yield Case(
                f"closed: {how}", "impl-x: ; @see here; echo a; echo b >&2; touch made; exit 3", script=f"make x {how}"
            )
            yield Case(f"closed with jobs: {how}", "impl-x: ; @see here; touch made", script=f"make -j2 x {how}")
    yield Case(
        "a further descriptor",
        "impl-x: ; @see here; echo a >&7; read b <&8; echo $$b",
        script="make x 7>f 8<g",
        files={"g": "b\n"},
    )
    yield Case("descriptor 3", script="make x 3>f 4>&3 5<&0")
    yield Case("output that is appended to", "impl-x: ; @see here; echo a", script="make x >>f 2>>f; cat f")


def _inherited() -> Iterator[Case]:
    for mask in ("0", "077", "0777", "027"):
        yield Case(
            f"umask {mask}",
            "impl-x: ; @umask; touch made" + ("" if mask == "0777" else "; see here"),
            script=f"umask {mask}; exec make x",
        )
    for limit in (
        "-n 32",
        "-n 12",
        "-f 64",
        "-f 0",
        "-c unlimited",
        "-s 1024",
        "-v 4000000",
        "-t 50",
        "-u 3000",
        "-l 64",
    ):
        script = f"ulimit {limit}; exec make x"
        rules = "impl-x: ; @ulimit -a" if limit == "-f 0" else "impl-x: ; @ulimit -a; see here"
        yield Case(f"ulimit {limit}", rules, script=script, records=not limit.startswith("-f"))
    yield Case(
        "a file that grows too large",
        "impl-x: ; @yes | head -c 9000 >f",
        script="ulimit -f 4; exec make x",
        records=False,
    )
    yield Case("nice", script="exec nice -n 7 make x")
    yield Case("one processor", script="exec taskset 1 make x")
    for name in ("CHLD", "PIPE", "INT", "QUIT", "HUP", "TERM", "USR1", "XFSZ", "TSTP", "ALRM", "WINCH"):
        yield Case(f"{name} ignored on entry", script=f"exec env --ignore-signal={name} make x")
        yield Case(f"{name} blocked on entry", script=f"exec env --block-signal={name} make x")
    script = "exec env --ignore-signal=PIPE --ignore-signal=XFSZ make x"
    yield Case("PIPE ignored, behind a shell", "SHELL = /bin/bash\nimpl-x: ; @see here", script=script)
    yield Case("PIPE ignored, head in the recipe", "impl-x: ; @yes | head -n 2", script=script)
    yield Case("PIPE ignored, head after make", "impl-x: ; @seq 100000; echo on >&2", script=f"({script}) | head -n 2")
    yield Case("PIPE ignored, one level down", "impl-x: ; @$(MAKE) y\nimpl-y: ; @see here", script=script)
    yield Case("TERM ignored and sent", "impl-x: ; @kill -TERM $$PPID; echo on", script="trap '' TERM; exec make x")
    yield Case("nohup", "impl-x: ; @see here; kill -HUP $$PPID; echo on", script="exec nohup make x")
    yield Case("in the background of a script", script="make x & wait $!")
    cleans = f"impl-x: ; @see here; trap 'trap \"\" TERM; taken 15; touch cleaned; exit 3' TERM; {_HANG}"
    yield Case("a timeout", cleans, script="exec timeout -k 9 1 make x")
    yield Case(
        "a deleted folder",
        script='mkdir g; cd g; rmdir ../g; exec make -f "$PROJECT/Makefile" x',
        handed="$(PROJECT)/Makefile",
        records=False,
    )
    yield Case("a folder behind a link", script="mkdir a; ln -s a b; mv Makefile a; cd b; exec make x")
    yield Case("a folder that may not be read", script="chmod 311 .; make x; s=$?; chmod 755 .; exit $s")


def _environment() -> Iterator[Case]:
    for name, value in product(("LANG", "LC_ALL", "LC_CTYPE"), ("", "C", "POSIX", "C.UTF-8", "en_US.UTF-8", "xx_XX")):
        yield Case(f"{name}={value}", environ={name: value})
        if name != "LANG":
            yield Case(f"{name}={value} without LANG", environ={name: value}, unset=("LANG",))
    yield Case("no locale", unset=("LANG",))
    yield Case("LC_CTYPE for make alone", rules="export LC_CTYPE = C\nimpl-x: ; @see here", unset=("LANG",))
    yield Case("LANG=C and LC_CTYPE=UTF-8", environ={"LANG": "C", "LC_CTYPE": "UTF-8"})
    yield Case("LC_ALL empty and LC_CTYPE=C", environ={"LC_ALL": "", "LC_CTYPE": "C"}, unset=("LANG",))
    yield Case("PYTHONCOERCECLOCALE=0", environ={"PYTHONCOERCECLOCALE": "0", "LC_CTYPE": "C"}, unset=("LANG",))
    yield Case("a large value", environ={"LARGE": "x" * 130000})
    yield Case("many variables", environ={f"MANY_{number}": "y" * 100 for number in range(4000)})
    yield Case(
        "odd variables", environ={"a.b-c": "1", b"LATIN": b"\xe9\xff", "EMPTY": "", "LINES": "a\nb", "UNI": "é漢"}
    )
    yield Case("hardly any environment", script='exec env -i PATH="$PATH" HOME="$HOME" make x', records=False)
    yield Case("no HOME", unset=("HOME", "DEVTEL_HOME"), records=False)
    yield Case(
        "a HOME that is not there", environ={"HOME": "/nonexistent", "DEVTEL_HOME": "/nonexistent/x"}, records=False
    )
    yield Case("MAKELEVEL given", environ={"MAKELEVEL": "4"})
    for name, value in (
        ("PYTHONDEVMODE", "1"),
        ("PYTHONWARNINGS", "error"),
        ("PYTHONUNBUFFERED", "1"),
        ("PYTHONUTF8", "0"),
        ("PYTHONOPTIMIZE", "2"),
        ("PYTHONFAULTHANDLER", "1"),
        ("PYTHONIOENCODING", "latin-1"),
        ("PYTHONSAFEPATH", "1"),
        ("PYTHONNOUSERSITE", "1"),
        ("PYTHONHASHSEED", "0"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("PYTHONSTARTUP", "/nonexistent"),
        ("PYTHONINSPECT", "1"),
        ("PYTHONBREAKPOINT", "0"),
    ):
        yield Case(f"{name}={value}", environ={name: value})
    shadows = {f"{name}.py": f"print('{name} of the project')\n" for name in _STANDARD}
    yield Case("a PYTHONPATH that shadows modules", environ={"PYTHONPATH": "."}, files=shadows)
    killed = "impl-x: ; @kill -9 $$PPID"
    yield Case("the same, and make is killed", killed, environ={"PYTHONPATH": "/nonexistent:"}, files=shadows)
    yield Case("modules in the folder", files=shadows)
    yield Case("GIT_TRACE", environ={"GIT_TRACE": "/no/such", "GIT_TRACE2_EVENT": "2"})
    yield Case("GIT_TRACE into a file", script='GIT_TRACE="$PROJECT/t" GIT_TRACE2_EVENT="$PROJECT/u" exec make x')
    yield Case("GIT_DIR of something else", environ={"GIT_DIR": "/nonexistent", "GIT_WORK_TREE": "/"})
    yield Case("TMPDIR that is not there", environ={"TMPDIR": "/nonexistent"})


_STANDARD = ("resource", "select", "json", "tomllib", "datetime", "fcntl", "random", "struct", "calendar", "signal")


def _words() -> Iterator[Case]:
    """Target names: none may reach a shell. `$(touch canary)` and its like would leave a file."""
    odd: list[str | bytes] = [
        "a b", " a", "a ", "a\tb", "a'b", 'a"b', "a''b", "'", "$(touch canary)", "`touch canary`", "';touch canary;'",
        '";touch canary;"', "'$(touch canary)'", "a;touch canary", "a|touch canary", "a&touch canary", "a>canary",
        "a\ntouch canary\n", "$$", "$x", "${x}", "$@", "a%b", "%", "*", "?", "[a-z]", "{a,b}", "~", "~root", "!x", "#x",
        "", "a\\b", "a", "\\'", "a=b", "a:=b", "a:b", "a(b)", "a((b", "<a", "-x", "--version", "a,b", "é", "漢字",
        "\N{ROCKET}", b"\xff\xfe", b"a\xe9", "a\x01b", "\x7f", "x" * 900, "a/b", "./a", "../a", "a@b+c", "a\r",
    ]  # fmt: skip
    for name in odd:
        words = os_bytes("t.") + os_bytes(name)
        shown = ascii(name if len(name) < 40 else name[:40])
        yield Case(
            f"the target {shown}",
            _ODD_RULES,
            (words,),
            targets="t.% -%",
            quoted=True,
            records=not {*words} & {*b"=/\n"},
        )
    for name in (b"a b", b"$(touch canary)", b"`touch canary`", b"a;touch canary", b"\xff", b"*"):
        yield Case(f"the target {name!a}, simply quoted", _ODD_RULES, (b"t." + name,), targets="t.% -%")
    for name in ("-x", "--version", "-n"):
        yield Case(f"the target {name}", _ODD_RULES, ("--", name), targets="t.% -%", quoted=True)
    rules = "EQ := =\nimpl-x: ; @echo x\ninner: a$(EQ)b\n"
    yield Case("a target with =", rules, ("inner",), targets="x a$(EQ)b", records=False)


_ODD_RULES = """\
impl-t.% impl--%: FORCE
\t@printf '<%s>\\n' '$(subst ','\\'',$*)'; see here
default: ; @echo the default goal
.DEFAULT_GOAL := default
"""


def os_bytes(text: str | bytes) -> bytes:
    """Bytes as they stand, text in UTF-8."""
    return text if isinstance(text, bytes) else text.encode()


def _nested() -> Iterator[Case]:
    calls = "@$(MAKE) --no-print-directory"
    yield Case("a wrapped target calls another", f"impl-x: ; {calls} y; see here\nimpl-y: ; @see there; exit 4")
    deep = "\n".join(f"impl-n{level}: ; {calls} n{level + 1}" for level in range(5))
    yield Case("six levels of wrapped targets", f"{deep}\nimpl-n5: ; @see here; exit 2", ("n0",))
    yield Case(
        "make in another folder", "impl-x: ; @$(MAKE) -C sub", files={"sub/Makefile": "all: ; @see here; exit 2"}
    )
    yield Case("the recipe is run twice", "impl-x: impl-y\nimpl-y: ; @echo y", ("x", "y"))
    yield Case("a recipe calls itself until it ends", "impl-x: ; @echo . >>n; [ $$(wc -l <n) -gt 2 ] || $(MAKE) x")
    yield Case("make without $(MAKE) inside", "impl-x: ; @make y\nimpl-y: ; @see here", ("-k", "x"))
    yield Case("a recipe leaves a process behind", "impl-x: ; @(sleep .1; echo late) & echo done")
    yield Case("a recipe leaves a daemon behind", "impl-x: ; @setsid sh -c 'sleep .1; see here' & echo done")
    yield Case("a Makefile that is remade", "impl-x: ; @echo $(V)\ninclude v.mk\nv.mk: ; @echo V = 1 >$@")


def _signals() -> Iterator[Case]:
    for name in ("INT", "TERM", "HUP", "QUIT"):
        number = getattr(signal, f"SIG{name}")
        trapped = (
            f"impl-x: ; @trap 'trap \"\" {name}; taken {number:d}; echo cleaned; touch cleaned; exit 3' {name}; {_HANG}"
        )
        plain = f"impl-x: f\nf: ; @echo half >$@; {_HANG}"
        for what, rules in (("cleans up", trapped), ("is cut off", plain)):
            steps = (Step(after="started", signals=(number,), to="group"),)
            yield Case(f"{name} to the group, the recipe {what}", rules, steps=steps, varies="cut" in what)
    term = f"impl-x: f\nf: ; @trap 'echo cleaned; exit 3' TERM; echo half >$@; {_HANG}"
    # make answers USR1 by talking more, and goes on.
    yield Case("USR1 to the group", "impl-x: ; @trap '' USR1; kill -USR1 0; see here; echo on\n\t@echo next")
    for to in ("make", "between"):
        steps = (Step(after="started", signals=(signal.SIGTERM,), to=to),)
        yield Case(f"TERM to {to}", term, steps=steps)


def _terminals() -> Iterator[Case]:
    look = "impl-x: ; @see here; for n in 0 1 2; do [ -t $$n ] && touch tty$$n; done; stty -a; tput colors cols lines"
    for where in (
        "",
        "</dev/null",
        ">o",
        "2>e",
        "</dev/null >o",
        ">o 2>e",
        "</dev/null 2>e",
        "</dev/null >o 2>e",
        "| cat",
    ):
        yield Case(
            f"a terminal {where}", look, script=f"stty -a >before; make x {where}; stty -a >after", terminal=True
        )
    for goals in (("-j2", "x"), ("-O", "-j2", "x"), ("-n", "x"), ("-s", "x")):
        yield Case(f"a terminal and {goals[0]}", look, goals, terminal=True, records="-n" not in goals)
    yield Case("a dumb terminal", look, terminal=True, environ={"TERM": "dumb"})
    yield Case("a recipe that fails on a terminal", "impl-x: ; @false", terminal=True)
    echo_off = "impl-x: ; @stty -echo; : >started; read a; echo got $$a; see here"
    script = "make x; stty -a >after"
    yield Case("a recipe changes the terminal", echo_off, script=script, terminal=True, steps=_type("started", b"me\n"))
    raw = "impl-x: ; @stty raw -echo; : >started; dd bs=1 count=3 status=none | od -c; stty sane"
    yield Case("a recipe reads keys", raw, terminal=True, steps=_type("started", b"\x03\x1a\x04"))
    asks = "impl-x: ; @printf 'name? '; read a; echo got $$a\nimpl-y: ; @cat; echo end"
    yield Case("a recipe asks", asks, terminal=True, steps=(Step(said=b"name? ", types=b"me\n"),))
    both = (Step(said=b"name? ", types=b"me\n"), Step(said=b"got me", types=b"more\n\x04"))
    yield Case("a recipe reads to the end of input", asks, ("x", "y"), terminal=True, steps=both)
    for key, name in ((b"\x03", "INT"), (b"\x1c", "QUIT")):
        number = getattr(signal, f"SIG{name}")
        trap = (
            f"impl-x: ; @trap 'trap \"\" {name}; taken {number:d}; echo cleaned; touch cleaned; exit 3' {name}; {_HANG}"
        )
        yield Case(f"{name} typed, the recipe cleans up", trap, terminal=True, steps=_type("started", key))
        plain = f"impl-x: f\nf: ; @echo half >$@; {_HANG}"
        yield Case(
            f"{name} typed, the recipe is cut off", plain, terminal=True, steps=_type("started", key), varies=True
        )
    twice = "impl-x: ; @trap 'n=$$((n+1)); taken 2; : >caught$$n; [ $$n -lt 2 ] || exit 3' INT; "
    twice += "mkfifo hold; exec 9<>hold; : >started; while :; do read x <&9; done"
    steps = (*_type("started", b"\x03"), *_type("caught1", b"\x03"))
    yield Case("INT typed twice", twice, terminal=True, steps=steps)
    resized = f"impl-x: ; @trap 'stty size; exit 0' WINCH; {_HANG}"
    yield Case("a resized terminal", resized, terminal=True, steps=(Step(after="started", resizes=True),))
    hang_up = (Step(after="started", hangs_up=True),)
    stays = f"impl-x: ; @{_HANG}; touch cleaned"
    go = "(until [ -e started ]; do sleep .01; done; sleep .05; echo go >hold) & exec nohup make x >o 2>&1"
    yield Case("nohup and a terminal that hangs up", stays, terminal=True, script=go, steps=hang_up)


def _type(after: str, keys: bytes) -> tuple[Step, ...]:
    return (Step(after=after, types=keys),)


def _shells() -> Iterator[Case]:
    """At the prompt of an interactive shell with job control."""
    held = f"impl-x: ; @see here; {_HANG}; echo on"

    def case(name: str, rules: str, *steps: Step | bytes, varies: bool = False) -> Case:
        typed = [step if isinstance(step, Step) else Step(said=_PROMPT, types=step + b"\n") for step in steps]
        return Case(
            f"at a prompt: {name}",
            rules,
            script="exec bash --norc --noprofile --noediting -i",
            environ={"PS1": _PROMPT.decode(), "HISTFILE": "", "BASH_SILENCE_DEPRECATION_WARNING": "1"},
            terminal=True,
            steps=tuple(typed) if typed[-1].hangs_up else (*typed, Step(said=_PROMPT, types=b"exit\n")),
            varies=varies,
        )

    stop = Step(after="started", types=b"\x1a")
    yield case("success", "impl-x: ; @see here; echo x", b"make x")
    yield case("failure", "impl-x: ; @exit 3", b"make x", b"echo $?")
    yield case("Ctrl-Z and fg", held, b"make x", stop, b"jobs; echo go >hold; fg", b"echo $?")
    yield case("Ctrl-Z and bg", held, b"make x", stop, b"bg", b"echo go >hold; wait %1; echo $?")
    again = f"impl-x: ; @trap 'touch again' CONT; {_HANG}; until [ -e go ]; do read x <&9; done; echo on"
    stop_again = Step(after="again", types=b"\x1a")
    yield case("Ctrl-Z twice", again, b"make x", stop, b"fg", stop_again, b"touch go; echo go >hold; fg")
    cleans = "impl-x: ; @trap 'trap \"\" {0}; taken {0}; touch cleaned; exit 3' {0}; " + _HANG
    yield case("Ctrl-Z and kill", cleans.format(15), b"make x", stop, b"kill %1; fg", b"echo $?")
    yield case("Ctrl-Z in a pipe", held, b"make x | cat", stop, b"echo go >hold; fg", b"echo ${PIPESTATUS[@]}")
    yield case("Ctrl-C", cleans.format(2), b"make x", Step(after="started", types=b"\x03"), b"echo $?")
    in_background = b"make x >o 2>&1 & until [ -e started ]; do sleep .01; done"
    yield case("background", held, in_background, b"echo go >hold; wait $!; cat o")
    yield case("background and kill", cleans.format(15), in_background, b"kill %1; wait $!; echo $?; cat o")
    yield case(
        "nohup in the background", held, b"nohup " + in_background, b"kill -HUP %1; echo go >hold; wait $!; cat o"
    )
    yield case("the terminal hangs up", cleans.format(1), b"make x", Step(after="started", hangs_up=True))
    reads = "impl-x: ; @: >started; read a; see here; echo got $$a"
    until_stopped = b'make x & until [ "$(jobs -s)" ]; do sleep .01; done'
    yield case("background that reads", reads, until_stopped, b"fg", Step(said=b"make x\r\n", types=b"me\n"))
    yield case("background and tostop", "impl-x: ; @echo on", b"stty tostop", until_stopped, b"fg; stty -tostop")


_PROMPT = b"ready> "


_GROUPS = (
    *(_endings, _kills, _flags, _jobs, _input_and_output, _inherited),
    *(_environment, _words, _nested, _signals, _terminals, _shells),
)
ALL = tuple(case for group in _GROUPS for case in group())
# What `make test` compares; the slow matrices compare them all.
SAMPLE = tuple(case for group in _GROUPS for case in tuple(group())[::7])
