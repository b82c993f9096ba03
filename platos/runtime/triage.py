"""3. Triage. A ladder of tiers, cheapest first, over stored items: nothing is lost when it must stop.

What a tier leaves goes up; what is left after the last tier is a signal. Every answer is a row.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from platos.core.event import ItemsTriaged
from platos.core.failure import FailureRecord
from platos.core.instant import DAY, Instant
from platos.core.item import ItemState, StoredItem
from platos.core.verdict import Decision, Verdict
from platos.runtime.bench import Sitting, TriageBench
from platos.runtime.definitions import bring_back
from platos.runtime.wake import Wake
from platos.store import Tx, items, journal, memories, verdicts
from platos.store.verdicts import TierVerdict

__all__ = ["triage"]

log = logging.getLogger("platos")

_AT_ONCE = 500
_STATES = {
    Decision.DISMISS: ItemState.DISMISSED,
    Decision.SIGNAL: ItemState.SIGNAL,
    Decision.UP: ItemState.SIGNAL,
    Decision.WAIT: ItemState.WAITING,
}


class _Judged(NamedTuple):
    """What the ladder came to for some items: every answer, each item's last one, what each tier wants to remember."""

    answers: list[TierVerdict]
    last: dict[int, Decision]
    remembered: dict[str, dict[str, bytes]]


async def triage(wake: Wake) -> bool:
    """Judge what is new, and what waited where its time has come. Is there a signal that nobody works on?"""
    host, name = wake.host, wake.name
    if name in host.in_force or await bring_back(host, name):
        waits = host.owing.pop(name, None)
        if waits is not None and waits > host.now():
            host.owing[name] = waits
        sitting = Sitting(host, host.in_force[name], wake.started or host.now())
        if waits is not None and waits <= host.now():
            await _judge_all(wake, sitting, ItemState.WAITING)
        await _judge_all(wake, sitting, ItemState.NEW)
    return bool(wake.signals or await items.in_state(host.store, name, ItemState.SIGNAL, 1))


async def _judge_all(wake: Wake, sitting: Sitting, state: ItemState) -> None:
    """Judge whatever is in a state. What waited goes on waiting, unread, where nothing more can be asked for it."""
    last = 0
    while batch := await items.in_state(wake.host.store, wake.name, state, _AT_ONCE, after=last):
        if state is ItemState.WAITING and sitting.refused is not None:
            _wait(wake, sitting)
            return
        await _judge(wake, sitting, batch)
        last = batch[-1].number
        if len(batch) < _AT_ONCE:
            return


async def _judge(wake: Wake, sitting: Sitting, batch: list[StoredItem]) -> None:
    judged = await _climb(sitting, batch)
    await wake.host.store.transact(_commit, wake.name, judged, wake.host.now())
    if Decision.WAIT in judged.last.values():
        _wait(wake, sitting)
    signals = [number for number, decision in judged.last.items() if _STATES[decision] is ItemState.SIGNAL]
    wake.signals += signals
    log.info("%s: %d judged, %d signal%s", wake.name, len(batch), len(signals), "" if len(signals) == 1 else "s")


def _wait(wake: Wake, sitting: Sitting) -> None:
    """When what waits is judged again: at the next wake-up, or in the account's next window where money ran out."""
    now, refused = wake.host.now(), sitting.refused
    again = now if refused is None else refused.until or now + DAY
    wake.host.owing[wake.name] = max(again, wake.host.owing.get(wake.name, 0))


async def _climb(sitting: Sitting, batch: list[StoredItem]) -> _Judged:
    """Take items up the ladder until each has an answer."""
    host, definition = sitting.host, sitting.definition
    judged = _Judged([], {item.number: Decision.UP for item in batch}, {})
    numbers = {item.name: item.number for item in batch}
    left: Sequence[StoredItem] = batch
    for position, spec in enumerate(definition.triage):
        bench = TriageBench(sitting, spec.name, numbers)
        try:
            given = await host.tier(spec).judge(left, bench)
        except Exception as error:  # noqa: BLE001 - whatever a tier does, the items wait and are judged again
            failure = FailureRecord.of(error)
            log.warning("%s: tier %s cannot judge: %s", definition.name, spec.name, failure.what)
            given = [Verdict(decision=Decision.WAIT, reason=failure.what, confidence=0.0)] * len(left)
            bench.remembered.clear()
        for item, said in zip(left, given, strict=True):
            verdict = msgspec.structs.replace(said, model=bench.answered.get(item.number, ""))
            judged.answers.append(TierVerdict(item.number, position, spec.name, verdict))
            judged.last[item.number] = verdict.decision
        judged.remembered[spec.name] = bench.remembered
        left = [item for item in left if judged.last[item.number] is Decision.UP]
        if not left:
            break
    return judged


def _commit(tx: Tx, name: str, judged: _Judged, now: Instant) -> None:
    verdicts.add(tx, judged.answers, now)
    moved: dict[ItemState, list[int]] = {}
    for number, decision in judged.last.items():
        if items.move(tx, number, _STATES[decision]):
            moved.setdefault(_STATES[decision], []).append(number)
    for tier, remembered in judged.remembered.items():
        memories.keep_all(tx, name, tier, remembered)
    event = ItemsTriaged(
        at=now,
        specialist=name,
        dismissed=tuple(moved.get(ItemState.DISMISSED, ())),
        waiting=tuple(moved.get(ItemState.WAITING, ())),
        signal=tuple(moved.get(ItemState.SIGNAL, ())),
    )
    tx.record(journal.specialist_chain(name), event)
