"""Items that their source has no more: nobody judges them, and a run that took one goes on and says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import anyio
import pytest

from platos.core.event import ItemsWithdrawn
from platos.core.handoff import Artifact, HandOff, Work
from platos.core.instant import HOUR, MINUTE, iso
from platos.core.item import ItemState, StoredItem
from platos.core.state import State
from platos.core.verdict import Verdict
from platos.errors import RateLimited, Unavailable
from platos.ports.actor import Context
from platos.ports.planner import Planner
from platos.ports.tier import Bench
from platos.store import gates, items, journal, occurrences
from platos.store.verify import verify_chain
from platos.testing.model import Scripted
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]

SLOT = 15 * MINUTE
ADVISORY = "An advisory. Version 2 of quartz is affected."
DRAFT = {
    "title": "Quartz",
    "claims": [{"text": "Affected.", "source": "i1", "quote": "An advisory."}],
    "note": "",
}


class NotYet:
    """A tier that cannot judge; `asked` are the ids of what it was given."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def judge(self, items: Sequence[StoredItem], bench: Bench) -> list[Verdict]:
        self.asked += [stored.item.id for stored in items]
        raise Unavailable("not yet")


async def withdraw(simulated: SimulatedWorkspace, name: str = "note.txt") -> None:
    """Take a file out of the inbox, and let the specialist see that."""
    (simulated.workspace.root / "inbox" / name).unlink()
    await simulated.live(SLOT)


async def states(simulated: SimulatedWorkspace) -> dict[str, str]:
    """Each item's state, by its name."""
    found = await simulated.items("watch")
    return {item.name: item.state for state in ItemState for item in found[state]}


async def told(simulated: SimulatedWorkspace, chain: str) -> list[tuple[int, ...]]:
    """What a chain of the journal says was withdrawn."""
    return [event.items for event in await simulated.events(chain) if isinstance(event, ItemsWithdrawn)]


async def test_every_version_that_was_dismissed_is_withdrawn(simulate: Simulate) -> None:
    simulated = simulate()
    async with simulated.up():
        for text in ("Nothing yet.", "Still nothing."):
            await simulated.drop("inbox/note.txt", text)
            await simulated.live(SLOT)
        await withdraw(simulated)
        assert await states(simulated) == {"i1": "withdrawn", "i2": "withdrawn"}
        assert await told(simulated, "specialist:watch") == [(1, 2)]


async def test_what_waits_is_judged_no_more_once_it_is_withdrawn(simulate: Simulate) -> None:
    tier = NotYet()
    simulated = simulate(triage=["not-yet"], parts={("tier", "not-yet"): tier})
    await simulated.drop("inbox/note.txt", ADVISORY)
    async with simulated.up():
        await simulated.live(SLOT)
        assert await states(simulated) == {"i1": "waiting"}
        await withdraw(simulated)
        tier.asked.clear()
        await simulated.live(HOUR)
        assert await states(simulated) == {"i1": "withdrawn"}
    assert tier.asked == []


class Busy:
    """An actor that works until it is let go."""

    def __init__(self) -> None:
        self.let_go = anyio.Event()

    async def act(self, context: Context, work: Work) -> HandOff:
        await self.let_go.wait()
        return context.hand_off(Artifact(kind="report", title="Done", claims=(), by=context.signature), scope=())


async def test_a_signal_that_is_withdrawn_while_it_is_queued_starts_no_run(
    simulate: Simulate, one_node: Callable[[str], Planner]
) -> None:
    busy = Busy()
    parts = {("actor", "busy"): busy, ("planner", "alone"): one_node("busy")}
    simulated = simulate(planner="alone", tools=[], done_when=[], parts=parts)
    async with simulated.up():
        async with anyio.create_task_group() as tasks:
            for name in ("first.txt", "second.txt"):
                path = await simulated.drop(f"inbox/{name}", ADVISORY)
                tasks.start_soon(partial(simulated.engine.wake, "watch", by="person:test"))
                await anyio.wait_all_tasks_blocked()
            path.unlink()
            tasks.start_soon(partial(simulated.engine.wake, "watch", by="person:test"))
            await anyio.wait_all_tasks_blocked()
            assert await states(simulated) == {"i1": "signal", "i2": "withdrawn"}
            busy.let_go.set()
        await simulated.engine.rest()
        assert len(await simulated.runs()) == 1


async def test_a_withdrawal_tells_the_run_that_took_the_item_and_the_run_goes_on(simulate: Simulate) -> None:
    simulated = simulate()
    await simulated.drop("inbox/note.txt", ADVISORY)
    async with simulated.up():
        await simulated.live(SLOT)
        await withdraw(simulated)
        assert await told(simulated, "r1") == [(1,)]
        assert await told(simulated, "specialist:watch") == []
        assert await states(simulated) == {"i1": "signal"}
        await simulated.approve((await simulated.open_gates())[0])
        [run] = await simulated.runs()
    assert run.state is State.SUCCESS


async def test_the_chain_of_a_run_that_has_ended_stays_sealed(simulate: Simulate) -> None:
    simulated = simulate(policy={"outbox": 0})
    await simulated.drop("inbox/note.txt", ADVISORY)
    async with simulated.up():
        await simulated.live(SLOT)
        before = await simulated.events("r1")
        await withdraw(simulated)
        assert await simulated.events("r1") == before
        assert list(await items.withdrawn(simulated.store, 1)) == [1]


async def limited(simulate: Simulate) -> SimulatedWorkspace:
    """A workspace in which a model is asked to wait for two hours before its draft leads to a gate."""
    model = Scripted([RateLimited("slow down", retry_after=7_200), DRAFT])
    models = {"small": "offline", "frontier": "scripted"}
    simulated = simulate(models=models, parts={("model", "scripted"): model})
    await simulated.drop("inbox/note.txt", ADVISORY)
    return simulated


async def asked(simulated: SimulatedWorkspace) -> gates.GateRow:
    await simulated.live(3 * HOUR)
    [gate] = await simulated.open_gates()
    return gate


async def test_a_gate_that_opens_after_a_withdrawal_says_so(simulate: Simulate) -> None:
    simulated = await limited(simulate)
    async with simulated.up():
        await simulated.live(SLOT)
        await withdraw(simulated)
        gone = await items.withdrawn(simulated.store, 1)
        assert f"watch worked on i1 (withdrawn since {iso(gone[1])})" in (await asked(simulated)).request.why


async def test_a_gate_says_nothing_of_what_is_still_there(simulate: Simulate) -> None:
    simulated = await limited(simulate)
    async with simulated.up():
        assert "withdrawn" not in (await asked(simulated)).request.why


async def test_what_comes_back_as_it_was_is_new_again(simulate: Simulate) -> None:
    simulated = simulate()
    await simulated.drop("inbox/note.txt", "Nothing yet.")
    async with simulated.up():
        await simulated.live(SLOT)
        await withdraw(simulated)
        await simulated.drop("inbox/note.txt", "Nothing yet.")
        await simulated.live(SLOT)
        assert await states(simulated) == {"i1": "dismissed"}
        judged = await simulated.store.all("SELECT count(*) FROM verdicts WHERE item = 1")
    assert judged == [(2,)]


async def test_only_the_version_that_comes_back_is_new_again(simulate: Simulate) -> None:
    simulated = simulate()
    async with simulated.up():
        for text in ("One.", "Two."):
            await simulated.drop("inbox/note.txt", text)
            await simulated.live(SLOT)
        await withdraw(simulated)
        await simulated.drop("inbox/note.txt", "One.")
        await simulated.live(SLOT)
        assert await states(simulated) == {"i1": "dismissed", "i2": "withdrawn"}


async def test_what_a_run_took_and_comes_back_stays_with_that_run(simulate: Simulate) -> None:
    simulated = simulate()
    await simulated.drop("inbox/note.txt", ADVISORY)
    async with simulated.up():
        await simulated.live(SLOT)
        await withdraw(simulated)
        await simulated.drop("inbox/note.txt", ADVISORY)
        await simulated.live(SLOT)
        assert await items.withdrawn(simulated.store, 1) == {}
        assert len(await simulated.runs()) == 1


async def test_a_wake_up_that_only_saw_a_withdrawal_is_kept_and_not_quiet(simulate: Simulate) -> None:
    simulated = simulate()
    await simulated.drop("inbox/note.txt", "Nothing yet.")
    async with simulated.up():
        await simulated.live(SLOT)
        await withdraw(simulated)
        assert (await simulated.specialist("watch")).quiet == 0
        assert len(await occurrences.latest(simulated.store, "watch", 9)) == 2
        await simulated.live(SLOT)
        assert (await simulated.specialist("watch")).quiet == 1


@pytest.mark.parametrize("chain", ["r1", "specialist:watch"])
async def test_the_journal_verifies_after_a_withdrawal(simulate: Simulate, chain: str) -> None:
    simulated = simulate()
    for name, text in (("note.txt", ADVISORY), ("other.txt", "Nothing yet.")):
        await simulated.drop(f"inbox/{name}", text)
    async with simulated.up():
        await simulated.live(SLOT)
        for name in ("note.txt", "other.txt"):
            await withdraw(simulated, name)
        assert len(await told(simulated, chain)) == 1
        verify_chain(chain, await journal.chain(simulated.store, chain))
