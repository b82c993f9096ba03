"""Cancel: a run ends where it is. Whatever is not final in it ends with it: steps, and gates that are open.

What was sent without an answer is in doubt.
"""

from __future__ import annotations

from typing import NamedTuple

from platos.core.effect import EffectState
from platos.core.event import RunMoved, StepMoved
from platos.core.state import FINAL, State
from platos.runtime.host import Host
from platos.runtime.node.life import moved
from platos.runtime.redrive.hand import Bidding, held, in_state, move_effect, reopen
from platos.store import Tx, gates, journal, runs, steps
from platos.store.effects import EffectRow

__all__ = ["cancel"]


class _Left(NamedTuple):
    """What of a run is not final, or may not be."""

    steps: tuple[StepMoved, ...]
    sent: tuple[EffectRow, ...]


async def cancel(host: Host, run: int, *, by: str, why: str) -> runs.RunRow:
    """End a run; the run as it is then. Raises NotFound, or InvalidTransition where it ended otherwise than failed."""
    await runs.find(host.store, run)
    async with held(host, run):
        bidding = Bidding(run, by, host.now())
        await host.store.transact(_cancel, bidding, why, await _left(host, bidding))
    return await runs.find(host.store, run)


async def _left(host: Host, bidding: Bidding) -> _Left:
    last = steps.last_words(await journal.events(host.store, bidding.chain)).values()
    return _Left(
        steps=tuple(step for step in last if step.state not in FINAL),
        sent=tuple(await in_state(host, bidding.run, EffectState.DISPATCHED)),
    )


def _cancel(tx: Tx, bidding: Bidding, why: str, left: _Left) -> None:
    state = reopen(tx, bidding)
    gates.withdraw(tx, bidding.run, "the run was cancelled", bidding.by, bidding.at)
    for row in left.sent:
        move_effect(tx, bidding, row, EffectState.IN_DOUBT, why="the run was cancelled before its answer came")
    for step in left.steps:
        steps.put(tx, moved(step, State.CANCELLED, at=bidding.at))
    said = f"cancelled by {bidding.by}" + (f": {why}" if why else "")
    ended = RunMoved(at=bidding.at, by=bidding.by, run=bidding.run, old=state, new=State.CANCELLED, why=said)
    tx.record(bidding.chain, ended)
    journal.seal(tx, bidding.chain, bidding.at)
