"""Gates: where a node waits for a person, and what becomes of the answer.

What a person is shown is byte for byte what runs. An approval is used once, and checked again at dispatch: where the
contract, the arguments, the preconditions, the rule or the expiry are not what was approved, it is asked again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import anyio
import msgspec
import pydantic

from platos.core.approval import GateState, Request, bounded
from platos.core.digest import canonical
from platos.core.event import EffectIntended, GateDecided, GateOpened, RunMoved
from platos.core.instant import SECOND, Instant
from platos.core.state import State
from platos.errors import InvalidTransition, TimedOut, UsageError
from platos.ports.tool import Previews, is_remote
from platos.runtime.effects import trust as trusting
from platos.runtime.host import Host
from platos.runtime.label import label_by_decision
from platos.store import Tx, effects, gates, journal, runs

__all__ = ["ANSWERS", "approve", "decide", "edit", "expire", "open_gate", "still_valid", "use"]

log = logging.getLogger("platos")

ANSWERS = (GateState.APPROVED, GateState.DENIED, GateState.RETURNED)
"""What a person may answer."""


_WAYS = "send it back with what to change: platos return GATE --reason TEXT"


class _Answer(NamedTuple):
    """What was said of gates, by whom and when. Several that were answered at once are one decision."""

    state: GateState
    by: str
    at: Instant
    reason: str = ""
    alone: bool = True


async def decide(
    host: Host, numbers: Sequence[int], state: GateState, *, by: str, reason: str = ""
) -> list[gates.GateRow]:
    """Record a person's answer to gates, to all or to none, and let their runs go on; the gates as they are then.

    Raises NotFound or InvalidTransition, and UsageError where a draft is sent back without a word.
    """
    if state is GateState.RETURNED and not reason.strip():
        raise UsageError("nobody knows what to change", expected="what is wished, in a sentence or two")
    asked = list(dict.fromkeys(numbers))
    return await host.store.transact(_decide, asked, _Answer(state, by, host.now(), reason, alone=len(asked) == 1))


def approve(tx: Tx, number: int, *, by: str, reason: str, now: Instant) -> gates.GateRow:
    """Record a person's yes to one gate, in a transaction that does more. Raises NotFound or InvalidTransition."""
    [gate] = _decide(tx, [number], _Answer(GateState.APPROVED, by, now, reason))
    return gate


async def edit(host: Host, number: int, arguments: Mapping[str, Any], *, by: str, reason: str = "") -> gates.GateRow:
    """Approve what a gate shows with these arguments in place of its own; the gate at which exactly that is approved.

    Raises NotFound, InvalidTransition, UsageError where the tool cannot take the arguments, or the tool's own Failure
    where the world cannot be looked at.
    """
    gate = await gates.find(host.store, number)
    gates.check_open(gate)
    run = await runs.find(host.store, gate.run)
    definition = await host.pinned(run.definition)
    spec = next((each for each in definition.tools if each.name == gate.request.tool), None)
    if spec is None:
        raise InvalidTransition("the specialist has this tool no more", where=gate.name)
    tool = host.tool(spec)
    if is_remote(tool):
        raise UsageError(f"{spec.name} lives elsewhere: what it is called with cannot be edited", hint=_WAYS)
    try:
        checked = tool.Arguments.model_validate({**gate.request.arguments, **arguments})
    except pydantic.ValidationError as error:
        raise UsageError(f"the arguments do not fit {spec.name}: {error}", where=gate.name) from None
    try:
        with anyio.fail_after(definition.retry.idle / SECOND):
            world = await tool.observe(checked)
            shown = await tool.preview(checked) if isinstance(tool, Previews) else ""
    except TimeoutError:
        raise TimedOut("the tool did not answer in time", where=spec.name) from None
    frozen = canonical(checked.model_dump(mode="json"))
    request = msgspec.structs.replace(
        gate.request,
        arguments=msgspec.json.decode(frozen),
        preconditions=dict(world),
        preview=bounded(host.redact(shown)),
    )
    answer = _Answer(GateState.APPROVED, by, host.now(), reason)
    return await host.store.transact(_edit, number, frozen, request, answer)


async def expire(host: Host) -> set[str]:
    """Close the gates whose time is over; the specialists whose runs go on because of it."""
    moved = set()
    for gate in await gates.expired(host.store, host.now()):
        answer = _Answer(GateState.EXPIRED, "runtime", host.now(), "nobody answered in time")
        await host.store.transact(_decide, [gate.id], answer)
        moved.add((await runs.find(host.store, gate.run)).specialist)
        log.warning("%s of %s expired unanswered", gate.name, f"r{gate.run}")
    return moved


def open_gate(tx: Tx, run: int, effect: str, request: Request, now: Instant, *, by: str = "runtime") -> int:
    """Ask; the gate's number."""
    gate = tx.next_number("gate")
    opened = GateOpened(at=now, by=by, gate=gate, run=run, effect=effect, request=request)
    tx.record(journal.run_chain(run), opened)
    return gate


def still_valid(gate: gates.GateRow, request: Request, now: Instant) -> bool:
    """Was exactly this approved, and is the approval in time?"""
    return gate.request.digest == request.digest and now < gate.request.expires


def use(tx: Tx, gate: gates.GateRow, now: Instant) -> None:
    """An approval is used once."""
    tx.record(journal.run_chain(gate.run), GateDecided(at=now, gate=gate.id, run=gate.run, state=GateState.USED))


def _decide(tx: Tx, numbers: Sequence[int], answer: _Answer) -> list[gates.GateRow]:
    for number in numbers:
        gate = gates.get(tx, number)
        _close(tx, gate, answer, decision=0 if answer.state is GateState.EXPIRED else numbers[0])
        trusting.learn(tx, gate, answer.state, click=numbers[0], by=answer.by, reason=answer.reason, now=answer.at)
        if answer.alone:
            label_by_decision(tx, gate.run, answer.state, answer.by, answer.reason, answer.at)
        _go_on(tx, gate, answer)
    return [gates.get(tx, number) for number in numbers]


def _edit(tx: Tx, number: int, frozen: bytes, request: Request, answer: _Answer) -> gates.GateRow:
    """The effect is intended with the new arguments; the old gate is closed, and a new one opened and approved."""
    gate = gates.get(tx, number)
    _close(tx, gate, answer._replace(state=GateState.EDITED), decision=number)
    trusting.learn(tx, gate, GateState.EDITED, click=number, by=answer.by, reason=answer.reason, now=answer.at)
    effect = effects.get(tx, gate.effect)
    assert effect is not None
    intended = EffectIntended(
        at=answer.at,
        by=answer.by,
        effect=gate.effect,
        run=gate.run,
        tool=effect.tool,
        contract=request.contract,
        effect_class=effect.effect_class,
        arguments=msgspec.Raw(frozen),
        step=effect.step,
        rule=effect.rule,
        autopilot=effect.autopilot,
        audit=effect.audit,
    )
    tx.record(journal.run_chain(gate.run), intended)
    opened = gates.get(tx, open_gate(tx, gate.run, gate.effect, request, answer.at, by=answer.by))
    _close(tx, opened, answer, decision=number)
    label_by_decision(tx, gate.run, answer.state, answer.by, answer.reason, answer.at)
    _go_on(tx, opened, answer)
    return gates.get(tx, opened.id)


def _close(tx: Tx, gate: gates.GateRow, answer: _Answer, *, decision: int) -> None:
    gates.check_open(gate)
    if answer.state in (GateState.APPROVED, GateState.EDITED) and answer.at >= gate.request.expires:
        raise InvalidTransition("its time is over", where=gate.name, hint="it is asked again when the run goes on")
    decided = GateDecided(
        at=answer.at,
        by=answer.by,
        gate=gate.id,
        run=gate.run,
        state=answer.state,
        reason=answer.reason,
        decision=decision,
    )
    tx.record(journal.run_chain(gate.run), decided)


def _go_on(tx: Tx, gate: gates.GateRow, answer: _Answer) -> None:
    before = runs.state_of(tx, gate.run)
    if before in (State.NEEDS_REVIEW, State.PENDING):
        why = f"{gate.name} {answer.state} by {answer.by}"
        moved = RunMoved(at=answer.at, by=answer.by, run=gate.run, old=before, new=State.RUNNING, why=why)
        tx.record(journal.run_chain(gate.run), moved)
