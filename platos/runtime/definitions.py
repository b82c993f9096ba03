"""Which definition of a specialist is in force: the file as it stands, or, where an edit is broken, the one before."""

from __future__ import annotations

import logging

from platos.core.digest import canonical
from platos.core.event import DefinitionBroken, DefinitionLoaded
from platos.core.instant import Instant
from platos.core.specialist import Specialist
from platos.errors import ConfigurationError, NotFound
from platos.runtime.host import Host
from platos.store import Tx, journal, specialists

__all__ = ["refresh", "refresh_all"]

log = logging.getLogger("platos")


async def refresh_all(host: Host) -> None:
    """Bring every specialist into force as its file stands; those whose file is gone wake no more."""
    names = set(await host.offload(host.definitions.names))
    for name in sorted(names):
        await refresh(host, name)
    for row in await specialists.every(host.store):
        if row.name not in names and row.present:
            await host.store.transact(specialists.remove, row.name)
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
    """A definition comes into force. The next slot stays where it is while the schedule is the same."""
    digest = journal.put_payload(tx, canonical(definition))
    row = specialists.get(tx, definition.name)
    if row is not None and row.definition == digest and row.present:
        specialists.set_problem(tx, definition.name, "")
        return
    due = definition.schedule.next_after(now)
    if row is not None and row.present and row.due is not None:
        kept = definition.schedule.next_after(row.due - 1) == row.due
        due = row.due if kept else due
    specialists.put(tx, definition.name, digest, due)
    event = DefinitionLoaded(at=now, specialist=definition.name, definition=digest)
    tx.record(journal.specialist_chain(definition.name), event)


def _note_problem(tx: Tx, name: str, problem: str, now: Instant) -> bool:
    """True where the problem is news."""
    news = specialists.set_problem(tx, name, problem)
    if news:
        event = DefinitionBroken(at=now, specialist=name, problem=problem)
        tx.record(journal.specialist_chain(name), event)
    return news
