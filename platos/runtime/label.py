"""Labels: a person says of an item whether it is a signal. Nothing runs because of it; triage learns from it, and what
it misses is counted by it.
"""

from __future__ import annotations

from collections.abc import Sequence

from platos.core.approval import GateState
from platos.core.event import ItemLabelled
from platos.core.instant import Instant
from platos.core.item import Item, ItemState, StoredItem
from platos.core.lesson import Origin
from platos.runtime.host import Host
from platos.store import Tx, items, journal, labels, runs, specialists
from platos.store.labels import Label

__all__ = ["give_examples", "label", "label_by_decision"]

EXAMPLES = "examples"
"""The source of items that were handed in to be learnt from."""

Example = tuple[Item, bool]
"""An item, and whether it is a signal."""


async def label(host: Host, item: int, *, signal: bool, by: str, why: str = "") -> StoredItem:
    """Record what a person said of an item, in place of what was said before; the item. Raises NotFound."""
    stored = await items.find(host.store, item)
    await host.store.transact(_put, stored.specialist, item, Label(signal, by, host.now(), why))
    return stored


async def give_examples(host: Host, name: str, examples: Sequence[Example], *, by: str) -> list[bool]:
    """Keep labelled items that no source yielded, to learn from; the labels of those that were not known before.

    All of them are kept, or none. Raises NotFound.
    """
    await specialists.find(host.store, name)
    keyed = [(item, item.digest(), signal) for item, signal in examples]
    return await host.store.transact(_put_examples, name, keyed, by, host.now())


def label_by_decision(tx: Tx, run: int, state: GateState, by: str, reason: str, now: Instant) -> None:
    """What a person decided on a run says what its item was, where it is about just one."""
    if state in (GateState.APPROVED, GateState.DENIED):
        about = items.numbers_of_run(tx, run)
        if len(about) == 1:
            said = Label(state is GateState.APPROVED, by, now, reason, Origin.DECISION)
            _put(tx, runs.specialist_of(tx, run), about[0], said)


def _put(tx: Tx, specialist: str, item: int, said: Label) -> None:
    if labels.put(tx, specialist, item, said):
        event = ItemLabelled(
            at=said.at,
            by=said.by,
            specialist=specialist,
            item=item,
            signal=said.signal,
            why=said.why,
            origin=said.origin,
        )
        tx.record(journal.specialist_chain(specialist), event)


def _put_examples(tx: Tx, name: str, keyed: Sequence[tuple[Item, str, bool]], by: str, now: Instant) -> list[bool]:
    given = []
    for item, digest, signal in keyed:
        number = items.add(tx, name, EXAMPLES, item, digest=digest, seen=now, state=ItemState.EXAMPLE)
        if number is not None:
            _put(tx, name, number, Label(signal, by, now, "", Origin.EXAMPLE))
            given.append(signal)
    return given
