"""The effect ledger: what was intended, asked for, dispatched and receipted. Its transactions, each committed before
the next thing is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from platos.core.approval import GateState, Request
from platos.core.capability import Capability
from platos.core.digest import digest, digest_bytes
from platos.core.effect import Contract, EffectClass, EffectState, Receipt
from platos.core.event import EffectIntended, EffectMoved, Paused, StepMoved
from platos.core.evidence import Evidence, EvidenceKind
from platos.core.failure import FailureRecord
from platos.core.instant import Instant, Span, iso
from platos.core.policy import Permission, RiskTier
from platos.core.specialist import Wanted
from platos.core.state import State
from platos.errors import BadReasoning, Denied, InDoubt
from platos.runtime.effects import gate as gating
from platos.runtime.effects.always import standing_for
from platos.runtime.effects.trust import Use, use_of
from platos.runtime.node.life import moved
from platos.store import Tx, effects, evidence, gates, items, meta, pauses, runs, steps

__all__ = ["Act", "Standing", "ask_only", "claim_or_ask", "move_effect", "proof_of", "settle"]


class Act(NamedTuple):
    """One call of a tool by a node's actor: all that the ledger needs to know. `frozen` are the arguments' bytes,
    `preview` is what the tool says would change, where somebody may be asked; `may_trust` says that an autopilot may
    take the place of the person whom policy would have asked, and `may_stand` that an answer of theirs that stands
    may. `held` is the capability under which an actor calls, and `minted` by which plan it was."""

    actor: str
    run: int
    chain: str
    contract: Contract
    frozen: bytes
    key: str
    permission: Permission
    specialist: str
    may_trust: bool
    may_stand: bool
    preconditions: Mapping[str, str]
    why: str
    seen: tuple[str, ...]
    expires_in: Span
    still_wanted: tuple[Wanted, ...]
    preview: str = ""
    held: Capability | None = None
    minted: str = ""


class Standing(NamedTuple):
    """How an act stands: it is `allowed`, `dispatch` it now, `recover` it, `wait` for the gate, be held where all is
    `paused`, or it is `settled` or `failed`.

    `dispatched_into` are the preconditions as they were when what is to be recovered was dispatched, `sent` is when;
    `standing` names the answer that stands under which it is allowed.
    """

    do: str
    step: StepMoved
    frozen: bytes
    receipt: Receipt | None = None
    gate: gates.GateRow | None = None
    pause: Paused | None = None
    standing: str = ""
    dispatched_into: Mapping[str, str] = {}
    sent: Instant = 0


def claim_or_ask(tx: Tx, act: Act, step: StepMoved, now: Instant) -> Standing:
    """As `_look_up`; where it is allowed it is claimed for dispatch."""
    found = _look_up(tx, act, step, now)
    if found.do != "allowed":
        return found
    gate = found.gate
    if gate is not None and gate.state is GateState.APPROVED:
        gating.use(tx, gate, now)
    claimed = _claim(tx, act._replace(frozen=found.frozen), step, now, found.standing)
    return Standing("dispatch", claimed, found.frozen)


def ask_only(tx: Tx, act: Act, step: StepMoved, now: Instant) -> Standing:
    """As `_look_up`; where it is allowed that is what the step came to, and nothing is sent."""
    found = _look_up(tx, act, step, now)
    if found.do != "allowed":
        return found
    gate = found.gate
    by_rule = found.standing or act.permission.rule
    allowed = by_rule if gate is None else f"{gate.name} approved by {gate.decider}"
    receipt = Receipt(summary=allowed)
    return Standing("settled", _succeed(tx, step, receipt, now), found.frozen, receipt=receipt)


def _look_up(tx: Tx, act: Act, step: StepMoved, now: Instant) -> Standing:
    """Look an act up. Where it is new it is intended; where it is not allowed it is asked for, unless somebody has
    been asked.

    A pause that is committed before the claim holds it: nothing is sent that a person has stopped.
    """
    effect = effects.get(tx, act.key)
    use = _use(tx, act, effect) if act.may_trust else None
    act = act if use is None else act._replace(permission=use.permit(act.permission))
    stands = _stands(tx, act, effect, use, now)
    act = act if stands is None else act._replace(permission=stands)
    if effect is None:
        effect = _intend(tx, act, step, use, now)
    frozen = bytes(effect.arguments)
    act = act._replace(frozen=frozen)
    if effect.state is EffectState.DONE and effect.receipt is not None:
        return Standing("settled", _succeed(tx, step, effect.receipt, now), frozen, receipt=effect.receipt)
    pause = pauses.holds(tx, runs.specialist_of(tx, act.run))
    if pause is not None:
        return Standing("paused", step, frozen, pause=pause)
    if effect.state is EffectState.DISPATCHED:
        return Standing("recover", step, frozen, dispatched_into=effect.preconditions, sent=effect.moved)
    unwanted = _unwanted(tx, act, now)
    if unwanted:
        failure = FailureRecord.of(Denied(unwanted))
        return Standing("failed", _put(tx, step, State.CANCELLED, now, failure=failure), frozen)
    if effect.state is EffectState.IN_DOUBT:
        return Standing("failed", moved(step, step.state, failure=FailureRecord.of(InDoubt(effect.why))), frozen)
    gate = gates.of_effect(tx, act.key)
    if gate is not None and gate.state in (GateState.DENIED, GateState.EXPIRED):
        failure = FailureRecord.of(Denied(f"{gate.state} by {gate.decider}: {gate.reason or 'no reason given'}"))
        return Standing("failed", _put(tx, step, State.CANCELLED, now, failure=failure), frozen)
    if gate is not None and gate.state is GateState.RETURNED and step.waits == gate.name:
        failure = FailureRecord.of(BadReasoning(f"{gate.decider} sent it back: {gate.reason}"))
        return Standing("failed", _put(tx, step, State.CANCELLED, now, failure=failure), frozen)
    if gate is None and act.permission.tier is RiskTier.AUTO:
        return Standing("allowed", step, frozen, standing="" if stands is None else stands.rule)
    if gate is not None and _covers(gate, act, now):
        return Standing("allowed", step, frozen, gate=gate)
    return _ask(tx, act, step, gate, frozen, now)


def _unwanted(tx: Tx, act: Act, now: Instant) -> str:
    """Why nobody wants the act any more; empty where it is wanted."""
    until = runs.valid_until(tx, act.run)
    if until is not None and now >= until:
        return f"it was to be done by {iso(until)}"
    if Wanted.LISTED in act.still_wanted and not items.any_listed(tx, act.run):
        return "its source has none of its items any more"
    return ""


def move_effect(tx: Tx, act: Act, state: EffectState, why: str, now: Instant) -> None:
    """An effect goes back to being intended, or is in doubt."""
    effect = effects.get(tx, act.key)
    standing = effect.standing if effect is not None and state is EffectState.IN_DOUBT else ""
    moved_on = EffectMoved(at=now, effect=act.key, run=act.run, state=state, why=why, standing=standing)
    tx.record(act.chain, moved_on)


def settle(tx: Tx, act: Act, step: StepMoved, receipt: Receipt, now: Instant) -> StepMoved:
    """Receipt, evidence and the step's end, together. A read is in the ledger where somebody was asked."""
    trusted, effect = _autopilot(tx, act), effects.get(tx, act.key)
    standing = effect.standing if effect is not None else ""
    if standing:
        act = act._replace(permission=msgspec.structs.replace(act.permission, rule=standing))
    if act.contract.effect is not EffectClass.READ or effect is not None:
        state = EffectState.DONE
        done = EffectMoved(at=now, effect=act.key, run=act.run, state=state, receipt=receipt, standing=standing)
        tx.record(act.chain, done)
    evidence.record(tx, act.run, proof_of(tx, act, step.path, receipt, trusted), now)
    return _succeed(tx, step, receipt, now)


def proof_of(tx: Tx, act: Act, path: str, receipt: Receipt, trusted: str = "") -> Evidence:
    """What proves that an act was done: asked for at that path, allowed by a person, a rule, or what was `trusted`."""
    gate = gates.of_effect(tx, act.key)
    used = gate if gate is not None and gate.state is GateState.USED else None
    held = act.held
    return Evidence(
        kind=EvidenceKind.RECEIPT,
        what=receipt.summary,
        digest=digest(receipt),
        tool=act.contract.name,
        receipt=receipt,
        actor=act.actor,
        path=path,
        rule=act.permission.rule,
        effect=act.contract.effect,
        key=act.key,
        payload=digest_bytes(act.frozen),
        preconditions=dict(act.preconditions),
        gate=used.name if used else "",
        approver=used.decider if used else "",
        epoch=meta.get(tx, meta.EPOCH),
        autopilot=trusted,
        capability=held.digest if held else "",
        minted=act.minted,
        reach=held.reach if held else "",
    )


def _use(tx: Tx, act: Act, effect: effects.EffectRow | None) -> Use | None:
    """The autopilot that covers an act, with the arguments that would be sent."""
    arguments = msgspec.json.decode(act.frozen if effect is None else effect.arguments)
    return use_of(tx, act.specialist, act.contract, arguments, act.key, effect)


def _stands(tx: Tx, act: Act, effect: effects.EffectRow | None, use: Use | None, now: Instant) -> Permission | None:
    """What an answer that stands makes of policy's question: nothing where an autopilot decides, which may be an audit,
    and nothing where somebody has been asked about just this."""
    asks = act.may_stand and act.permission.tier is not RiskTier.AUTO and not (use is not None and use.audit)
    if not asks or gates.of_effect(tx, act.key) is not None:
        return None
    arguments = msgspec.json.decode(act.frozen if effect is None else effect.arguments)
    rule = standing_for(tx, act.specialist, act.contract, arguments, now)
    return msgspec.structs.replace(act.permission, tier=RiskTier.AUTO, rule=rule) if rule else None


def _autopilot(tx: Tx, act: Act) -> str:
    """The autopilot that let an act be done, and nobody was asked."""
    effect = effects.get(tx, act.key)
    trusted = effect is not None and effect.autopilot and not gates.of_effect(tx, act.key)
    return f"a{effect.autopilot}" if effect is not None and trusted else ""


def _intend(tx: Tx, act: Act, step: StepMoved, use: Use | None, now: Instant) -> effects.EffectRow:
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
            autopilot=use.autopilot if use else 0,
            audit=use is not None and use.audit,
        ),
    )
    row = effects.get(tx, act.key)
    assert row is not None
    return row


def _claim(tx: Tx, act: Act, step: StepMoved, now: Instant, standing: str = "") -> StepMoved:
    """From here on it may have been sent."""
    into, state = dict(act.preconditions), EffectState.DISPATCHED
    sent = EffectMoved(at=now, effect=act.key, run=act.run, state=state, preconditions=into, standing=standing)
    tx.record(act.chain, sent)
    return step if step.state is State.RUNNING else _put(tx, step, State.RUNNING, now, started=now)


def _covers(gate: gates.GateRow, act: Act, now: Instant) -> bool:
    """Was exactly this approved? A used approval still covers an act that was provably not sent."""
    approved = gate.state in (GateState.APPROVED, GateState.USED)
    return approved and gating.still_valid(gate, _request(act, gate.request.expires), now)


def _ask(tx: Tx, act: Act, step: StepMoved, gate: gates.GateRow | None, frozen: bytes, now: Instant) -> Standing:
    if gate is None or gate.state is not GateState.OPEN:
        until = runs.valid_until(tx, act.run)
        expires = now + act.expires_in if until is None else min(now + act.expires_in, until)
        number = gating.open_gate(tx, act.run, act.key, _request(act, expires), now)
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
        preview=act.preview,
    )


def _succeed(tx: Tx, step: StepMoved, receipt: Receipt, now: Instant) -> StepMoved:
    running = _put(tx, step, State.RUNNING, now) if step.state is State.NEEDS_REVIEW else step
    return _put(tx, running, State.SUCCESS, now, result=msgspec.Raw(msgspec.json.encode(receipt)))


def _put(tx: Tx, step: StepMoved, state: State, now: Instant, **changes: Any) -> StepMoved:
    return steps.put(tx, moved(step, state, at=now, **changes))
