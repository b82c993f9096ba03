"""Audits: of what was judged since the last time, a few items are drawn at random, so that what is missed is measured.

Each tier's last words are drawn from by themselves, in strata: what it dismissed with little confidence more densely
than the rest, and of what was let through, whatever nobody has labelled. The chance of a draw is exact, and kept with
it. What is drawn goes to a person, or up to the planner after all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from platos.core.audit import Audits, Stratum, To
from platos.core.event import ItemsAudited
from platos.core.instant import Instant
from platos.core.misses import chances
from platos.core.verdict import Decision
from platos.runtime.definitions import template_of
from platos.runtime.host import Host
from platos.store import Tx, audits, items, journal, meta
from platos.store.audits import Audit, Judged

__all__ = ["draw_audits"]

_SURE = 0.9
"""Less confidence than this is little: the item was near the cut."""


class _Place(NamedTuple):
    """Whose last words, and which of them."""

    tier: str
    stratum: Stratum


async def draw_audits(host: Host) -> set[str]:
    """Draw from what was judged since the last draw, of every specialist; those with work because of it."""
    since, until = await audits.drawn_until(host.store), host.now()
    judged: dict[str, dict[_Place, list[int]]] = {}
    async for each in audits.judged(host.store, min(since, until), until):
        judged.setdefault(each.specialist, {}).setdefault(_place(each), []).append(each.item)
    if not judged:
        return set()
    drawn: list[Audit] = []
    for name in sorted(judged):
        definition = host.in_force.get(name) or await template_of(host, name)
        if definition is not None:
            drawn += _draw(name, judged[name], definition.audits, host.chance())
    return await host.store.transact(_commit, drawn, until)


def _place(each: Judged) -> _Place:
    if each.decision is not Decision.DISMISS:
        return _Place(each.tier, Stratum.PASSED)
    return _Place(each.tier, Stratum.NEAR if each.confidence < _SURE else Stratum.FAR)


def _draw(name: str, judged: dict[_Place, list[int]], asked: Audits, start: float) -> Iterator[Audit]:
    """From a random start, each time that the chances have added up to a whole (Madow, "On the theory of systematic
    sampling", 1949): as many as were asked for, each with its chance, and spread over the time."""
    sizes = {place: (place.stratum, len(judged[place])) for place in sorted(judged)}
    reached = start
    for place, chance in chances(sizes, asked).items():
        to = To.PERSON if place.stratum is Stratum.PASSED else asked.to
        for item in judged[place]:
            reached += chance
            if reached >= 1:
                reached -= 1
                yield Audit(item, name, place.tier, place.stratum, chance, to)


def _commit(tx: Tx, drawn: list[Audit], until: Instant) -> set[str]:
    audits.add(tx, drawn, until)
    lifted = set()
    for name, its in _by_specialist(drawn).items():
        up = tuple(each.item for each in its if each.to is To.UP and items.lift(tx, each.item))
        event = ItemsAudited(at=until, specialist=name, items=tuple(each.item for each in its), up=up)
        tx.record(journal.specialist_chain(name), event)
        if up:
            lifted.add(name)
    meta.put(tx, meta.AUDITED, until)
    return lifted


def _by_specialist(drawn: list[Audit]) -> dict[str, list[Audit]]:
    found: dict[str, list[Audit]] = {}
    for audit in drawn:
        found.setdefault(audit.specialist, []).append(audit)
    return found
