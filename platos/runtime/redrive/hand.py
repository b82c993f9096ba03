"""A run in a person's hand: nobody else works on it meanwhile, and where it had failed it is opened again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from platos.core.effect import EffectState, Receipt
from platos.core.event import EffectMoved, RunMoved
from platos.core.instant import Instant
from platos.core.state import FINAL, State
from platos.errors import InvalidTransition
from platos.runtime.host import Hand, Host
from platos.store import Tx, effects, journal, runs
from platos.store.effects import EffectRow

__all__ = ["Bidding", "held", "in_state", "move_effect", "reopen"]


class Bidding(NamedTuple):
    """Who wants something of which run, and when."""

    run: int
    by: str
    at: Instant

    @property
    def chain(self) -> str:
        return journal.run_chain(self.run)


@asynccontextmanager
async def held(host: Host, run: int) -> AsyncIterator[None]:
    """The run in nobody else's hand: whoever works on it is stopped first."""
    while (hand := host.in_hand.get(run)) is not None:
        hand.end()
        await hand.open.wait()
    mine = host.in_hand[run] = Hand(run)
    try:
        yield
    finally:
        del host.in_hand[run]
        mine.open.set()


async def in_state(host: Host, run: int, state: EffectState) -> list[EffectRow]:
    """A run's effects in a state, the oldest first."""
    return [row for row in await effects.of_run(host.store, run) if row.state is state]


def reopen(tx: Tx, bidding: Bidding) -> State:
    """A run that failed is pending again, and its chain goes on; where the run is then.

    Raises InvalidTransition where it ended otherwise.
    """
    state = runs.state_of(tx, bidding.run)
    if state not in FINAL:
        return state
    if state is not State.FAILED:
        where = f"r{bidding.run}"
        expected = "a run that is open, or that failed"
        raise InvalidTransition(f"it ended: {state}", where=where, expected=expected, hint=f"platos show {where}")
    journal.unseal(tx, bidding.chain)
    moved = RunMoved(at=bidding.at, by=bidding.by, run=bidding.run, old=state, new=State.PENDING)
    tx.record(bidding.chain, moved)
    return State.PENDING


def move_effect(
    tx: Tx, bidding: Bidding, row: EffectRow, state: EffectState, *, why: str, receipt: Receipt | None = None
) -> None:
    """An effect stands otherwise, because a person says so."""
    at, by, run = bidding.at, bidding.by, bidding.run
    moved = EffectMoved(at=at, by=by, effect=row.key, run=run, state=state, receipt=receipt, why=why)
    tx.record(bidding.chain, moved)
