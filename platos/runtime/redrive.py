"""What a person may do with a run: end it where it is, or take it up again.

cancel   Whatever is not final ends as cancelled: steps, open gates. What was sent without an answer is in doubt.
retry    What failed is tried again from its checkpoints; what waits for time goes on now. Where the code is not what it
         was, the run is planned anew: nothing that was done is done twice, effects are by run. Where an effect is in
         doubt, the person has looked, and says whether it happened.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import msgspec

from platos.core.approval import GateState
from platos.core.digest import digest
from platos.core.effect import EffectState, Receipt
from platos.core.event import AnyEvent, EffectMoved, GateDecided, PlanRejected, RunMoved, StepMoved
from platos.core.evidence import Evidence, EvidenceKind
from platos.core.instant import Instant
from platos.core.state import FINAL, State
from platos.errors import InvalidTransition, UsageError
from platos.runtime.host import Hand, Host
from platos.runtime.life import moved
from platos.store import Tx, effects, evidence, gates, journal, runs, steps
from platos.store.effects import EffectRow

__all__ = ["cancel", "retry"]


class _Said(NamedTuple):
    """What a person wants of a run, and what is known of the run."""

    run: int
    by: str
    why: str
    now: Instant
    steps: tuple[StepMoved, ...]
    gates: tuple[int, ...] = ()
    effects: tuple[EffectRow, ...] = ()
    code: bool = False
    happened: bool | None = None


async def cancel(host: Host, run: int, *, by: str, why: str) -> runs.RunRow:
    """End a run; the run as it is then. Raises NotFound, or InvalidTransition where it has ended well."""
    await runs.find(host.store, run)
    async with _held(host, run):
        told = await journal.events(host.store, journal.run_chain(run))
        asked = tuple(gate.id for gate in await gates.of_run(host.store, run) if gate.state is GateState.OPEN)
        sent = tuple(await _in_state(host, run, EffectState.DISPATCHED))
        said = _Said(run, by, why, host.now(), tuple(steps.last_words(told).values()), asked, sent)
        await host.store.transact(_cancel, said)
    return await runs.find(host.store, run)


async def retry(host: Host, run: int, *, by: str, happened: bool | None = None) -> runs.RunRow:
    """Take a run up again; the run as it is then.

    Raises NotFound; InvalidTransition where it ended otherwise than by failing, or is at work; UsageError where it
    waits for the answer to a gate, or has an effect in doubt and `happened` does not say, or has none and it does.
    """
    row = await runs.find(host.store, run)
    async with _held(host, run):
        told = await journal.events(host.store, row.name)
        doubts = await _in_state(host, run, EffectState.IN_DOUBT)
        _check_retry(row, told, doubts, happened)
        code = "code changed" in _waits(told)
        last = tuple(steps.last_words(told).values())
        said = _Said(run, by, "", host.now(), last, effects=tuple(doubts), code=code, happened=happened)
        await host.store.transact(_retry, said)
    return await runs.find(host.store, run)


@asynccontextmanager
async def _held(host: Host, run: int) -> AsyncIterator[None]:
    """The run in nobody else's hand: whoever works on it is stopped first."""
    while (hand := host.in_hand.get(run)) is not None:
        hand.stop.cancel()
        await hand.open.wait()
    mine = host.in_hand[run] = Hand(run)
    try:
        yield
    finally:
        del host.in_hand[run]
        mine.open.set()


async def _in_state(host: Host, run: int, state: EffectState) -> list[EffectRow]:
    return [row for row in await effects.of_run(host.store, run) if row.state is state]


def _waits(told: list[AnyEvent]) -> tuple[str, ...]:
    """What a run waits for, as its chain says last."""
    return next((event.waits for event in reversed(told) if isinstance(event, RunMoved)), ())


def _check_retry(row: runs.RunRow, told: list[AnyEvent], doubts: list[EffectRow], happened: bool | None) -> None:
    if row.state in FINAL and row.state is not State.FAILED:
        raise InvalidTransition(f"it ended: {row.state}", where=row.name, expected="a run that failed or waits")
    asked = [what for what in _waits(told) if what.startswith("g")]
    if row.state is State.NEEDS_REVIEW and asked:
        raise UsageError(
            f"it waits for the answer to {', '.join(asked)}", where=row.name, hint=f"platos approve {asked[0]}, or deny"
        )
    if bool(doubts) != (happened is not None):
        what = f"{doubts[0].tool} is in doubt: {doubts[0].why}" if doubts else "nothing of it is in doubt"
        hint = "look whether it happened, then say --happened or --not-happened" if doubts else ""
        raise UsageError(what, where=row.name, hint=hint)


def _cancel(tx: Tx, said: _Said) -> None:
    state, chain = _reopen(tx, said), journal.run_chain(said.run)
    closed = GateDecided(at=said.now, by=said.by, gate=0, run=said.run, state=GateState.EXPIRED, reason="cancelled")
    for gate in said.gates:
        tx.record(chain, msgspec.structs.replace(closed, gate=gate))
    for row in said.effects:
        _move(tx, said, row, EffectState.IN_DOUBT, why="the run was cancelled before its answer came")
    for step in said.steps:
        if step.state not in FINAL:
            steps.put(tx, moved(step, State.CANCELLED, at=said.now))
    why = f"cancelled by {said.by}" + (f": {said.why}" if said.why else "")
    tx.record(chain, RunMoved(at=said.now, by=said.by, run=said.run, old=state, new=State.CANCELLED, why=why))
    journal.seal(tx, chain, said.now)


def _retry(tx: Tx, said: _Said) -> None:
    state, chain = _reopen(tx, said), journal.run_chain(said.run)
    for row in said.effects:
        _settle_doubt(tx, said, row)
    for step in said.steps:
        if step.state is State.FAILED:
            steps.put(tx, moved(step, State.PENDING, at=said.now, attempt=1, first=said.now))
    if said.code:
        revision = runs.revision_of(tx, said.run)
        why = f"{said.by} wants it planned anew: the code is not what it was"
        tx.record(chain, PlanRejected(at=said.now, by=said.by, run=said.run, revision=revision, why=why))
    why = f"taken up by {said.by}"
    tx.record(chain, RunMoved(at=said.now, by=said.by, run=said.run, old=state, new=State.RUNNING, why=why))


def _reopen(tx: Tx, said: _Said) -> State:
    """A run that failed is pending again, and its chain goes on; where the run is then."""
    state, chain = runs.state_of(tx, said.run), journal.run_chain(said.run)
    if state is not State.FAILED:
        return state
    journal.unseal(tx, chain)
    tx.record(chain, RunMoved(at=said.now, by=said.by, run=said.run, old=state, new=State.PENDING))
    return State.PENDING


def _settle_doubt(tx: Tx, said: _Said, row: EffectRow) -> None:
    """An effect that a person has looked after: it happened, and that is its receipt; or it may be sent again."""
    if not said.happened:
        _move(tx, said, row, EffectState.INTENT, why=f"{said.by} looked: it did not happen")
        return
    receipt = Receipt(summary=f"{said.by} looked: it happened")
    _move(tx, said, row, EffectState.DONE, receipt=receipt)
    proof = Evidence(
        kind=EvidenceKind.RECEIPT, what=receipt.summary, digest=digest(receipt), tool=row.tool, receipt=receipt
    )
    evidence.record(tx, said.run, proof, said.now)


def _move(
    tx: Tx, said: _Said, row: EffectRow, state: EffectState, why: str = "", receipt: Receipt | None = None
) -> None:
    event = EffectMoved(at=said.now, by=said.by, effect=row.key, run=said.run, state=state, receipt=receipt, why=why)
    tx.record(journal.run_chain(said.run), event)
