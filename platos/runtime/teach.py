"""Teaching: which items a person is best asked about next. What an audit drew comes first, for that is a promise; then
what the ladder's learning tier would learn most from.
"""

from __future__ import annotations

from typing import NamedTuple

from platos.core.item import StoredItem
from platos.ports.tier import Learner
from platos.runtime.bench import Sitting, TriageBench
from platos.runtime.host import Host
from platos.store import audits, items, memories

__all__ = ["Question", "questions"]

_POOL = 5_000
"""So many of the latest items that nobody has labelled are looked at."""


class Question(NamedTuple):
    """An item to be labelled, and why just this one."""

    stored: StoredItem
    why: str


async def questions(host: Host, name: str, count: int) -> list[Question]:
    """The next items to ask a person about, at most so many. Empty where nothing is to be learnt."""
    drawn = await audits.unanswered(host.store, name, count)
    asked = [Question(await items.find(host.store, number), "drawn for an audit") for number in drawn]
    if len(asked) < count and name in host.in_force:
        pool = await items.unlabelled(host.store, name, _POOL)
        known = set(drawn)
        left = [stored for stored in pool if stored.number not in known]
        asked += await _most_to_learn_from(host, name, left, count - len(asked))
    return asked


async def _most_to_learn_from(host: Host, name: str, pool: list[StoredItem], count: int) -> list[Question]:
    sitting = Sitting(host, host.in_force[name], host.now())
    for spec in sitting.definition.triage:
        tier = host.tier(spec)
        if isinstance(tier, Learner):
            bench = TriageBench(sitting, spec.name, {})
            async with host.lock("turn", name):
                chosen = await tier.choose(pool, bench, count)
                await host.store.transact(memories.keep_all, name, spec.name, bench.remembered)
            return [Question(pool[place], f"{spec.name} would learn from it") for place in chosen]
    return []
