"""Verdicts: what each tier said of an item, and when."""

from __future__ import annotations

from platos.core.item import Item
from platos.core.verdict import Decision, Verdict
from platos.store import Store, Tx, items, journal, specialists, verdicts
from platos.store.verdicts import TierVerdict

NOW = 1_790_000_000_000_000


async def test_of_two_at_the_same_moment_the_later_one_stands(store: Store) -> None:
    """A clock that was set back shows a moment for a second time."""

    def judge(tx: Tx, decision: Decision) -> None:
        verdicts.add(tx, [TierVerdict(1, 0, "rules", Verdict(decision=decision, reason=decision))], NOW)

    await store.transact(arrive)
    await store.transact(judge, Decision.WAIT)
    await store.transact(judge, Decision.SIGNAL)
    assert [(said.decision, at) for _, said, at in await verdicts.of_item(store, 1)] == [(Decision.SIGNAL, NOW)]


def arrive(tx: Tx) -> None:
    specialists.put(tx, "watch", journal.put_payload(tx, b"{}"), NOW)
    item = Item(id="a", text="An advisory.")
    assert items.add(tx, "watch", "inbox", item, digest=item.digest(), seen=NOW) == 1
