"""Take an effect back: shown, said yes to, intended, dispatched and receipted, as any effect.

It is in the chain of the run whose effect it takes back: the chain of a run that has ended is opened for it, and
sealed again when it is known what became of it. Where a crash leaves it dispatched, its tool's class decides what is
done, when it is asked for again or the engine starts.
"""

from __future__ import annotations

import logging
from typing import NoReturn

import anyio
import msgspec

from platos.core.effect import EffectState, Receipt, Recovery, honoured_at, recovery_of
from platos.core.event import EffectIntended, EffectMoved
from platos.core.instant import Instant
from platos.core.state import FINAL
from platos.core.trust import Answer
from platos.errors import Failure, InDoubt, InvalidTransition, PlatosError, StaleWorld, StoreError, UsageError
from platos.ports.tool import Compares, Honoured
from platos.runtime.effects.ledger import proof_of
from platos.runtime.effects.trust import fail
from platos.runtime.host import Host
from platos.runtime.pause import refuse_paused
from platos.runtime.redrive.hand import held
from platos.runtime.undo.way import Shown, Way, find_way, in_time, preview
from platos.store import Tx, effects, evidence, journal, pauses, runs
from platos.store.effects import EffectRow

__all__ = ["finish_undos", "show_undo", "undo"]

log = logging.getLogger("platos")

_PATH = "undo"
"""Where in a run it is: in no node of its plan."""


async def show_undo(host: Host, run: int, effect: str) -> Shown:
    """What would be done to take an effect back; nothing is. Raises as `find_way` does."""
    way = await find_way(host, run, effect)
    begun = way.begun.state if way.begun is not None else ""
    unsettled = begun in (EffectState.DISPATCHED, EffectState.IN_DOUBT)
    receipt = way.target.receipt
    return Shown(
        run=way.run.name,
        effect=way.name,
        did=f"{way.target.tool}: {receipt.summary if receipt else ''}",
        tool=way.act.contract.name,
        effect_class=way.act.contract.effect,
        arguments=msgspec.json.decode(way.act.frozen),
        preconditions=dict(way.act.preconditions),
        preview="" if unsettled else await preview(host, way),
        digest=way.digest,
        state=begun,
    )


async def undo(
    host: Host, run: int, effect: str, shown: str, *, by: str, why: str = "", happened: bool | None = None
) -> EffectRow:
    """Take an effect back, exactly as it was shown: `shown` is the digest of that. The act that did it.

    Raises as `find_way` does; StaleWorld where it is not what was shown any more; InvalidTransition where the run is
    at work; UsageError where the specialist is paused, or the undo is in doubt and `happened` does not say, or is not
    and it does; InDoubt; or the tool's Failure.
    """
    if run in host.in_hand:
        raise InvalidTransition("it is at work", where=f"r{run}", expected="a run that has ended, or waits")
    async with held(host, run):
        way = await find_way(host, run, effect)
        refuse_paused(host, way.run.specialist)
        state = way.begun.state if way.begun is not None else None
        _check_answer(way, state, happened)
        if happened:
            await host.store.transact(_settle, way, by, Receipt(summary=f"{by} looked: it happened"), host.now())
        elif state is EffectState.DISPATCHED:
            await _recover(host, way)
        else:
            if way.digest != shown:
                raise StaleWorld(
                    "it is not what was shown any more", where=f"{way.name} of {way.run.name}", hint="look at it again"
                )
            rule = f"taken back by {by}" + (f": {why}" if why else "")
            await host.store.transact(_claim, way, by, f"{rule}; {way.act.permission.rule}", host.now())
            await _send(host, way, by)
    done = await effects.find(host.store, way.act.key)
    assert done is not None
    return done


async def finish_undos(host: Host) -> None:
    """Find out what became of those that a process was in the middle of when it ended."""
    for row in await effects.in_state(host.store, EffectState.DISPATCHED):
        run = await runs.find(host.store, row.run)
        if not row.undoes or host.pause_of(run.specialist) is not None or run.id in host.in_hand:
            continue
        try:
            async with held(host, run.id):
                await _recover(host, await find_way(host, run.id, row.undoes))
        except StoreError:
            raise
        except PlatosError as error:
            log.warning("%s: what %s was to take back is open still: %s", run.name, row.tool, error)


def _check_answer(way: Way, state: EffectState | None, happened: bool | None) -> None:
    """What is in doubt is answered for, and nothing else is."""
    where = f"{way.name} of {way.run.name}"
    if state is EffectState.IN_DOUBT and happened is None:
        assert way.begun is not None
        raise UsageError(
            f"whether it was taken back is in doubt: {way.begun.why}",
            where=where,
            expected="what you found when you looked: --happened, or --not-happened, and it is sent again",
        )
    if state is not EffectState.IN_DOUBT and happened is not None:
        raise UsageError("whether it was taken back is not in doubt", where=where)


async def _send(host: Host, way: Way, by: str) -> None:
    """The call. What was provably not sent is only intended, as before; else recovery decides, the next time."""
    name, act = way.act.contract.name, way.act
    if isinstance(way.tool, Compares):
        call = way.tool.call_if(way.arguments, act.key, act.preconditions)
    else:
        call = way.tool.call(way.arguments, act.key)
    try:
        receipt = await in_time(name, way.idle, call)
    except Failure as failure:
        if not failure.sent:
            await _move(host, way, EffectState.INTENT, failure.what)
        elif recovery_of(act.contract.effect) is Recovery.NEVER_AGAIN:
            await _doubt(host, way, failure.what)
        raise
    await _receipted(host, way, by, receipt)


async def _recover(host: Host, way: Way) -> None:
    """It was dispatched, and no receipt is known: the table of DESIGN section 7. What does not stand is sent into the
    same world only."""
    begun, act = way.begun, way.act
    assert begun is not None
    recovery = recovery_of(begun.effect_class)
    if recovery is Recovery.NEVER_AGAIN:
        await _doubt(host, way, "it was sent, and whether it happened is not known")
    forgets = isinstance(way.tool, Honoured) and not honoured_at(begun.moved, way.tool.honoured, host.now())
    if recovery is Recovery.SEND_AGAIN and forgets:
        await _doubt(host, way, "it was sent, and its key is honoured no more")
    if recovery is Recovery.PROBE_FIRST:
        receipt = await in_time(act.contract.name, way.idle, way.tool.probe(way.arguments, act.key))
        if receipt is not None:
            await _receipted(host, way, begun.by, receipt)
            return
        if act.preconditions != begun.preconditions:
            await _doubt(host, way, "it was sent and does not stand, and the world has changed since then")
    await _send(host, way, begun.by)


async def _receipted(host: Host, way: Way, by: str, receipt: Receipt) -> None:
    """The last write: it is not cancelled."""
    with anyio.CancelScope(shield=True):
        await host.store.transact(_settle, way, by, receipt, host.now())
    log.info("%s: %s is taken back: %s", way.run.name, way.name, receipt.summary)


async def _doubt(host: Host, way: Way, why: str) -> NoReturn:
    await _move(host, way, EffectState.IN_DOUBT, why)
    asked = f"platos undo {way.run.name} --effect {way.name}"
    hint = f"look whether it happened, then: {asked} --happened, or {asked} --not-happened"
    raise InDoubt(why, where=way.act.contract.name, hint=hint, sent=True)


async def _move(host: Host, way: Way, state: EffectState, why: str) -> None:
    with anyio.CancelScope(shield=True):
        await host.store.transact(_moved, way, state, why, host.now())


def _claim(tx: Tx, way: Way, by: str, rule: str, now: Instant) -> None:
    """Intended and dispatched: from here on it may have been sent. A pause that is committed before holds it."""
    act = way.act
    pause = pauses.holds(tx, way.run.specialist)
    if pause is not None:
        raise UsageError(f"{way.run.specialist} is paused, by {pause.by}", where=way.run.name)
    _open(tx, way)
    begun = effects.get(tx, act.key)
    if begun is not None and begun.state is EffectState.IN_DOUBT:
        said = f"{by} looked: it did not happen"
        tx.record(
            act.chain, EffectMoved(at=now, by=by, effect=act.key, run=act.run, state=EffectState.INTENT, why=said)
        )
    intended = EffectIntended(
        at=now,
        by=by,
        effect=act.key,
        run=act.run,
        tool=act.contract.name,
        contract=act.contract.digest,
        effect_class=act.contract.effect,
        arguments=msgspec.Raw(act.frozen),
        step=_PATH,
        rule=rule,
        undoes=way.target.key,
    )
    tx.record(act.chain, intended)
    into, state = dict(act.preconditions), EffectState.DISPATCHED
    tx.record(act.chain, EffectMoved(at=now, effect=act.key, run=act.run, state=state, preconditions=into))


def _moved(tx: Tx, way: Way, state: EffectState, why: str, now: Instant) -> None:
    act = way.act
    _open(tx, way)
    tx.record(act.chain, EffectMoved(at=now, effect=act.key, run=act.run, state=state, why=why))
    _close(tx, way, now)


def _settle(tx: Tx, way: Way, by: str, receipt: Receipt, now: Instant) -> None:
    """Receipt and evidence, and what it says of who let the effect be done."""
    act = way.act._replace(actor=by)
    begun = effects.get(tx, act.key)
    assert begun is not None
    _open(tx, way)
    tx.record(act.chain, EffectMoved(at=now, effect=act.key, run=act.run, state=EffectState.DONE, receipt=receipt))
    what, into = f"{receipt.summary}, which takes back {way.name}", begun.preconditions or act.preconditions
    proof = proof_of(tx, act._replace(preconditions=into), _PATH, receipt)
    evidence.record(tx, act.run, msgspec.structs.replace(proof, what=what, rule=begun.rule, approver=by), now)
    if not way.target.undoes:
        fail(tx, way.target, Answer.UNDONE, f"{way.name} of {way.run.name} was taken back by {by}", by=by, now=now)
    _close(tx, way, now)


def _open(tx: Tx, way: Way) -> None:
    """The chain of a run that has ended goes on."""
    if runs.state_of(tx, way.run.id) in FINAL:
        journal.unseal(tx, way.act.chain)


def _close(tx: Tx, way: Way, now: Instant) -> None:
    if runs.state_of(tx, way.run.id) in FINAL:
        journal.seal(tx, way.act.chain, now)
