"""The random key of this machine, created once and stored in the state folder by host name.

A home on several machines has one key for each, so that each machine writes its own journals.
"""

import os

from devtelemetry_cli.client.paths import StateDir


def path(state: StateDir, nodename: str) -> str:
    """The file that holds the key of the machine called `nodename`."""
    safe = "".join(c if c.isalnum() or c in ".-_" else "_" for c in nodename)[:100]
    return f"{state.hosts}/{safe or '_'}"


def find(state: StateDir) -> str | None:
    """This machine's key; None where there is none yet or the file is damaged."""
    return _read(path(state, os.uname().nodename))


def get_or_create(state: StateDir) -> str:
    """This machine's key, created where missing. Raises OSError where it cannot be stored."""
    place = path(state, os.uname().nodename)
    known = _read(place)
    if known is None:
        _make(place)
        known = _read(place)
    if known is None:
        raise OSError(f"{place} holds no key")
    return known


def deliverable_keys(state: StateDir, journal: str) -> list[str]:
    """The machine keys whose records in the folder `journal` are delivered and kept from here: this machine's first.

    All of them: a host name changes (containers, laptops), and a key's file may be lost. Raises OSError where the
    folder cannot be listed.
    """
    own = find(state)
    others = [name for name in _names(state.journal(journal)) if _is_key(name) and name != own]
    return [*([own] if own else []), *sorted(others)]


def is_of_another_host(state: StateDir, key: str) -> bool:
    """Whether a key belongs to another host name: another machine, or this one before its name changed."""
    own = os.path.basename(path(state, os.uname().nodename))
    return any(_read(f"{state.hosts}/{name}") == key for name in _names(state.hosts) if name != own)


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []


def _is_key(text: str) -> bool:
    return len(text) == 8 and all(c in "0123456789abcdef" for c in text)


def _read(place: str) -> str | None:
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return None
    try:
        key = os.read(descriptor, 64).decode("ascii", "replace").strip()
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return key if _is_key(key) else None


def _make(place: str) -> None:
    """Put a whole key in place at once: of two runs that make it at the same time, both read the winner's."""
    from devtelemetry_cli.client.draft import write  # noqa: PLC0415  once for each machine

    os.makedirs(os.path.dirname(place), 0o700, exist_ok=True)
    draft = f"{place}.{os.getpid()}.new"
    write(draft, os.urandom(4).hex().encode())
    try:
        if os.path.lexists(place) and _read(place) is None:
            os.replace(draft, place)  # a damaged key: its journals stay, a new key takes over
        else:
            os.link(draft, place)
    except FileExistsError:
        pass
    finally:
        if os.path.lexists(draft):
            os.unlink(draft)
