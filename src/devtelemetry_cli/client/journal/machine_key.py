"""The random key of this machine, created once and stored in the state folder by host name; it never leaves it.

A home on several machines has one key for each, so that each machine writes its own journals. What is sent, and names
the folder of the records, is derived from it for each agreement.
"""

import posix  # as in client/paths.py

from devtelemetry_cli.client.paths import StateDir, above, day_file, lexists


def path(state: StateDir, nodename: str) -> str:
    """The file that holds the key of the machine called `nodename`."""
    safe = "".join(c if c.isalnum() or c in ".-_" else "_" for c in nodename)[:100]
    return f"{state.hosts}/{safe or '_'}"


def find(state: StateDir) -> str | None:
    """This machine's key; None where there is none yet or the file is damaged."""
    return _read(path(state, posix.uname().nodename))


def get_or_create(state: StateDir) -> str:
    """This machine's key, created where missing. Raises OSError where it cannot be stored."""
    place = path(state, posix.uname().nodename)
    known = _read(place)
    if known is None:
        _make(place)
        known = _read(place)
    if known is None:
        raise OSError(f"{place} holds no key")
    return known


def derived(machine: str, grant: str) -> str:
    """The key of a machine under an agreement, as reports carry it: 8 hexadecimal digits that link nothing.

    An agreement belongs to one destination, and `forget` makes a new one. Its name is random and never sent, so that
    for any machine key there is a name that gives the same result: not even trying all keys links two of them.
    """
    from _blake2 import blake2s  # noqa: PLC0415  what hashlib itself uses; importing `hashlib` costs 10 ms

    return blake2s(grant.encode(), key=machine.encode(), digest_size=4).hexdigest()


def of_run(state: StateDir, journal: str, grant: str, date: str) -> str:
    """The key under which a run of the local day `date` is recorded and sent. Raises OSError.

    devtel 0.1.0 used the machine's key itself: a day that it began stays one report.
    """
    machine = get_or_create(state)
    is_begun = lexists(day_file(state.journal(journal, machine), date))
    return machine if is_begun else derived(machine, grant)


def is_of(key: str, machine: str | None, grant: str) -> bool:
    """Whether a machine recorded under `key` in an agreement."""
    return machine is not None and key in (machine, derived(machine, grant))


def recorded_keys(state: StateDir, journal: str) -> list[str]:
    """The keys under which there are records or delivery state in the folder `journal`; all are served from here.

    A host name changes (containers, laptops), a key's file may be lost, and each agreement has a key of its own.
    Raises OSError where the folder of the records cannot be listed.
    """
    names = set(_names(state.journal(journal)))
    try:  # noqa: SIM105  contextlib is one more import on the way of a run
        names.update(_names(state.ledger(journal)))
    except OSError:  # reported where it is read
        pass
    return sorted(name for name in names if _is_key(name))


def _names(folder: str) -> list[str]:
    try:
        return posix.listdir(folder)
    except FileNotFoundError:
        return []


def _is_key(text: str) -> bool:
    return len(text) == 8 and all(c in "0123456789abcdef" for c in text)


def _read(place: str) -> str | None:
    try:
        descriptor = posix.open(place, posix.O_RDONLY | posix.O_NONBLOCK | posix.O_NOCTTY)
    except OSError:
        return None
    try:
        key = posix.read(descriptor, 64).decode("ascii", "replace").strip()
    except OSError:
        return None
    finally:
        posix.close(descriptor)
    return key if _is_key(key) else None


def _make(place: str) -> None:
    """Put a whole key in place at once: of two runs that make it at the same time, both read the winner's."""
    import os  # noqa: PLC0415  once for each machine

    from devtelemetry_cli.client.draft import beside, write  # noqa: PLC0415

    os.makedirs(above(place), 0o700, exist_ok=True)
    draft = beside(place)
    write(draft, posix.urandom(4).hex().encode())
    try:
        if lexists(place) and _read(place) is None:
            posix.replace(draft, place)  # a damaged key: its journals stay, a new key takes over
        else:
            posix.link(draft, place)
    except FileExistsError:
        pass
    finally:
        if lexists(draft):
            posix.unlink(draft)
