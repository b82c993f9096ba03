"""Matters: what people are to be told of. The transaction that brings one about writes it, so that none is lost; the
one that ends it takes it back, so that nobody is told of what is over."""

from __future__ import annotations

from typing import NamedTuple

from platos.core.approval import GateState
from platos.core.event import (
    AccountFrozen,
    AccountReached,
    AccountThawed,
    GateDecided,
    GateOpened,
    RunMoved,
    StepMoved,
)
from platos.core.instant import Instant
from platos.core.notice import MatterKind
from platos.core.state import State
from platos.core.step import StepKind
from platos.store import notices
from platos.store.checksum import checksum
from platos.store.sql import load
from platos.store.store import ReadStore
from platos.store.tx import Tx, follows

__all__ = ["MatterRow", "advance", "arise", "due_now", "settle"]

SQL = load("matters")

_AT_ONCE = 500
_A_PERSON = {"review", "low confidence", "code changed"}
"""What a run waits for that is neither a gate, which is a matter of its own, nor comes by itself."""


class MatterRow(NamedTuple):
    """A matter, and the step of its ladder that is next. `subject` is a gate (`g3`), a run, a model or an account; the
    step of a mark is the percent."""

    kind: MatterKind
    subject: str
    step: int
    due: Instant


def arise(tx: Tx, kind: MatterKind, subject: str, due: Instant, step: int = 0) -> None:
    """There is something to tell of."""
    vouch = checksum(kind, subject, step, due)
    tx.execute(SQL.arise, kind=kind, subject=subject, step=step, due=due, checksum=vouch)


def settle(tx: Tx, kind: MatterKind, subject: str) -> None:
    """There is nothing to tell any more, and whoever was not told yet is not."""
    tx.execute(SQL.settle, kind=kind, subject=subject)
    notices.drop(tx, kind, subject)


def advance(tx: Tx, row: MatterRow, step: int, due: Instant | None) -> bool:
    """It was told up to this step, and the next is due then; None where that was the last one. False where it was
    settled, or told, meanwhile."""
    kind, subject = row.kind, row.subject
    if due is None:
        return tx.execute(SQL.done, kind=kind, subject=subject, step=row.step) == 1
    vouch = checksum(kind, subject, step, due)
    changed = tx.execute(SQL.advance, kind=kind, subject=subject, old=row.step, step=step, due=due, checksum=vouch)
    return changed == 1


async def due_now(store: ReadStore, now: Instant) -> list[MatterRow]:
    """The matters of which a step is due, the oldest first; not more than one transaction can take."""
    rows = await store.all(SQL.due_now, now=now, count=_AT_ONCE)
    return [MatterRow(MatterKind(kind), *rest) for kind, *rest in rows]


@follows(GateOpened)
def _gate_opened(tx: Tx, event: GateOpened) -> None:
    arise(tx, MatterKind.GATE, f"g{event.gate}", event.at)


@follows(GateDecided)
def _gate_decided(tx: Tx, event: GateDecided) -> None:
    if event.state is not GateState.USED:
        settle(tx, MatterKind.GATE, f"g{event.gate}")
    if event.state is GateState.EXPIRED:
        arise(tx, MatterKind.EXPIRED, f"g{event.gate}", event.at)


@follows(RunMoved)
def _run_moved(tx: Tx, event: RunMoved) -> None:
    name = f"r{event.run}"
    if event.old is State.FAILED:
        settle(tx, MatterKind.DEAD, name)
    elif event.old is State.NEEDS_REVIEW:
        settle(tx, MatterKind.REVIEW, name)
    if event.new is State.FAILED:
        arise(tx, MatterKind.DEAD, name, event.at)
    elif event.new is State.NEEDS_REVIEW and _A_PERSON.intersection(event.waits):
        arise(tx, MatterKind.REVIEW, name, event.at)


@follows(StepMoved)
def _step_moved(tx: Tx, event: StepMoved) -> None:
    """A call that policy refused; where a person said no, the step is cancelled."""
    failed = event.failure if event.state is State.FAILED and event.kind is StepKind.TOOL else None
    if failed is not None and failed.kind == "permission_denied":
        arise(tx, MatterKind.REFUSED, f"r{event.run}", event.at)


@follows(AccountFrozen)
def _account_frozen(tx: Tx, event: AccountFrozen) -> None:
    arise(tx, MatterKind.FROZEN, event.account, event.at)


@follows(AccountThawed)
def _account_thawed(tx: Tx, event: AccountThawed) -> None:
    settle(tx, MatterKind.FROZEN, event.account)


@follows(AccountReached)
def _account_reached(tx: Tx, event: AccountReached) -> None:
    arise(tx, MatterKind.MARK, event.account, event.at, step=event.percent)
