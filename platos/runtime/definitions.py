"""Which definition of a specialist is in force: the file as it stands, or, where an edit is broken, the one before."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence

from platos.core.digest import canonical
from platos.core.event import DefinitionBroken, DefinitionGone, DefinitionLoaded
from platos.core.instant import Instant
from platos.core.specialist import Specialist
from platos.errors import ConfigurationError, NotFound
from platos.runtime.host import Definitions, Host
from platos.store import Tx, journal, specialists
from platos.store.specialists import SpecialistRow

__all__ = ["bring_back", "handled_until", "refresh", "refresh_all", "refresh_sound", "template_of"]

log = logging.getLogger("platos")

_ADOPTED_AT_ONCE = 500

_Loaded = Specialist | ConfigurationError | NotFound


async def refresh_all(host: Host) -> None:
    """Bring every specialist into force as its file stands; those whose file is gone wake no more."""
    found = await host.offload(host.definitions.scan)
    await _bring_into_force(host, found)
    for name in await specialists.files(host.store):
        if name not in found:
            await host.store.transact(_remove, name, host.now())
            host.in_force.pop(name, None)
            host.ahead.pop(name, None)
            log.warning("%s: its file is gone; it wakes no more, and runs that are open go on", name)


async def refresh(host: Host, name: str) -> Specialist | None:
    """The definition in force for a specialist, after a look at its file. None where there never was a good one.

    Raises ConfigurationError where its template makes none of its parameters any more.
    """
    made = await bring_back(host, name)
    if made is not None:
        return made
    found = await host.offload(_load, host.definitions, [name])
    return (await _bring_into_force(host, found))[name]


async def bring_back(host: Host, name: str) -> Specialist | None:
    """Bring into force again what a template makes of a specialist; otherwise as `template_of`."""
    made = await template_of(host, name)
    if made is not None:
        host.in_force[name] = made
        host.passing.add(name)
    return made


async def template_of(host: Host, name: str) -> Specialist | None:
    """What its template makes of a specialist; None for one that has a file of its own, or that there is not.

    Raises ConfigurationError where it makes none any more; that is noted.
    """
    row = await specialists.look(host.store, name)
    if row is None or row.parameters is None:
        return None
    try:
        return await host.definition_of(row)
    except ConfigurationError as error:
        await host.store.transact(_note_problem, name, str(error), host.now())
        raise


async def refresh_sound(host: Host, names: Sequence[str]) -> dict[str, Specialist]:
    """The same for several at once, as far as their files can be used as they stand."""
    found = await host.offload(_load, host.definitions, names)
    return await _adopt_sound(host, found)


def _load(definitions: Definitions, names: Sequence[str]) -> dict[str, _Loaded]:
    """The definitions as the files stand, or what is wrong with them. Blocking."""
    found: dict[str, _Loaded] = {}
    for name in names:
        try:
            found[name] = definitions.load(name)
        except (ConfigurationError, NotFound) as error:
            found[name] = error
    return found


async def _bring_into_force(host: Host, found: Mapping[str, _Loaded]) -> dict[str, Specialist | None]:
    """What is in force now that files were looked at."""
    sound = await _adopt_sound(host, found)
    broken = {name: error for name, error in found.items() if not isinstance(error, Specialist)}
    kept = {name: await _keep_the_old_one(host, name, error) for name, error in broken.items()}
    return {**sound, **kept}


async def _adopt_sound(host: Host, found: Mapping[str, _Loaded]) -> dict[str, Specialist]:
    """The definitions that can be used. What is new among them is adopted in few transactions, not in one each."""
    sound = {name: its for name, its in found.items() if isinstance(its, Specialist)}
    new = [its for name, its in sound.items() if host.in_force.get(name) != its or name in host.broken]
    for start in range(0, len(new), _ADOPTED_AT_ONCE):
        some = new[start : start + _ADOPTED_AT_ONCE]
        await host.store.transact(_adopt_all, some, host.now())
        for definition in some:
            host.in_force[definition.name] = definition
            host.broken.discard(definition.name)
            host.ahead.pop(definition.name, None)
    return sound


async def _keep_the_old_one(host: Host, name: str, error: ConfigurationError | NotFound) -> Specialist | None:
    host.broken.add(name)
    if await host.store.transact(_note_problem, name, str(error), host.now()):
        log.warning("%s: the edit cannot be used, the definition before it stays in force\n%s", name, error)
    if name not in host.in_force:
        try:
            row = await specialists.find(host.store, name)
        except NotFound:
            log.warning("%s: cannot be used\n%s", name, error)
            return None
        host.in_force[name] = await host.definition_of(row)
    return host.in_force[name]


def _adopt_all(tx: Tx, definitions: Iterable[Specialist], now: Instant) -> None:
    for definition in definitions:
        _adopt(tx, definition, now)


def _adopt(tx: Tx, definition: Specialist, now: Instant) -> None:
    """A definition comes into force, or is in force again after its file was broken."""
    name, digest = definition.name, journal.put_payload(tx, canonical(definition))
    row = specialists.get(tx, name)
    since, reached = handled_until(row, now), (row and row.reached) or 0
    if row is None or row.definition != digest or not row.present or row.parameters is not None:
        specialists.put(tx, name, digest, definition.schedule.next_after(since))
    elif not specialists.set_problem(tx, name, ""):
        return
    event = DefinitionLoaded(at=now, specialist=name, definition=digest, since=since, reached=reached)
    tx.record(journal.specialist_chain(name), event)


def _remove(tx: Tx, name: str, now: Instant) -> None:
    """The specialist's file is gone."""
    row = specialists.get(tx, name)
    if specialists.remove(tx, name):
        event = DefinitionGone(at=now, specialist=name, since=handled_until(row, now))
        tx.record(journal.specialist_chain(name), event)


def handled_until(row: SpecialistRow | None, now: Instant) -> Instant:
    """Up to when slots are accounted for: now, unless one whose time has come has not been handled yet."""
    return now if row is None or row.due is None else min(now, row.due - 1)


def _note_problem(tx: Tx, name: str, problem: str, now: Instant) -> bool:
    """True where the problem is news."""
    news = specialists.set_problem(tx, name, problem)
    if news:
        event = DefinitionBroken(at=now, specialist=name, problem=problem)
        tx.record(journal.specialist_chain(name), event)
    return news
