"""Quiet: those who ask one source the same, from the same place, wake as one where it answers that nothing is new.

Each row moves on as its own wake-up would have moved it, and no task, turn or lock of its own is needed for that. Who
has more to do than to look wakes by itself, and so do all where something is new: the answer is there already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from platos.core.digest import canonical
from platos.core.instant import Instant
from platos.core.specialist import PartSpec
from platos.runtime.ahead import Ahead
from platos.runtime.host import Host
from platos.runtime.shared import Key, Shared
from platos.store.specialists import Moved, Place

__all__ = ["Alike", "gather", "wake_quietly"]


@dataclass
class Alike:
    """Wake-ups that ask one source the same, begun at one moment: by name, what was read and how its row moves on."""

    spec: PartSpec
    cursor: bytes
    shared: Shared
    begun: Instant
    members: dict[str, tuple[Ahead, Moved]] = field(default_factory=dict)


def gather(host: Host, due: Mapping[str, Place], ahead: Mapping[str, Ahead]) -> list[Alike]:
    """Those who have nothing to do but to look at one source, by what they ask it."""
    now = host.now()
    found: dict[Key, Alike] = {}
    for name, its in ahead.items():
        moved = _moved(host, its, due[name].due, now)
        if moved is None or its.definition is None or len(its.definition.sources) != 1:
            continue
        (spec,) = its.definition.sources
        cursor = its.cursors.get(spec.name)
        if cursor is None or cursor.position is None or cursor.failures:
            continue
        key = (spec.part, canonical(spec.options), cursor.position)
        alike = found.setdefault(key, Alike(spec, cursor.position, its.shared, now))
        alike.members[name] = its, moved
    return list(found.values())


def _moved(host: Host, ahead: Ahead, asked: Instant, now: Instant) -> Moved | None:
    """How a row moves on whose slot has come, in time and once; None where there is anything else to tell or to do."""
    row, definition = ahead.row, ahead.definition
    if row is None or definition is None or row.due != asked or (row.reached is not None and asked <= row.reached):
        return None
    if row.name in host.owing or host.pause_of(row.name) is not None:
        return None
    due = definition.schedule.due(asked, now)
    if due.slot is None or due.missed:
        return None
    return Moved(row.id, asked, due.slot, due.next, row.definition, row.since or 0)


async def wake_quietly(host: Host, alike: Alike) -> list[str]:
    """Ask for all of them; return, when it is committed, the names of those who are to wake by themselves.

    Raises what the source raised, or what transactions raise: then all of them are.
    """
    slot = max(moved.slot for _, moved in alike.members.values())
    polled = await alike.shared.poll(alike.spec, alike.cursor, slot, host.source(alike.spec).poll)
    if polled.cursor != alike.cursor or polled.items or polled.problems or polled.withdrawn:
        return list(alike.members)
    untouched = {name: moved for name, (ahead, moved) in alike.members.items() if host.ahead.get(name) is ahead}
    for name in untouched:
        del host.ahead[name]
    await host.quiet.bring(list(untouched.values()))
    for moved in untouched.values():
        host.counters.woke(alike.begun, moved.slot)
    return [name for name in alike.members if name not in untouched]
