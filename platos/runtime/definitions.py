"""Which definition of a specialist is in force: the file as it stands, or, where an edit is broken, the one before."""

from __future__ import annotations

import logging

from platos.core.digest import canonical
from platos.core.event import DefinitionBroken, DefinitionGone, DefinitionLoaded
from platos.core.instant import Instant
from platos.core.specialist import Specialist
from platos.errors import ConfigurationError, NotFound
from platos.runtime.host import Host
from platos.store import Tx, journal, specialists
from platos.store.specialists import SpecialistRow

__all__ = ["refresh", "refresh_all"]

log = logging.getLogger("platos")


async def refresh_all(host: Host) -> None:
    """Bring every specialist into force as its file stands; those whose file is gone wake no more."""
    names = set(await host.offload(host.definitions.names))
    for name in sorted(names):
        await refresh(host, name)
    for row in await specialists.every(host.store):
        if row.name not in names and row.present:
            await host.store.transact(_remove, row.name, host.now())
            host.in_force.pop(row.name, None)
            log.warning("%s: its file is gone; it wakes no more, and runs that are open go on", row.name)


async def refresh(host: Host, name: str) -> Specialist | None:
    """The definition in force for a specialist, after a look at its file. None where there never was a good one."""
    try:
        definition = await host.offload(host.definitions.load, name)
    except (ConfigurationError, NotFound) as error:
        return await _keep_the_old_one(host, name, error)
    if host.in_force.get(name) != definition or name in host.broken:
        await host.store.transact(_adopt, definition, host.now())
        host.in_force[name] = definition
        host.broken.discard(name)
    return definition


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
        host.in_force[name] = await host.pinned(row.definition)
    return host.in_force[name]


def _adopt(tx: Tx, definition: Specialist, now: Instant) -> None:
    """A definition comes into force, or is in force again after its file was broken."""
    name, digest = definition.name, journal.put_payload(tx, canonical(definition))
    row = specialists.get(tx, name)
    since, reached = _handled_until(row, now), (row and row.reached) or 0
    if row is None or row.definition != digest or not row.present:
        specialists.put(tx, name, digest, definition.schedule.next_after(since))
    elif not specialists.set_problem(tx, name, ""):
        return
    event = DefinitionLoaded(at=now, specialist=name, definition=digest, since=since, reached=reached)
    tx.record(journal.specialist_chain(name), event)


def _remove(tx: Tx, name: str, now: Instant) -> None:
    """The specialist's file is gone."""
    row = specialists.get(tx, name)
    if specialists.remove(tx, name):
        event = DefinitionGone(at=now, specialist=name, since=_handled_until(row, now))
        tx.record(journal.specialist_chain(name), event)


def _handled_until(row: SpecialistRow | None, now: Instant) -> Instant:
    """Up to when slots are accounted for: now, unless one whose time has come has not been handled yet."""
    return now if row is None or row.due is None else min(now, row.due - 1)


def _note_problem(tx: Tx, name: str, problem: str, now: Instant) -> bool:
    """True where the problem is news."""
    news = specialists.set_problem(tx, name, problem)
    if news:
        event = DefinitionBroken(at=now, specialist=name, problem=problem)
        tx.record(journal.specialist_chain(name), event)
    return news
