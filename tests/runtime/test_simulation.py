"""A random week: files come, people answer or do not, and the process is cut off, ended and started again."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from platos.core.instant import HOUR, MINUTE
from platos.core.item import ItemState
from platos.core.state import FINAL, Outcome, State
from platos.store import Tx
from platos.testing.workspace import START, SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]

WEEK = 7 * 24 * HOUR
OVERLAPS = ["queue", "merge", "parallel"]


class Week:
    """What happened in a simulated week. `contents` are the texts that lay in the inbox at the end of a change."""

    def __init__(self, simulated: SimulatedWorkspace, chance: random.Random) -> None:
        self.simulated, self.chance = simulated, chance
        self.contents: set[tuple[str, str]] = set()

    async def session(self) -> None:
        """One life of the process: things happen, and time passes."""
        async with self.simulated.up():
            for _ in range(self.chance.randrange(1, 6)):
                await self.chance.choice([self.drop, self.drop, self.answer, self.look])()
                await self.simulated.live(self.chance.randrange(1, 8 * 60) * MINUTE)

    async def drop(self) -> None:
        """A new file, or an old one with another text, each text once."""
        name = f"{self.chance.randrange(20)}.txt"
        text = f"{self.chance.choice(['An advisory', 'A newsletter'])}, number {len(self.contents)}. Upgrade."
        self.contents.add((name, text))
        await self.simulated.drop(f"inbox/{name}", text)
        await self.simulated.live(HOUR)

    async def answer(self) -> None:
        """A person says yes or no to some of what is asked."""
        for gate in await self.simulated.open_gates():
            decide = self.chance.choice([self.simulated.approve, self.simulated.deny])
            await decide(gate)

    async def look(self) -> None:
        """Every run that is open names what it waits for: a moment, or a gate that is open."""
        await self.simulated.engine.rest()
        gates = {gate.name for gate in await self.simulated.open_gates()}
        for run in await self.simulated.runs():
            if run.state is State.PENDING:
                assert run.due is not None, run
            elif run.state not in FINAL:
                assert run.state is State.NEEDS_REVIEW, run
                assert run.why.partition(":")[0] in gates, run


@pytest.mark.parametrize("seed", range(20))
async def test_in_a_random_week_nothing_is_lost_stuck_or_done_twice(
    simulate: Simulate, power_cut: Callable[[int], Any], record_cases: Callable[[str, int], None], seed: int
) -> None:
    chance = random.Random(seed)
    simulated = simulate(
        schedule="0 */2 * * *",
        overlap=chance.choice(OVERLAPS),
        policy={"outbox": chance.choice([0, 2, 2])},
        approval_expires=chance.choice(["4h", "2d"]),
    )
    week = Week(simulated, chance)
    while simulated.clock.now() < START + WEEK:
        with power_cut(chance.choice([chance.randrange(1, 80), 1_000_000])):
            await week.session()
    await finish(week)
    await check(week)
    record_cases("simulation", 1)


async def finish(week: Week) -> None:
    """The last life: whatever is asked is approved."""
    async with week.simulated.up():
        await week.simulated.live(3 * HOUR)
        await week.look()
        while gates := await week.simulated.open_gates():
            await week.simulated.approve(gates[0])
        await week.simulated.live(3 * HOUR)


async def check(week: Week) -> None:
    simulated = week.simulated
    async with simulated.up():
        found = await simulated.items("watch")
        rows = await simulated.runs()
        for row in rows:
            await simulated.events(row.name)
    stored = [(item.item.id, item.item.text) for items in found.values() for item in items]
    assert len(stored) == len(set(stored))
    assert set(stored) <= week.contents
    assert {text for _, text in stored} >= {text for name, text in week.contents if is_there(simulated, name, text)}
    assert not found[ItemState.NEW]
    assert not found[ItemState.WAITING]
    assert all(item.run is not None for item in found[ItemState.SIGNAL])
    assert {row.state for row in rows} <= {State.SUCCESS, State.CANCELLED}
    done = [row for row in rows if row.outcome is Outcome.DONE]
    assert len(list(simulated.workspace.outbox.glob("*.md"))) == len(done)


async def test_the_check_above_sees_an_item_that_was_lost(simulate: Simulate) -> None:
    week = Week(simulate(), random.Random(1))
    async with week.simulated.up():
        await week.drop()
    async with week.simulated.up():
        week.contents.add(("late.txt", "An advisory."))
        await week.simulated.drop("inbox/late.txt", "An advisory.")
    with pytest.raises(AssertionError):
        await check(week)


async def test_the_look_above_sees_a_run_that_waits_for_nothing(simulate: Simulate) -> None:
    week = Week(simulate(), random.Random(1))
    await week.simulated.drop("inbox/note.txt", "An advisory.")
    async with week.simulated.up():
        await week.simulated.live(HOUR)
        await week.look()
        await week.simulated.store.transact(forget_the_gates)
        with pytest.raises(AssertionError):
            await week.look()


def forget_the_gates(tx: Tx) -> None:
    tx.execute("UPDATE gates SET state = 'expired'")


def is_there(simulated: SimulatedWorkspace, name: str, text: str) -> bool:
    """Was it the last that was written under that name? What was overwritten between two polls nobody could see."""
    return (simulated.workspace.root / "inbox" / name).read_text() == text
