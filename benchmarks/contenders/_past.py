"""Runs by the thousand, each as its wake-up left it: closed, as a long past, or open, and asking. One is lived, the
others are written after it, by the same functions of the store, many in a transaction."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from platos.core.digest import digest
from platos.core.event import (
    AnyEvent,
    EffectIntended,
    GateOpened,
    ItemsArrived,
    ItemsTriaged,
    RunMoved,
    RunOpened,
    StepMoved,
)
from platos.core.item import Item, ItemState
from platos.core.state import FINAL, State
from platos.runtime.definitions import refresh
from platos.runtime.host import Host
from platos.runtime.wake import Wake
from platos.runtime.wakeup import wake_up
from platos.store import Store, Tx, items, journal, occurrences, runs, specialists, verdicts
from platos.store.occurrences import OccurrenceRow
from platos.store.verdicts import TierVerdict

__all__ = ["add_past", "add_questions"]

_AT_ONCE = 200
_SOURCE = "by-hand"
_SIZE = """
SELECT (SELECT count(*) FROM journal), (SELECT count(*) FROM chains), (SELECT count(*) FROM payloads),
       (SELECT count(*) FROM occurrences), (SELECT count(*) FROM items), (SELECT count(*) FROM verdicts),
       (SELECT count(*) FROM runs), (SELECT count(*) FROM chains WHERE sealed = 1),
       (SELECT count(*) FROM effects), (SELECT count(*) FROM gates)
"""


class _Lived(NamedTuple):
    """What a wake-up left: its occurrence, its item, what triage said of that, and the events of its run."""

    number: int
    specialist: str
    occurrence: OccurrenceRow
    item: Item
    verdicts: list[TierVerdict]
    told: list[AnyEvent]


async def add_past(host: Host, specialist: str, first: int, last: int) -> None:
    """Closed runs of a specialist, from one number to another; the first is lived.

    Raises AssertionError where the others are not as large as that one.
    """
    await _add(host, specialist, first, last)


async def add_questions(host: Host, specialist: str, first: int, last: int) -> None:
    """The same of a specialist whose runs each ask a person, and wait for the answer."""
    await _add(host, specialist, first, last, ended=False)


async def _add(host: Host, specialist: str, first: int, last: int, *, ended: bool = True) -> None:
    store = host.store
    await refresh(host, specialist)
    before = await _size(store)
    lived = await _live(host, specialist, first, ended=ended)
    one = [after - size for after, size in zip(await _size(store), before, strict=True)]
    for start in range(first + 1, last + 1, _AT_ONCE):
        await store.transact(_write, lived, range(start, min(start + _AT_ONCE, last + 1)))
    all_of_them = [after - size for after, size in zip(await _size(store), before, strict=True)]
    assert all_of_them == [size * (last - first + 1) for size in one], f"{all_of_them} rows, and one run left {one}"


async def _size(store: Store) -> tuple[int, ...]:
    row = await store.one(_SIZE)
    assert row is not None
    return row


async def _live(host: Host, specialist: str, number: int, *, ended: bool) -> _Lived:
    """One wake-up by hand, to the close of its run, or until it waits for a person."""
    store, given = host.store, Item(id=f"past-{number}", text="count")
    await wake_up(Wake(host, specialist, given=(given,), by="person:bench"))
    [occurrence] = await occurrences.latest(store, specialist, 1)
    [run] = await runs.latest(store, 1, specialist)
    expected = FINAL if ended else {State.NEEDS_REVIEW}
    assert run.state in expected, f"the run that was lived is {run.state}: {run.why}"
    [stored] = await items.of_run(store, run.id)
    judged = enumerate(await verdicts.of_run(store, run.id))
    said = [TierVerdict(0, position, tier, verdict) for position, (_, tier, verdict) in judged]
    return _Lived(number, specialist, occurrence, stored.item, said, await journal.events(store, run.name))


def _write(tx: Tx, lived: _Lived, numbers: range) -> None:
    for number in numbers:
        _write_one(tx, lived, number)


def _write_one(tx: Tx, lived: _Lived, number: int) -> None:
    """What a wake-up writes, from its poll to the close of its run."""
    name, at = lived.specialist, lived.occurrence.slot + number - lived.number
    chain, item = journal.specialist_chain(name), msgspec.structs.replace(lived.item, id=f"past-{number}")
    specialists.woken_by_hand(tx, name, quiet=False)
    digest = item.digest()
    stored = items.add(tx, name, _SOURCE, item, digest=digest, seen=at)
    assert stored is not None
    tx.record(chain, ItemsArrived(at=at, by="person:bench", specialist=name, slot=at, items=((stored, digest),)))
    occurrences.add(tx, name, lived.occurrence._replace(slot=at, last=at, started=at, ended=at))
    verdicts.add(tx, [each._replace(item=stored) for each in lived.verdicts], at)
    items.move(tx, stored, ItemState.SIGNAL)
    tx.record(chain, ItemsTriaged(at=at, specialist=name, signal=(stored,)))
    _write_run(tx, lived.told, stored, at)


def _write_run(tx: Tx, told: list[AnyEvent], item: int, at: int) -> None:
    run = tx.next_number("run")
    chain, gate = journal.run_chain(run), 0
    for event in told:
        if isinstance(event, GateOpened):
            gate = tx.next_number("gate")
        tx.record(chain, _retold(msgspec.structs.replace(event, at=at, run=run), item, gate))
    items.take(tx, item, run)
    if isinstance(told[-1], RunMoved) and told[-1].new in FINAL:
        journal.seal(tx, chain, at)


def _retold(event: AnyEvent, item: int, gate: int) -> AnyEvent:
    """An event of another run: about its own item, its own effect and its own gate."""
    match event:
        case RunOpened():
            return msgspec.structs.replace(event, items=(item,))
        case EffectIntended(effect=effect, run=run):
            return msgspec.structs.replace(event, effect=digest([run, effect]))
        case GateOpened(effect=effect, run=run):
            return msgspec.structs.replace(event, effect=digest([run, effect]), gate=gate)
        case StepMoved(waits=waits) if waits:
            return msgspec.structs.replace(event, waits=f"g{gate}")
        case RunMoved(waits=waits) if waits:
            return msgspec.structs.replace(event, waits=(f"g{gate}",))
        case _:
            return event
