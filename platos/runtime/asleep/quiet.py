"""Quiet: those who ask one source the same, from the same place, wake as one where it answers that nothing is new.

Each row moves on as its own wake-up would have moved it, and no task, turn or lock of its own is needed for that. Who
has more to do than to look wakes by itself, and so do all where something is new: the answer is there already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from platos.core.instant import Instant
from platos.core.specialist import PartSpec
from platos.ports.source import Polled
from platos.runtime.asleep.ahead import Ahead
from platos.runtime.asleep.shared import Key, Shared
from platos.runtime.host import Host
from platos.store.quiet import Claim, Quiet, Read
from platos.store.specialists import Place

__all__ = ["Alike", "gather", "wake_quietly"]


@dataclass
class Alike:
    """Wake-ups that ask one source the same, begun at one moment: by name, what was read and how its row moves on.

    `slot` is the latest of theirs, `answer` what is there for it already.
    """

    key: Key
    spec: PartSpec
    shared: Shared
    begun: Instant
    slot: Instant = 0
    answer: Polled | None = None
    members: dict[str, tuple[Ahead, Quiet]] = field(default_factory=dict)

    def take(self, ahead: Ahead, quiet: Quiet, name: str) -> None:
        """One more of them."""
        self.members[name] = ahead, quiet
        self.slot = max(self.slot, quiet.slot)


def gather(host: Host, due: Mapping[str, Place], ahead: Mapping[str, Ahead]) -> list[list[Alike]]:
    """Those who have nothing to do but to look at one source, by what they ask it; in one list those whose answer is
    there already."""
    now = host.now()
    found: dict[tuple[str, Key], Alike] = {}
    for name, its in ahead.items():
        quiet = _if_quiet(host, its, due[name].due, now)
        if quiet is None or its.definition is None or len(its.definition.sources) != 1:
            continue
        (spec,) = its.definition.sources
        cursor = its.cursors.get(spec.name)
        if cursor is not None and cursor.failures:
            continue
        key = Key.of(spec, None if cursor is None else cursor.position)
        alike = found.get((spec.name, key))
        if alike is None:
            alike = found[spec.name, key] = Alike(key, spec, its.shared, now)
        alike.take(its, quiet, name)
    for alike in found.values():
        alike.answer = alike.shared.answer(alike.key, alike.slot)
    answered = [alike for alike in found.values() if alike.answer is not None]
    asking = [[alike] for alike in found.values() if alike.answer is None]
    return [answered, *asking] if answered else asking


def _if_quiet(host: Host, ahead: Ahead, asked: Instant, now: Instant) -> Quiet | None:
    """How a row moves on whose slot has come; None where there is anything else to do, or a slot comes again."""
    row, definition = ahead.row, ahead.definition
    if row is None or definition is None or row.due != asked or (row.reached is not None and asked <= row.reached):
        return None
    if row.name in host.owing or host.pause_of(row.name) is not None:
        return None
    due = definition.schedule.due(asked, now)
    if due.slot is None:
        return None
    return Quiet(row.name, Claim(row.id, asked, row.definition, row.since or 0), due.slot, due.next, now, due.missed)


async def wake_quietly(host: Host, together: Sequence[Alike]) -> set[str]:
    """Ask for all of them; return, when it is committed, who woke so. The others are to wake by themselves.

    Raises what a source raised, or what transactions raise: then all of them are.
    """
    woke: dict[str, Quiet] = {}
    for alike in together:
        polled = alike.answer or await alike.shared.poll(alike.key, alike.slot, host.source(alike.spec).poll)
        if not (polled.items or polled.problems or polled.withdrawn):
            woke |= _untouched(host, alike, polled)
    if woke:
        await host.quiet.bring(list(woke.values()))
    for quiet in woke.values():
        host.counters.woke(together[0].begun, quiet.slot)
    return set(woke)


def _untouched(host: Host, alike: Alike, polled: Polled) -> dict[str, Quiet]:
    """How those move on of whom what was read ahead is true still. It is taken: nobody else wakes by it."""
    still = {name: quiet for name, (ahead, quiet) in alike.members.items() if host.ahead.get(name) is ahead}
    for name in still:
        del host.ahead[name]
    if polled.cursor == alike.key.cursor:
        return still
    read = Read(alike.spec.name, polled.cursor, alike.key.cursor)
    return {name: quiet._replace(read=read) for name, quiet in still.items()}
