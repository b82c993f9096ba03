"""Retry: a run that failed, or waits, is taken up again.

failed, waits for time   What failed, and what waits for another try, is tried now, with all its attempts; what is
                         finished comes from its checkpoints.
planned anew             Where the same steps would come to the same: the code is not what it was, or the reasoning was
                         at fault. Nothing that was done is done twice: effects are by run.
in doubt                 The person has looked, and says whether the oldest effect in doubt happened.
"""

from __future__ import annotations

from typing import NamedTuple

from platos.core.digest import digest
from platos.core.effect import EffectState, Receipt
from platos.core.event import AnyEvent, RunMoved, StepMoved
from platos.core.evidence import Evidence, EvidenceKind
from platos.core.failure import ANSWERS, Answer
from platos.core.state import FINAL, State
from platos.errors import InvalidTransition, UsageError
from platos.runtime.close import reject
from platos.runtime.host import Host
from platos.runtime.node.life import moved
from platos.runtime.pause import refuse_paused
from platos.runtime.redrive.hand import Bidding, held, in_state, move_effect, reopen
from platos.store import Tx, evidence, journal, runs, steps
from platos.store.effects import EffectRow
from platos.store.runs import RunRow

__all__ = ["retry"]

_SAME_AGAIN = (Answer.REPLAN, Answer.REPAIR)
"""Answers to failures that finished steps lead to: from their checkpoints they would lead there again."""


class _Again(NamedTuple):
    """What is not finished of a run, what is known of its effect in doubt, and why it is planned anew, if it is."""

    steps: tuple[StepMoved, ...]
    doubt: EffectRow | None
    happened: bool | None
    anew: str


async def retry(host: Host, run: int, *, by: str, happened: bool | None = None) -> RunRow:
    """Take a run up again; the run as it is then.

    Raises NotFound; InvalidTransition where it ended otherwise than by failing, or is at work; UsageError where it is
    paused or waits for the answer to a gate, or has an effect in doubt and `happened` does not say, or has none and it
    does.
    """
    row = await runs.find(host.store, run)
    if run in host.in_hand:
        raise _at_work(row)
    async with held(host, run):
        row = await runs.find(host.store, run)
        told = await journal.events(host.store, row.name)
        doubts = [each for each in await in_state(host, run, EffectState.IN_DOUBT) if not each.undoes]
        _check(host, row, runs.waits(told), doubts, happened)
        again = _Again(_unfinished(told), next(iter(doubts), None), happened, _anew(row, told))
        await host.store.transact(_retry, Bidding(run, by, host.now()), again)
    return await runs.find(host.store, run)


def _at_work(row: RunRow) -> InvalidTransition:
    return InvalidTransition(
        "it is at work", where=row.name, expected="a run that failed or waits", hint=f"platos show {row.name}"
    )


def _check(host: Host, row: RunRow, waits: tuple[str, ...], doubts: list[EffectRow], happened: bool | None) -> None:
    if row.state in FINAL and row.state is not State.FAILED:
        return  # which is refused with the transaction
    if row.state is State.RUNNING:
        raise _at_work(row)
    refuse_paused(host, row.specialist)
    asked = [what for what in waits if what.startswith("g")]
    if asked and not doubts and row.state is State.NEEDS_REVIEW and "code changed" not in waits:
        gate = asked[0]
        raise UsageError(
            f"it waits for the answer to {', '.join(asked)}",
            where=row.name,
            hint=f"platos approve {gate}, or platos deny {gate}",
        )
    _check_answer(row, doubts, happened)


def _check_answer(row: RunRow, doubts: list[EffectRow], happened: bool | None) -> None:
    """What is in doubt is answered for, and nothing else is."""
    if doubts and happened is None:
        raise UsageError(
            f"{doubts[0].tool} is in doubt: {doubts[0].why}",
            where=row.name,
            expected="what you found when you looked whether it happened",
            hint=f"platos retry {row.name} --happened, or platos retry {row.name} --not-happened",
        )
    if happened is not None and not doubts:
        raise UsageError("nothing of it is in doubt", where=row.name, hint=f"platos retry {row.name}")


def _unfinished(told: list[AnyEvent]) -> tuple[StepMoved, ...]:
    finished = (State.SUCCESS, State.CANCELLED)
    return tuple(step for step in steps.last_words(told).values() if step.state not in finished)


def _anew(row: RunRow, told: list[AnyEvent]) -> str:
    """Why the run is to be planned anew, empty where its plan goes on or there is none."""
    if runs.current_plan(told) is None:
        return ""
    waits = runs.waits(told)
    if "code changed" in waits:
        return "the code is not what it was"
    if "low confidence" in waits:
        return row.why
    if row.state is State.FAILED and ANSWERS.get(row.failure) in _SAME_AGAIN:
        return row.why
    return ""


def _retry(tx: Tx, bidding: Bidding, again: _Again) -> None:
    state = reopen(tx, bidding)
    if again.doubt is not None:
        _settle(tx, bidding, again.doubt, happened=again.happened is True)
    for step in again.steps:
        _bring_back(tx, bidding, step, anew=bool(again.anew))
    if again.anew:
        reject(tx, bidding.run, again.anew, by=bidding.by, now=bidding.at)
    why = f"taken up by {bidding.by}"
    taken = RunMoved(at=bidding.at, by=bidding.by, run=bidding.run, old=state, new=State.RUNNING, why=why)
    tx.record(bidding.chain, taken)


def _bring_back(tx: Tx, bidding: Bidding, step: StepMoved, *, anew: bool) -> None:
    """Where the plan stands, a step is tried from its first attempt, unless it waits for a person; else it ends."""
    if anew and step.state is not State.FAILED:
        steps.put(tx, moved(step, State.CANCELLED, at=bidding.at))
    elif not anew and step.state is not State.NEEDS_REVIEW:
        steps.put(tx, moved(step, State.PENDING, at=bidding.at, attempt=1, first=bidding.at))


def _settle(tx: Tx, bidding: Bidding, row: EffectRow, *, happened: bool) -> None:
    """An effect that a person has looked after: it happened, and that is its receipt; or it may be sent again."""
    if not happened:
        move_effect(tx, bidding, row, EffectState.INTENT, why=f"{bidding.by} looked: it did not happen")
        return
    receipt = Receipt(summary=f"{bidding.by} looked: it happened")
    move_effect(tx, bidding, row, EffectState.DONE, why="", receipt=receipt)
    proof = Evidence(
        kind=EvidenceKind.RECEIPT,
        what=receipt.summary,
        digest=digest(receipt),
        tool=row.tool,
        receipt=receipt,
        key=row.key,
    )
    evidence.record(tx, bidding.run, proof, bidding.at)
