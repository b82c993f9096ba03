"""Gates: where a node waits for a person, and what becomes of the answer.

What a person is shown is byte for byte what runs. An approval is used once, and checked again at dispatch: where the
contract, the arguments, the preconditions, the rule or the expiry are not what was approved, it is asked again.
"""

from __future__ import annotations

import logging

from platos.core.approval import GateState, Request
from platos.core.event import GateDecided, GateOpened, RunMoved
from platos.core.instant import Instant
from platos.core.state import State
from platos.errors import InvalidTransition
from platos.runtime import trust as trusting
from platos.runtime.host import Host
from platos.runtime.label import label_by_decision
from platos.store import Tx, gates, journal, runs

__all__ = ["decide", "expire", "open_gate", "still_valid", "use"]

log = logging.getLogger("platos")


async def decide(host: Host, gate: int, state: GateState, *, by: str, reason: str = "") -> gates.GateRow:
    """Record a person's answer and let the run go on; the gate as it is then. Raises NotFound or InvalidTransition."""
    return await host.store.transact(_decide, gate, state, by, reason, host.now())


async def expire(host: Host) -> set[str]:
    """Close the gates whose time is over; the specialists whose runs go on because of it."""
    moved = set()
    for gate in await gates.expired(host.store, host.now()):
        await host.store.transact(_decide, gate.id, GateState.EXPIRED, "runtime", "nobody answered in time", host.now())
        moved.add((await runs.find(host.store, gate.run)).specialist)
        log.warning("%s of %s expired unanswered", gate.name, f"r{gate.run}")
    return moved


def open_gate(tx: Tx, run: int, effect: str, request: Request, now: Instant) -> int:
    """Ask; the gate's number."""
    gate = tx.next_number("gate")
    tx.record(journal.run_chain(run), GateOpened(at=now, gate=gate, run=run, effect=effect, request=request))
    return gate


def still_valid(gate: gates.GateRow, request: Request, now: Instant) -> bool:
    """Was exactly this approved, and is the approval in time?"""
    return gate.request.digest == request.digest and now < gate.request.expires


def use(tx: Tx, gate: gates.GateRow, now: Instant) -> None:
    """An approval is used once."""
    tx.record(journal.run_chain(gate.run), GateDecided(at=now, gate=gate.id, run=gate.run, state=GateState.USED))


def _decide(
    tx: Tx, number: int, state: GateState, by: str, reason: str, now: Instant, decision: int = 0
) -> gates.GateRow:
    """One answer. `decision` is the first gate of those that one click answers, 0 where it answers this one alone."""
    gate = gates.get(tx, number)
    gates.check_open(gate)
    if state is GateState.APPROVED and now >= gate.request.expires:
        raise InvalidTransition("its time is over", where=gate.name, hint="it is asked again when the run goes on")
    decided = GateDecided(at=now, by=by, gate=number, run=gate.run, state=state, reason=reason, decision=decision)
    tx.record(journal.run_chain(gate.run), decided)
    label_by_decision(tx, gate.run, state, by, reason, now)
    trusting.learn(tx, gate, state, click=decision or number, by=by, reason=reason, now=now)
    before = runs.state_of(tx, gate.run)
    if before in (State.NEEDS_REVIEW, State.PENDING):
        why = f"{gate.name} {state} by {by}"
        tx.record(
            journal.run_chain(gate.run), RunMoved(at=now, by=by, run=gate.run, old=before, new=State.RUNNING, why=why)
        )
    return gates.get(tx, number)
