"""Import devtel's own modules where a build waits: Python takes 0.3 ms for each beside its code, this 0.1 ms.

Python looks for a module in several places; of these their places are known. A module whose compiled file is the one
that Python would use is executed at once (the file's form: PEP 552); any other, and a Python in which this was not
tried, is left to the import system.
"""

import marshal
import posix  # as in client/paths.py
import sys

if sys.version_info < (3, 14):  # where it was tried; importlib.machinery has these names too, and takes 1 ms
    from _frozen_importlib import ModuleSpec
    from _frozen_importlib_external import MAGIC_NUMBER, SourceFileLoader
    from _imp import _fix_co_filename  # type: ignore[attr-defined]

# Each after those that it imports.
ENTRY = ("entry",)
WRAP = (
    *("client/__init__", "client/paths", "client/consent_cache", "client/process", "client/switches"),
    *("client/context", "wrap"),
)
CALLS = ("client/plugin/__init__", "client/plugin/calls")
RECORD_CALL = (*WRAP, *CALLS, "client/plugin/channel", "record_call")
CHOSEN_TARGET = ("client/make_call", "client/chosen_target")
WHOLE_CALL = ("client/make_call", "client/whole_call")
OBSERVE = ("client/consent/__init__", "client/consent/terminal", "client/git_context", "client/recorder", "observe")
JOURNAL = (
    *("client/journal/__init__", "client/journal/machine_key", "client/journal/writer"),
    *("model/__init__", "model/target_names"),
)

_FOLDER = __file__.rpartition("/")[0]
_TAG = sys.implementation.cache_tag
_BY_TIME_AND_SIZE = bytes(4)


def load(modules: tuple[str, ...]) -> None:
    """Import modules, named by their files, that are not imported yet."""
    if sys.version_info >= (3, 14) or sys.flags.optimize or sys.pycache_prefix:  # or Python uses other compiled files
        return
    for module in modules:
        _load(module)


def _load(module: str) -> None:
    folder, _, file = f"{_FOLDER}/{module}".rpartition("/")
    name = f"{__package__}.{module.removesuffix('/__init__').replace('/', '.')}"
    above, _, own = name.rpartition(".")
    source = f"{folder}/{file}.py"
    if name in sys.modules or above not in sys.modules:
        return
    compiled = _compiled(source, f"{folder}/__pycache__/{file}.{_TAG}.pyc")
    if compiled is None:
        return
    code = marshal.loads(compiled)  # noqa: S302  as Python does with this file
    _fix_co_filename(code, source)
    made = sys.modules[name] = type(sys)(name)
    made.__file__ = source
    made.__loader__ = SourceFileLoader(name, source)
    made.__spec__ = ModuleSpec(name, made.__loader__, origin=source, is_package=file == "__init__")
    made.__package__ = made.__spec__.parent
    if file == "__init__":
        made.__path__ = made.__spec__.submodule_search_locations = [folder]
    try:
        exec(code, made.__dict__)  # noqa: S102
    except BaseException:
        del sys.modules[name]
        raise
    setattr(sys.modules[above], own, made)


def _compiled(source: str, file: str) -> memoryview | None:
    """The code in a module's compiled file; None where Python would compile the source anew, or cannot."""
    try:
        status = posix.stat(source)
        descriptor = posix.open(file, posix.O_RDONLY)
        try:
            content = memoryview(posix.read(descriptor, posix.fstat(descriptor).st_size))
        finally:
            posix.close(descriptor)
    except OSError:
        return None
    stamp = b"".join((number & 0xFFFFFFFF).to_bytes(4, "little") for number in (int(status.st_mtime), status.st_size))
    return content[16:] if content[:16] == MAGIC_NUMBER + _BY_TIME_AND_SIZE + stamp else None
