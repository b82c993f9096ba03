"""The effect ledger: what was intended, asked for, dispatched and receipted. Its transactions, each committed before
the next thing is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from platos.core.approval import GateState, Request
from platos.core.digest import digest
from platos.core.effect import Contract, EffectClass, EffectState, Receipt
from platos.core.event import EffectIntended, EffectMoved, StepMoved
from platos.core.evidence import Evidence, EvidenceKind
from platos.core.failure import FailureRecord
from platos.core.instant import Instant, Span
from platos.core.policy import Permission, RiskTier
from platos.core.state import State
from platos.errors import Denied, InDoubt
from platos.runtime import gate as gating
from platos.runtime.life import moved
from platos.store import Tx, effects, evidence, gates, steps

__all__ = ["Act", "Standing", "claim_or_ask", "move_effect", "settle"]


class Act(NamedTuple):
    """One call of a tool by a node: all that the ledger needs to know of it. `frozen` are the arguments' bytes."""

    run: int
    chain: str
    contract: Contract
    frozen: bytes
    key: str
    permission: Permission
    preconditions: Mapping[str, str]
    why: str
    seen: tuple[str, ...]
    expires_in: Span


class Standing(NamedTuple):
    """How an act stands: `dispatch` it now, `recover` it, `wait` for the gate, or it is `settled` or `failed`.

    `sent` is when what is to be recovered was sent first.
    """

    do: str
    step: StepMoved
    frozen: bytes
    receipt: Receipt | None = None
    gate: gates.GateRow | None = None
    sent: Instant = 0


def claim_or_ask(tx: Tx, act: Act, step: StepMoved, now: Instant) -> Standing:
    """Look an act up. Where it is new it is intended; where it is allowed it is claimed for dispatch; else it is asked
    for, unless somebody has been asked."""
    effect = effects.get(tx, act.key)
    if effect is None:
        effect = _intend(tx, act, step, now)
    frozen = bytes(effect.arguments)
    if effect.state is EffectState.DONE and effect.receipt is not None:
        return Standing("settled", _succeed(tx, step, effect.receipt, now), frozen, receipt=effect.receipt)
    if effect.state is EffectState.DISPATCHED:
        return Standing("recover", step, frozen, sent=effect.moved)
    if effect.state is EffectState.IN_DOUBT:
        return Standing("failed", moved(step, step.state, failure=FailureRecord.of(InDoubt(effect.why))), frozen)
    gate = gates.of_effect(tx, act.key)
    if gate is not None and gate.state in (GateState.DENIED, GateState.EXPIRED):
        failure = FailureRecord.of(Denied(f"{gate.state} by {gate.decider}: {gate.reason or 'no reason given'}"))
        return Standing("failed", _put(tx, step, State.CANCELLED, now, failure=failure), frozen)
    if gate is None and act.permission.tier is RiskTier.AUTO:
        return Standing("dispatch", _claim(tx, act, step, now), frozen)
    if gate is not None and _covers(gate, act, now):
        if gate.state is GateState.APPROVED:
            gating.use(tx, gate, now)
        return Standing("dispatch", _claim(tx, act, step, now), frozen)
    return _ask(tx, act, step, gate, frozen, now)


def move_effect(tx: Tx, act: Act, state: EffectState, why: str, now: Instant) -> None:
    """An effect goes back to being intended, or is in doubt."""
    tx.record(act.chain, EffectMoved(at=now, effect=act.key, run=act.run, state=state, why=why))


def settle(tx: Tx, act: Act, step: StepMoved, receipt: Receipt, now: Instant) -> StepMoved:
    """Receipt, evidence and the step's end, together. A read is in the ledger where somebody was asked."""
    if act.contract.effect is not EffectClass.READ or effects.get(tx, act.key) is not None:
        done = EffectMoved(at=now, effect=act.key, run=act.run, state=EffectState.DONE, receipt=receipt)
        tx.record(act.chain, done)
    proof = Evidence(
        kind=EvidenceKind.RECEIPT, what=receipt.summary, digest=digest(receipt), tool=act.contract.name, receipt=receipt
    )
    evidence.record(tx, act.run, proof, now)
    return _succeed(tx, step, receipt, now)


def _intend(tx: Tx, act: Act, step: StepMoved, now: Instant) -> effects.EffectRow:
    tx.record(
        act.chain,
        EffectIntended(
            at=now,
            effect=act.key,
            run=act.run,
            tool=act.contract.name,
            contract=act.contract.digest,
            effect_class=act.contract.effect,
            arguments=msgspec.Raw(act.frozen),
            step=str(step.key),
            rule=act.permission.rule,
        ),
    )
    row = effects.get(tx, act.key)
    assert row is not None
    return row


def _claim(tx: Tx, act: Act, step: StepMoved, now: Instant) -> StepMoved:
    """From here on it may have been sent."""
    tx.record(act.chain, EffectMoved(at=now, effect=act.key, run=act.run, state=EffectState.DISPATCHED))
    return step if step.state is State.RUNNING else _put(tx, step, State.RUNNING, now, started=now)


def _covers(gate: gates.GateRow, act: Act, now: Instant) -> bool:
    """Was exactly this approved? A used approval still covers an act that was provably not sent."""
    approved = gate.state in (GateState.APPROVED, GateState.USED)
    return approved and gating.still_valid(gate, _request(act, gate.request.expires), now)


def _ask(tx: Tx, act: Act, step: StepMoved, gate: gates.GateRow | None, frozen: bytes, now: Instant) -> Standing:
    if gate is None or gate.state is not GateState.OPEN:
        number = gating.open_gate(tx, act.run, act.key, _request(act, now + act.expires_in), now)
        gate = gates.get(tx, number)
    if step.state is State.NEEDS_REVIEW and step.waits == gate.name:
        return Standing("wait", step, frozen, gate=gate)
    running = step if step.state is State.RUNNING else _put(tx, step, State.RUNNING, now, started=now)
    waiting = _put(tx, running, State.NEEDS_REVIEW, now, waits=gate.name, due=gate.request.expires)
    return Standing("wait", waiting, frozen, gate=gate)


def _request(act: Act, expires: Instant) -> Request:
    return Request(
        tool=act.contract.name,
        contract=act.contract.digest,
        arguments=msgspec.json.decode(act.frozen),
        preconditions=dict(act.preconditions),
        rule=act.permission.rule,
        tier=act.permission.tier,
        expires=expires,
        why=act.why,
        evidence=act.seen,
    )


def _succeed(tx: Tx, step: StepMoved, receipt: Receipt, now: Instant) -> StepMoved:
    running = _put(tx, step, State.RUNNING, now) if step.state is State.NEEDS_REVIEW else step
    return _put(tx, running, State.SUCCESS, now, result=msgspec.Raw(msgspec.json.encode(receipt)))


def _put(tx: Tx, step: StepMoved, state: State, now: Instant, **changes: Any) -> StepMoved:
    return steps.put(tx, moved(step, state, at=now, **changes))
