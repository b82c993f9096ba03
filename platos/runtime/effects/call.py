"""Effects: a tool call that touches the world is allowed, intended, dispatched and receipted, in that order.

After a crash, or any error once it was sent, the tool's class decides what is done: DESIGN section 7, in `_recover`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache, partial
from typing import Any, NamedTuple, NoReturn, TypeVar

import anyio
import msgspec
import pydantic

from platos.core.approval import bounded
from platos.core.capability import Capability
from platos.core.digest import canonical
from platos.core.effect import (
    Contract,
    EffectClass,
    EffectState,
    Receipt,
    Recovery,
    effect_key,
    honoured_at,
    recovery_of,
    undo_key,
)
from platos.core.event import StepMoved
from platos.core.handoff import Status, Work
from platos.core.instant import SECOND, iso, span_text
from platos.core.money import NANO, dollars
from platos.core.plan import Node, singles_in
from platos.core.policy import Permission, RiskTier, permit
from platos.core.predicate import Looked
from platos.core.provenance import MEET
from platos.core.specialist import PartSpec
from platos.core.state import State
from platos.core.step import DENIED, StepKind
from platos.core.trust import may_be_promoted
from platos.errors import Broken, Failure, InDoubt, InvalidOutput, PermissionDenied, TimedOut
from platos.ports.tool import Compares, Honoured, Previews, Tool, is_remote
from platos.runtime.effects.ledger import Act, Standing, ask_only, claim_or_ask, move_effect, settle
from platos.runtime.host import Host
from platos.runtime.node.life import Life
from platos.runtime.node.provenance import leads_out, of_receipt
from platos.runtime.node.schema import schema_of
from platos.runtime.node.steps import load_result
from platos.store import accounts, effects, items

__all__ = ["call_tool", "contract_of", "lend", "request_approval"]

log = logging.getLogger("platos")

T = TypeVar("T")


class _Judged(NamedTuple):
    """Policy's answer. Where it has somebody asked, and only policy does, an autopilot (`may_trust`) or a standing
    answer (`may_stand`) may take their place."""

    permission: Permission
    may_trust: bool = False
    may_stand: bool = False


_Judge = Callable[[Mapping[str, Any]], _Judged]


class _Call(NamedTuple):
    """A node's wish, validated: the tool, its arguments, and the act in the ledger's words. `judge` says what policy
    says of such a call with given arguments."""

    tool: Tool
    arguments: Any
    act: Act
    judge: _Judge


async def call_tool(life: Life, work: Work, name: str, arguments: dict[str, Any], why: str) -> Receipt:
    """The receipt of an act, done once however often it is asked for. Parks where a person must answer first.

    Raises PermissionDenied, Denied, InvalidOutput where the arguments do not fit, or the tool's own Failure.
    """
    await _refuse_unheld(life, name)
    call = await _prepare(life, work, name, arguments, why)
    step = await life.begin(StepKind.TOOL, name, [call.act.key, call.act.frozen])
    receipt = await _act(life, call, step, claim_or_ask)
    life.provenance |= of_receipt(call.tool)
    return receipt


async def request_approval(life: Life, work: Work, name: str, arguments: dict[str, Any], why: str) -> Receipt:
    """Who allowed a call of a tool, which is not made yet. Parks where a person must answer first.

    Raises as `call_tool`. Where the act is under way or done already, it is what became of it.
    """
    await _refuse_unheld(life, name)
    call = await _prepare(life, work, name, arguments, why)
    step = await life.begin(StepKind.TOOL, f"ask for {name}", [call.act.key, call.act.frozen])
    return await _act(life, call, step, ask_only)


async def lend(life: Life, path: str, node: Node) -> None:
    """Give helpers, which will stand at that instance path, what their plan says of what their asker holds, narrowed.
    Raises PermissionDenied where it holds no such thing."""
    for single in singles_in(node).values():
        for name in single.tools:
            await _refuse_unheld(life, name)
    life.net.mint.lend(life.held, path, node)


async def _refuse_unheld(life: Life, name: str) -> None:
    """A call of a tool for which the node holds no capability is a denial: it is recorded, and nothing is looked up by
    its name, which may be a model's word."""
    if name in life.held:
        return
    known = name if name in life.net.run.specialist.tool_names() else "a tool"
    step = await life.begin(StepKind.TOOL, f"{DENIED}{known}", name)
    why = life.net.mint.refusal(life.held, known, life.path, {})
    log.warning("%s: %s", life.net.run.row.name, why)
    await life.failed(step, PermissionDenied(why, where=life.path))


async def _act(life: Life, call: _Call, step: StepMoved, ask: Callable[..., Standing]) -> Receipt:
    if step.state is State.SUCCESS:
        return await load_result(life.net, step, Receipt)
    await _refuse_denied(life, call, step)
    if (
        call.act.contract.effect is EffectClass.READ
        and call.act.permission.tier is RiskTier.AUTO
        and ask is claim_or_ask
    ):
        return await _dispatch(life, await _observe(life, call, step), step)
    life.at_work(step)
    async with life.net.acts[call.act.key]:
        call = await _as_intended(life, call)
        await _refuse_denied(life, call, step)
        call = await _observe(life, call, step)
        standing = await life.net.run.host.store.transact(ask, call.act, step, life.now())
        life.net.steps[standing.step.key] = standing.step
        return await _follow(life, _with_arguments(call, standing.frozen), standing)


async def _refuse_denied(life: Life, call: _Call, step: StepMoved) -> None:
    """What policy denies is recorded, and never tried again."""
    if not call.act.permission.allowed:
        log.warning("%s: %s", life.net.run.row.name, call.act.permission.rule)
        await life.failed(step, PermissionDenied(call.act.permission.rule, where=life.path))


async def _follow(life: Life, call: _Call, standing: Standing) -> Receipt:
    match standing:
        case Standing(do="settled", receipt=Receipt() as receipt):
            return receipt
        case Standing(do="dispatch"):
            return await _dispatch(life, call, standing.step)
        case Standing(do="recover"):
            return await _recover(life, call, standing)
        case Standing(do="paused", pause=pause) if pause is not None:
            await life.park("pause", f"by {pause.by}")
        case Standing(do="wait", gate=gate) if gate is not None:
            log.info("%s waits for %s: %s", life.net.run.row.name, gate.name, call.act.contract.name)
            await life.park(gate.name, f"approval of {call.act.contract.name}")
        case _:
            failure = standing.step.failure
            raise failure.error() if failure else Broken("an effect that stands nowhere", where=call.act.key)


async def _prepare(life: Life, work: Work, name: str, arguments: dict[str, Any], why: str) -> _Call:
    """Validate the arguments, derive contract and key, and ask policy, as the owner has it now."""
    run = life.net.run
    spec = next((each for each in run.specialist.tools if each.name == name), None)
    if spec is None:
        raise PermissionDenied(f"the specialist has no tool {name!r}", where=life.path)
    tool = run.host.tool(spec)
    if is_remote(tool):
        tool = await tool.in_run(life.net.connections.share)
    try:
        checked = tool.Arguments.model_validate(arguments)
    except pydantic.ValidationError as error:
        raise InvalidOutput(f"the arguments do not fit {name}: {error}", where=life.path) from None
    contract, plain = contract_of(run.host, spec, tool), checked.model_dump(mode="json")
    cost = await _cost(life)
    refusal = tool.refusal if is_remote(tool) else ""
    judge = partial(_permission, life, work, spec.part, contract, cost, refusal, leads_out(tool))
    judged = judge(plain)
    act = Act(
        actor=life.node.actor,
        run=run.row.id,
        chain=run.chain,
        contract=contract,
        frozen=canonical(plain),
        key=effect_key(run.row.id, contract, plain, life.path),
        permission=judged.permission,
        specialist=run.specialist.name,
        may_trust=judged.may_trust,
        may_stand=judged.may_stand,
        preconditions={},
        why=f"{run.specialist.name} worked on {await _about(life)} and spent {dollars(cost)} so far; {why}",
        seen=tuple(run.items),
        expires_in=run.live.approval_expires,
        still_wanted=run.live.still_wanted,
        held=life.held[name],
        minted=_minted(life, life.held[name]),
    )
    return _Call(tool, checked, act, judge)


def _minted(life: Life, held: Capability) -> str:
    """By which plan a capability was minted, for which of its nodes, and for what places it was narrowed since."""
    run, places = life.net.run, ", ".join(each.path for each in held.narrowed)
    return f"plan {run.row.revision}, by {run.plan.by}, for {held.node}; held at {places}"


async def _wanted_again(life: Life, call: _Call) -> _Call:
    """The call of what was done before, as the act that is meant: one that a person took back is wanted anew, and
    somebody is asked, whatever policy says. Raises InDoubt where nobody knows whether it was taken back."""
    run = life.net.run.row
    rows = await effects.of_run(life.net.run.host.store, run.id)
    key, undo = effects.wanted_again(rows, call.act.key)
    begun = next((row for row in rows if row.key == undo_key(key)), None)
    if begun is not None and begun.state in (EffectState.DISPATCHED, EffectState.IN_DOUBT):
        why = "it was being taken back, and whether that happened is not known"
        raise InDoubt(why, where=call.act.contract.name, hint=f"platos undo {run.name}")
    if undo is None:
        return call
    judge = partial(_explicitly, call.judge, f"undo: {undo.by} took it back")
    act = call.act._replace(key=key, **judge(msgspec.json.decode(call.act.frozen))._asdict())
    return call._replace(act=act, judge=judge)


def _explicitly(judge: _Judge, rule: str, arguments: Mapping[str, Any]) -> _Judged:
    """Policy's answer where somebody is to be asked for exactly this, whatever it says of such a call otherwise."""
    found = judge(arguments).permission
    asks = msgspec.structs.replace(found, tier=RiskTier.EXPLICIT, rule=rule)
    return _Judged(asks if found.allowed else found)


async def _as_intended(life: Life, call: _Call) -> _Call:
    """The call with the arguments of the act as it was intended, where it was: in which words it is asked for now makes
    no difference to what is shown to people, observed and sent. A person may have edited them, and fields that
    `once_per` leaves out may differ."""
    effect = await effects.find(life.net.run.host.store, call.act.key)
    if effect is not None and effect.state is EffectState.DONE:
        call = await _wanted_again(life, call)
        effect = await effects.find(life.net.run.host.store, call.act.key)
    return call if effect is None else _with_arguments(call, bytes(effect.arguments))


def _with_arguments(call: _Call, frozen: bytes) -> _Call:
    """The call with other arguments, and what policy says of these."""
    act = call.act
    if frozen != act.frozen:
        act = act._replace(frozen=frozen, **call.judge(msgspec.json.decode(frozen))._asdict())
    return call._replace(arguments=call.tool.Arguments.model_validate_json(frozen), act=act)


async def _observe(life: Life, call: _Call, step: StepMoved) -> _Call:
    """The call with its preconditions, as the world is now, and what it would change, where somebody may be asked."""
    shown = ""
    try:
        world = await _in_time(life, call, step, call.tool.observe(call.arguments))
        if isinstance(call.tool, Previews) and call.act.permission.tier is not RiskTier.AUTO:
            shown = await _in_time(life, call, step, call.tool.preview(call.arguments))
    except Failure as failure:
        waited = step.state is State.NEEDS_REVIEW
        await life.failed(await life.record(step, State.RUNNING) if waited else step, failure)
    shown = bounded(life.net.run.host.redact(shown))
    return call._replace(act=call.act._replace(preconditions=world, preview=shown))


async def _about(life: Life) -> str:
    """The run's items; of those that their source has no more, since when."""
    run = life.net.run
    gone = await items.withdrawn(run.host.store, run.row.id)
    return ", ".join(
        f"{name} (withdrawn since {iso(gone[item.number])})" if item.number in gone else name
        for name, item in run.items.items()
    )


def contract_of(host: Host, spec: PartSpec, tool: Tool) -> Contract:
    """What a specialist's tool declares."""
    return _contract(
        spec.name,
        host.parts.version("tool", spec.part),
        tool.effect,
        tool.Arguments,
        tuple(tool.once_per),
        tool.repeatable,
        tool.pin if is_remote(tool) else "",
        getattr(tool, "undone_by", ""),
    )


@lru_cache(maxsize=256)
def _contract(
    name: str,
    version: str,
    effect: EffectClass,
    form: type[pydantic.BaseModel],
    once_per: tuple[str, ...],
    repeatable: bool,
    pin: str,
    undone_by: str,
) -> Contract:
    """One contract for all calls, and so one digest: what is declared does not change."""
    return Contract(
        name=name,
        version=version,
        effect=effect,
        schema=schema_of(form),
        once_per=once_per,
        repeatable=repeatable,
        pin=pin,
        undone_by=undone_by,
    )


def _permission(
    life: Life,
    work: Work,
    part: str,
    contract: Contract,
    cost: int,
    refusal: str,
    outward: bool,
    arguments: Mapping[str, Any],
) -> _Judged:
    """Policy's answer to a call with these arguments; made explicit where a review trigger fires, where a critic
    rejected what is acted on, or where it could carry what is the owner's own to whoever wrote what was read. Where
    neither is so, whom policy would have asked may have answered before: an autopilot may take their place, if the
    owner's file allows it, or an answer of theirs that stands."""
    net, live = life.net, life.net.run.live
    given = Looked({**dict.fromkeys(contract.schema.get("properties", ())), **arguments})
    refusal = net.mint.refusal(life.held, contract.name, life.path, given) or refusal
    if refusal:
        return _Judged(Permission(allowed=False, tier=RiskTier.EXPLICIT, rule=refusal))
    found = permit(
        contract.name,
        contract.effect,
        granted=live.tool_names(),
        policy=live.policy,
        part=part,
        house=net.run.host.policy,
        actor=life.node.actor,
        arguments=given,
    )
    if not found.allowed:
        return _Judged(found)
    measures = {
        "confidence": min((each.confidence for each in net.run.work.items), default=1.0),
        "cost": cost / NANO,
        "items": len(net.run.items),
        "failures": sum(step.attempt - 1 for step in net.steps.values()),
    }
    rules = [f"review: {trigger}" for trigger in live.review if trigger.fires(measures, net.run.items.values())]
    rules += ["hand-off: its critic did not accept it" for each in work.inputs if each.status is Status.REJECTED]
    meet = outward and life.provenance >= MEET
    rules += ["provenance: text from outside, what is private and a way out meet in this node"] * meet
    asks = found.tier is not RiskTier.AUTO and not rules
    if contract.effect is EffectClass.READ and not meet:
        return _Judged(found, may_stand=asks)
    if rules and found.tier is not RiskTier.EXPLICIT:
        found = msgspec.structs.replace(found, tier=RiskTier.EXPLICIT, rule=rules[0])
    trusts = asks and may_be_promoted(contract.effect, live.autopilot.get(contract.name))
    return _Judged(found, trusts, may_stand=asks)


async def _cost(life: Life) -> int:
    calls = await accounts.calls_of_run(life.net.run.host.store, life.net.run.row.id)
    return sum(call.charged for call in calls)


async def _dispatch(life: Life, call: _Call, step: StepMoved, *, again: bool = False) -> Receipt:
    """Send it, with the bytes that were frozen, once more where that is `again`. What is sent is looked at for the last
    time: is it what the node may call?"""
    await _refuse_outside(life, call, step, again)
    try:
        receipt = await _in_time(life, call, step, _called(call))
    except Failure as failure:
        await _unanswered(life, call, step, failure)
    return await _receipted(life, call, step, receipt)


async def _refuse_outside(life: Life, call: _Call, step: StepMoved, again: bool) -> None:
    act = call.act
    refusal = life.net.mint.refusal(life.held, act.contract.name, life.path, msgspec.json.decode(act.frozen))
    if not refusal:
        return
    if act.contract.effect is not EffectClass.READ and not again:
        await _move(life, call, EffectState.INTENT, refusal)
    log.warning("%s: %s", life.net.run.row.name, refusal)
    await life.failed(step, PermissionDenied(refusal, where=life.path))


def _called(call: _Call) -> Awaitable[Receipt]:
    if isinstance(call.tool, Compares):
        return call.tool.call_if(call.arguments, call.act.key, call.act.preconditions)
    return call.tool.call(call.arguments, call.act.key)


async def _in_time(life: Life, call: _Call, step: StepMoved, asked: Awaitable[T]) -> T:
    """What a tool answers. Raises its Failure, or TimedOut where it gives no sign of life."""
    life.at_work(step)
    try:
        with anyio.fail_after(life.net.run.specialist.retry.idle / SECOND):
            return await asked
    except TimeoutError:
        raise TimedOut("the tool did not answer in time", where=call.act.contract.name, sent=True) from None
    finally:
        life.alive(life.now())


async def _recover(life: Life, call: _Call, standing: Standing) -> Receipt:
    """It was dispatched, and no receipt is known. What does not stand is sent into the same world only: in another, it
    may have been done and changed since."""
    step, recovery, world = standing.step, recovery_of(call.act.contract.effect), dict(standing.dispatched_into)
    if recovery is Recovery.NEVER_AGAIN:
        await _doubt(life, call, "it was sent, and whether it happened is not known")
    if recovery is Recovery.SEND_AGAIN and isinstance(call.tool, Honoured):
        known = honoured_at(standing.sent, call.tool.honoured, life.now())
        if not known:
            await _doubt(life, call, f"it was sent, and its key was honoured for {span_text(call.tool.honoured)} only")
    if recovery is Recovery.PROBE_FIRST:
        try:
            receipt = await _in_time(life, call, step, call.tool.probe(call.arguments, call.act.key))
        except Failure as failure:
            await life.failed(step, failure)
        if receipt is not None:
            return await _receipted(life, call, step, receipt)
        if call.act.preconditions != world:
            await _doubt(life, call, f"it was sent and does not stand, and since then {_changes(world, call)}")
    return await _dispatch(life, call, step, again=True)


def _changes(world: dict[str, str], call: _Call) -> str:
    now = call.act.preconditions
    return ", ".join(
        f"{name} changed from {world.get(name, 'nothing')} to {now.get(name, 'nothing')}"
        for name in sorted({*world, *now})
        if world.get(name) != now.get(name)
    )


async def _unanswered(life: Life, call: _Call, step: StepMoved, failure: Failure) -> NoReturn:
    """An error on the way. What was provably not sent is only intended, as before; else recovery decides."""
    outward = call.act.contract.effect is not EffectClass.READ
    if outward and not failure.sent:
        await _move(life, call, EffectState.INTENT, failure.what)
    elif outward and recovery_of(call.act.contract.effect) is Recovery.NEVER_AGAIN:
        await _doubt(life, call, failure.what)
    await life.failed(step, failure)


async def _doubt(life: Life, call: _Call, why: str) -> NoReturn:
    """It is never sent again by itself; a person looks."""
    await _move(life, call, EffectState.IN_DOUBT, why)
    raise InDoubt(why, where=call.act.contract.name, sent=True)


async def _move(life: Life, call: _Call, state: EffectState, why: str) -> None:
    with anyio.CancelScope(shield=True):
        await life.net.run.host.store.transact(move_effect, call.act, state, why, life.now())


async def _receipted(life: Life, call: _Call, step: StepMoved, receipt: Receipt) -> Receipt:
    """The last write: it is not cancelled."""
    with anyio.CancelScope(shield=True):
        done = await life.net.run.host.store.transact(settle, call.act, step, receipt, life.now())
    life.net.steps[done.key] = done
    log.info("%s: %s", life.net.run.row.name, receipt.summary)
    return receipt
