"""3. Triage. A ladder of tiers, cheapest first, over stored items: nothing is lost when it must stop.

What a tier leaves goes up; what is left after the last tier is a signal. Every answer is a row.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import pydantic

from platos.core.digest import digest
from platos.core.event import ItemsTriaged
from platos.core.instant import Instant
from platos.core.item import ItemState, StoredItem
from platos.core.money import Nano
from platos.core.specialist import Specialist
from platos.core.verdict import Decision, Verdict
from platos.errors import BudgetExceeded, Failure
from platos.ports.model import Document, ModelReply, ModelRequest
from platos.runtime.answers import ask_until_valid
from platos.runtime.host import Host
from platos.runtime.meter import Bought, Purse, complete, reserve
from platos.runtime.wake import Wake
from platos.store import Tx, answers, items, journal, verdicts
from platos.store.verdicts import TierVerdict

__all__ = ["triage"]

log = logging.getLogger("platos")

A = TypeVar("A", bound=pydantic.BaseModel)

_AT_ONCE = 500
_MOST_OUTPUT = 500
_STATES = {
    Decision.DISMISS: ItemState.DISMISSED,
    Decision.SIGNAL: ItemState.SIGNAL,
    Decision.UP: ItemState.SIGNAL,
    Decision.WAIT: ItemState.WAITING,
}


class _Judged(NamedTuple):
    """What the ladder came to for some items: every answer, each item's last one, and whether money ran out."""

    answers: list[TierVerdict]
    last: dict[int, Decision]
    broke: bool = False


async def triage(wake: Wake) -> bool:
    """Judge what is new, and what waited where its time has come. Is there a signal that nobody works on?"""
    host, name = wake.host, wake.name
    if name in host.in_force:
        waits = host.owing.pop(name, None)
        if waits is not None and waits > host.now():
            host.owing[name] = waits
        elif waits is not None:
            await _judge_all(wake, ItemState.WAITING)
        await _judge_all(wake, ItemState.NEW)
    return bool(await items.in_state(host.store, name, ItemState.SIGNAL, 1))


async def _judge_all(wake: Wake, state: ItemState) -> None:
    last = 0
    while batch := await items.in_state(wake.host.store, wake.name, state, _AT_ONCE, after=last):
        await _judge(wake, batch)
        last = batch[-1].number


async def _judge(wake: Wake, batch: list[StoredItem]) -> None:
    definition = wake.host.in_force[wake.name]
    judged = await _climb(wake.host, definition, batch)
    await wake.host.store.transact(_commit, wake.name, judged, wake.host.now())
    if Decision.WAIT in judged.last.values():
        again = wake.host.next_day(wake.host.now()) if judged.broke else wake.host.now()
        wake.host.owing[wake.name] = max(again, wake.host.owing.get(wake.name, 0))
    signals = [number for number, decision in judged.last.items() if _STATES[decision] is ItemState.SIGNAL]
    wake.signals += signals
    log.info("%s: %d judged, %d signal%s", wake.name, len(batch), len(signals), "" if len(signals) == 1 else "s")


async def _climb(host: Host, definition: Specialist, batch: list[StoredItem]) -> _Judged:
    """Take items up the ladder until each has an answer."""
    judged = _Judged([], {item.number: Decision.UP for item in batch})
    left: Sequence[StoredItem] = batch
    for position, spec in enumerate(definition.triage):
        bench = _Bench(host, definition, f"triage/{spec.name}")
        try:
            given = await host.tier(spec).judge(left, bench)
        except Failure as failure:
            given = [Verdict(decision=Decision.WAIT, reason=failure.what, confidence=0.0)] * len(left)
        for item, verdict in zip(left, given, strict=True):
            judged.answers.append(TierVerdict(item.number, position, spec.name, verdict))
            judged.last[item.number] = verdict.decision
        judged = judged._replace(broke=judged.broke or bench.broke)
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
    event = ItemsTriaged(
        at=now,
        specialist=name,
        dismissed=tuple(moved.get(ItemState.DISMISSED, ())),
        waiting=tuple(moved.get(ItemState.WAITING, ())),
        signal=tuple(moved.get(ItemState.SIGNAL, ())),
    )
    tx.record(journal.specialist_chain(name), event)


class _Bench:
    """What a tier may use: the scope, and small models out of the triage envelope."""

    def __init__(self, host: Host, definition: Specialist, step: str) -> None:
        self._host, self._definition, self._step = host, definition, step
        self.broke = False

    @property
    def scope(self) -> str:
        return self._definition.scope

    async def ask_model(
        self, instructions: str, documents: Sequence[Document], answer: type[A], *, model: str = "small"
    ) -> tuple[A, Nano]:
        cost = 0

        async def ask(request: ModelRequest) -> ModelReply:
            nonlocal cost
            bought = await self._answer(request)
            cost += bought.cost
            return bought.reply

        request = ModelRequest(
            model=self._definition.models[model],
            instructions=instructions,
            documents=tuple(documents),
            answer=answer.model_json_schema(),
            max_output=_MOST_OUTPUT,
        )
        return await ask_until_valid(request, answer, ask), cost

    async def _answer(self, request: ModelRequest) -> Bought[None]:
        """A reply, bought once: after a crash the same question of the same specialist is answered from the store."""
        question = digest([self._definition.name, request])
        kept = await answers.find(self._host.store, question)
        if kept is not None:
            return Bought(kept, 0, None)
        try:
            held = await reserve(self._host, self._purse(), self._step, request)
        except BudgetExceeded:
            self.broke = True
            raise
        return await complete(self._host, held, request, answers.keep, question)

    def _purse(self) -> Purse:
        host, live = self._host, self._host.live(self._definition)
        day = host.day(host.now())
        caps = ((f"all/{day}", host.day_cap), (f"triage/{live.name}/{day}", live.budget.triage_day))
        return Purse(live.name, None, "triage", caps)
