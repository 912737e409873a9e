"""The modules of a recorded build: imported without Python's import system, and as it would have imported them."""

import compileall
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import devtelemetry_cli
from devtelemetry_cli import direct_import
from devtelemetry_cli.client import paths
from tests.helpers import plugin_project
from tests.helpers.developer import PYTHON, Developer, wait_for
from tests.helpers.installation import Installation
from tests.helpers.makes import FIRST, MAKES
from tests.helpers.plugin_project import has_recorder

SOURCE = Path(devtelemetry_cli.__file__).parent
MODULES = (
    *(*direct_import.ENTRY, *direct_import.RECORD_CALL, *direct_import.WHOLE_CALL, *direct_import.CHOSEN_TARGET),
    *(*direct_import.OBSERVE, *direct_import.JOURNAL),
)
WHOLE_CALL = ("--every-target", "--make=make", "--makefile=Makefile", "--")

# devtel's start file, behind a finder that notes each module that Python's import system looks for.
NOTING = """\
import posix, sys
class Notes:
    def find_spec(name, path=None, target=None):
        posix.write(notes, f"{{name}}\\n".encode())
notes = posix.open({notes!r}, posix.O_WRONLY | posix.O_APPEND | posix.O_CREAT, 0o600)
sys.meta_path.insert(0, Notes)
__file__ = {main!r}
exec(compile(open(__file__).read(), __file__, "exec"))
"""

# Each module's own account of itself, imported in the usual way or directly.
ACCOUNT = """\
import importlib, json, sys
from devtelemetry_cli import direct_import
if sys.argv[1] == "directly":
    direct_import.load(tuple(sys.argv[2:]))
names = ["devtelemetry_cli." + word.removesuffix("/__init__").replace("/", ".") for word in sys.argv[2:]]
found = {}
for name, module in zip(names, [importlib.import_module(name) for name in names]):
    spec, (above, _, own) = module.__spec__, name.rpartition(".")
    found[name] = [
        module.__name__, module.__file__, module.__package__, module.__doc__, getattr(module, "__path__", None),
        spec.name, spec.origin, spec.parent, spec.submodule_search_locations, type(spec.loader).__name__,
        spec.loader.path, module.__loader__ is spec.loader, getattr(sys.modules[above], own) is module,
        hasattr(module, "__cached__"), sorted(set(vars(module)) - {"__cached__"}),
    ]
print(json.dumps(found))
"""


@pytest.fixture
def noting(developer: Developer) -> Path:
    """A start file for devtel; the modules that it notes are beside it, in `notes`."""
    compileall.compile_dir(SOURCE, quiet=1)
    file = developer.folder / "noting.py"
    file.write_text(NOTING.format(notes=str(developer.folder / "notes"), main=str(SOURCE / "__main__.py")))
    return file


def noted(file: Path) -> set[str]:
    """devtel's own modules among those that were looked for, since the last time."""
    notes = file.with_name("notes")
    names = {name for name in notes.read_text().split() if name.startswith("devtelemetry_cli")}
    notes.unlink()
    return names


@pytest.mark.parametrize(
    "words", [("--as-called", "--", "work"), (*WHOLE_CALL, "impl-work")], ids=["a target", "a whole call"]
)
def test_a_recorded_run_leaves_no_module_to_the_import_system(
    developer: Developer, noting: Path, words: tuple[str, ...]
) -> None:
    developer.makefile("impl-work:\n\t@true")
    developer.grant(every_target=True)
    (developer.state / "calls").mkdir()  # as the plug-in leaves it
    for _ in range(2):  # consent is judged once, and remembered
        assert developer.run(PYTHON, "-I", "-S", str(noting), "wrap", *words).returncode == 0
        looked_for = noted(noting)
    assert looked_for == {"devtelemetry_cli", "devtelemetry_cli.direct_import"}
    assert len(developer.ends()) == 2


def test_nor_does_the_recorder_of_the_plug_in(developer: Developer, noting: Path) -> None:
    developer.state.mkdir(exist_ok=True)
    developer.config.write_text('engine = "wrapper"\n')
    developer.grant(every_target=True)
    make = str(Path(MAKES[FIRST] or "/usr/bin/make").resolve())
    values = {"library": plugin_project.library(developer.folder), "stamp": plugin_project.stamp(make)}
    text = plugin_project.LOAD.format(python=PYTHON, recorder=noting, program=make, **values) + plugin_project.INCLUDE
    (developer.project / "GNUmakefile").write_text(text)
    (developer.project / "Makefile").write_text("all:;@true\n")
    for _ in range(2):
        assert developer.run(make).returncode == 0
        wait_for(lambda: not has_recorder(developer.home))
        looked_for = noted(noting)
    assert looked_for == {"devtelemetry_cli", "devtelemetry_cli.direct_import"}
    assert len(developer.ends()) == 2


def test_a_module_is_the_same_as_if_python_had_imported_it() -> None:
    compileall.compile_dir(SOURCE, quiet=1)
    usual, direct = (
        json.loads(subprocess.check_output([PYTHON, "-c", ACCOUNT, way, *MODULES])) for way in ("usually", "directly")
    )
    assert {account.pop(-2) for account in usual.values()} == {True}
    # Nothing reads __cached__, so it tells the two ways apart.
    assert {account.pop(-2) for account in direct.values()} == {False}
    assert direct == usual


def test_a_traceback_names_the_source(tmp_path: Path) -> None:
    (tmp_path / "devtelemetry_cli").mkdir()
    for name in ("__init__", "direct_import", "errors"):
        shutil.copy(SOURCE / f"{name}.py", tmp_path / "devtelemetry_cli")
    compileall.compile_dir(tmp_path, quiet=1, ddir="where/it/was/built")
    code = (
        "import sys; from devtelemetry_cli import direct_import; direct_import.load(('errors',))\n"
        "errors = sys.modules['devtelemetry_cli.errors']; print(errors.of_file.__code__.co_filename)"
    )
    shown = subprocess.check_output([PYTHON, "-c", code], cwd=tmp_path, text=True)
    assert shown == f"{tmp_path}/devtelemetry_cli/errors.py\n"


def test_a_module_whose_code_fails_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.py").write_text("raise KeyError\n")
    compileall.compile_dir(tmp_path, quiet=1)
    monkeypatch.setattr(direct_import, "_FOLDER", str(tmp_path))
    with pytest.raises(KeyError):
        direct_import.load(("broken",))
    assert "devtelemetry_cli.broken" not in sys.modules


def test_a_python_in_which_it_was_not_tried_imports_in_its_own_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.py").write_text("raise KeyError\n")
    compileall.compile_dir(tmp_path, quiet=1)
    monkeypatch.setattr(direct_import, "_FOLDER", str(tmp_path))
    monkeypatch.setattr(sys, "version_info", (3, 14))
    direct_import.load(("broken",))


def test_a_module_that_is_imported_stays() -> None:
    direct_import.load(("client/paths",))
    assert sys.modules["devtelemetry_cli.client.paths"] is paths


@pytest.fixture
def installed(developer: Developer, tmp_path: Path) -> Installation:
    """A compiled copy of devtel, for a developer who agreed."""
    installation = Installation(tmp_path / "installed")
    compileall.compile_dir(installation.package, quiet=1)
    (developer.project / "Makefile").write_text("impl-work:\n\t@true\n")
    developer.grant(every_target=True)
    run(developer, installation)  # consent is judged once, by other modules
    return installation


def run(
    developer: Developer, installation: Installation, *options: str, goals: tuple[str, ...] = ("impl-work",)
) -> str:
    """The target that the copy records."""
    main, before = str(installation.package / "__main__.py"), len(developer.records())
    done = developer.run(str(installation.python), "-I", "-S", *options, main, "wrap", *WHOLE_CALL, *goals)
    assert (done.returncode, done.stderr) == (0, "")
    start, _ = developer.records()[before:]
    return str(start["target"])


def compiled(installation: Installation, module: str) -> Path:
    (file,) = (installation.package / module).parent.glob(f"__pycache__/{module.rpartition('/')[2]}.*.pyc")
    return file


def _truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:10])


def _from_another_python(file: Path) -> None:
    file.write_bytes(b"\0\0\r\n" + file.read_bytes()[4:16] + b"damaged")


def _by_hash(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:4] + b"\3\0\0\0" + file.read_bytes()[8:16] + b"damaged")


@pytest.mark.parametrize("module", ["client/__init__", "client/paths", "wrap", "observe", "model/target_names"])
@pytest.mark.parametrize("fault", [Path.unlink, _truncate, _from_another_python, _by_hash])
def test_without_a_compiled_file_of_its_own_a_module_is_left_to_python(
    developer: Developer, installed: Installation, module: str, fault: Callable[[Path], None]
) -> None:
    fault(compiled(installed, module))
    assert run(developer, installed) == "impl-work"


def test_without_any_compiled_file_too(developer: Developer, installed: Installation) -> None:
    for folder in installed.package.rglob("__pycache__"):
        shutil.rmtree(folder)
    assert run(developer, installed) == "impl-work"


@pytest.mark.parametrize("change", ["size", "time"])
def test_a_changed_source_is_what_runs(developer: Developer, installed: Installation, change: str) -> None:
    source = installed.package / "model" / "target_names.py"
    was, text = source.stat(), source.read_text()
    name = "(DEFAULT)" if change == "time" else "(none)"
    source.write_text(text.replace('DEFAULT = "(default)"', f'DEFAULT = "{name}"'))
    os.utime(source, (was.st_atime, was.st_mtime + (10 if change == "time" else 0)))
    assert run(developer, installed, goals=()) == name


def test_where_python_keeps_compiled_files_elsewhere_they_are_its_own(
    developer: Developer, installed: Installation
) -> None:
    other = compiled(installed, "model/target_names")
    other.write_bytes(other.read_bytes()[:16] + b"damaged")
    assert run(developer, installed, "-X", f"pycache_prefix={developer.folder}/elsewhere") == "impl-work"
    assert run(developer, installed, "-O") == "impl-work"
