"""Spreading: the steps of matters that are due become notices to people, in the transaction that moves the matter on.

What was slept through is told once: the latest step, to whoever any of them was for.
"""

from __future__ import annotations

import logging
from typing import NamedTuple

from platos.core.instant import Instant
from platos.core.notice import MatterKind, collected, gate_ladder
from platos.core.person import Person
from platos.core.policy import RiskTier
from platos.errors import ConfigurationError, NotFound
from platos.runtime.host import Host
from platos.runtime.tell.who import names_for
from platos.store import Tx, gates, matters, notices
from platos.store.gates import GateRow
from platos.store.matters import MatterRow
from platos.store.notices import NoticeRow

__all__ = ["spread_due"]

log = logging.getLogger("platos")


class _Spread(NamedTuple):
    """A matter, the notices that come of it now, and its next step: None where there is none."""

    matter: MatterRow
    notices: list[NoticeRow]
    step: int
    due: Instant | None


async def spread_due(host: Host) -> None:
    """Make notices of all that is due."""
    now = host.now()
    while due := await matters.due_now(host.store, now):
        await host.store.transact(_spread, [await _plan(host, row, now) for row in due])


def _spread(tx: Tx, plans: list[_Spread]) -> None:
    for plan in plans:
        if matters.advance(tx, plan.matter, plan.step, plan.due):
            for row in plan.notices:
                notices.add(tx, row)


async def _plan(host: Host, row: MatterRow, now: Instant) -> _Spread:
    try:
        gate = await gates.find(host.store, int(row.subject[1:])) if row.kind is MatterKind.GATE else None
        ladder = gate_ladder(gate.opened, gate.request.expires) if gate is not None else ()
        steps = range(row.step, max([row.step + 1, *(n + 1 for n, when in enumerate(ladder) if when <= now)]))
        due = ladder[steps.stop] if steps.stop < len(ladder) else None
        names = await names_for(host, row, steps)
    except (NotFound, ConfigurationError) as error:
        log.warning("nobody is told of %s %s: %s", row.kind, row.subject, error)
        return _Spread(row, [], row.step, None)
    assert host.telling is not None
    people = [host.telling.people[name] for name in names if name in host.telling.people]
    to = [each for person in people for each in _to(person, row, steps[-1], gate, due, now)]
    return _Spread(row, to, steps.stop, due)


def _to(
    person: Person, row: MatterRow, step: int, gate: GateRow | None, following: Instant | None, now: Instant
) -> list[NoticeRow]:
    """One for each notifier of a person. A request that may wait for others is collected, up to its next step."""
    batched = gate is not None and gate.request.tier is RiskTier.BATCHED and following is not None
    due = collected(now, person.collect, following or now) if batched else now
    return [NoticeRow(person.name, spec.name, row.kind, row.subject, step, now, due) for spec in person.tell]
