"""The clock jumps: it is told once, an occurrence runs at most once whatever the clock says, and nothing is stuck."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from platos.clock import MachineClocks, SystemClock
from platos.core.effect import EffectClass
from platos.core.event import ClockJumped
from platos.core.instant import DAY, HOUR, MINUTE, Instant, Span, iso
from platos.core.jump import JumpKind, Reading, jumps_between
from platos.core.lived import Lived
from platos.core.schedule import Schedule
from platos.core.state import State
from platos.runtime.jump import look_back, note_jumps
from platos.testing.workspace import START, SimulatedWorkspace
from tests.runtime.claims import claims

Simulate = Callable[..., SimulatedWorkspace]

HOURLY = "0 * * * *"
YEAR = 365 * DAY


async def live(simulated: SimulatedWorkspace, span: Span) -> None:
    """What the engine does where its clock jumped, and a while of its life."""
    await note_jumps(simulated.engine._host)
    await simulated.live(span)


async def jumps(simulated: SimulatedWorkspace) -> list[ClockJumped]:
    return [event for event in await simulated.events("system") if isinstance(event, ClockJumped)]


# -- the machine's clock


class Machine:
    """Clocks that go on a little each time that they are read; at a certain time one of them is set."""

    def __init__(self, at: int, span: Span) -> None:
        self.reads, self.at, self.span = 0, at, span

    def wall(self) -> Instant:
        return self.read().wall

    def read(self) -> Reading:
        self.reads += 1
        return Reading(40 * DAY + self.reads + self.span * (self.reads >= self.at), self.reads, self.reads)


async def _idle() -> None:
    raise AssertionError("real time does not wait until nothing is under way")


async def test_a_wait_ends_where_the_clock_is_set_back() -> None:
    clock = SystemClock(Machine(4, -30 * DAY))
    await clock.wait(40 * DAY + 100, anyio.Event(), _idle)
    [jump] = clock.jumps()
    assert (jump.what, jump.before - jump.after) == (JumpKind.SET_BACK, 30 * DAY)


async def test_a_jump_that_is_not_noted_yet_does_not_end_the_next_wait() -> None:
    clock = SystemClock(Machine(2, DAY))
    assert len(clock.jumps()) == 1
    nudge = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(clock.wait, None, nudge, _idle)
        await anyio.wait_all_tasks_blocked()
        nudge.set()
    assert len(clock.jumps()) == 1


def test_this_machines_clocks_go_on_together() -> None:
    clocks = MachineClocks()
    one, other = clocks.read(), clocks.read()
    assert jumps_between(one, other) == ()
    assert other.awake >= one.awake


# -- told once


@pytest.mark.parametrize(("span", "what"), [(HOUR, "set forward"), (-HOUR, "set back"), (YEAR, "set forward")])
async def test_a_clock_that_was_set_is_told_once(simulate: Simulate, span: Span, what: str) -> None:
    simulated = simulate(schedule=HOURLY)
    async with simulated.up():
        await simulated.live(3 * HOUR)
        before = simulated.clock.now()
        simulated.clock.set_to(before + span)
        await live(simulated, HOUR)
        await live(simulated, HOUR)
        [jump] = await jumps(simulated)
    assert (jump.before, jump.after, jump.what) == (before, before + span, what)


async def test_a_suspend_is_told_and_catch_up_decides_what_becomes_of_its_slots(simulate: Simulate) -> None:
    simulated = simulate(schedule=HOURLY)
    async with simulated.up():
        await simulated.live(HOUR)
        simulated.clock.suspend(5 * HOUR + 30 * MINUTE)
        await live(simulated, MINUTE)
        [jump] = await jumps(simulated)
        row = await simulated.specialist("watch")
    assert jump.what is JumpKind.SUSPENDED
    assert (row.wakes, iso(row.last_slot)[11:16]) == (2, "14:00")


async def test_a_clock_set_back_while_no_process_ran_is_told_at_the_start_and_not_again(simulate: Simulate) -> None:
    simulated = simulate(schedule=HOURLY)
    async with simulated.up():
        await simulated.live(3 * HOUR)
    simulated.clock.set_to(simulated.clock.now() - 2 * HOUR)
    for _ in range(2):
        simulated.clock.jumps().clear()
        async with simulated.up() as engine:
            await look_back(engine._host)
            [jump] = await jumps(simulated)
    assert (jump.what, jump.after) == (JumpKind.SET_BACK, simulated.clock.now())


# -- at most once, and never stuck


async def test_slots_that_ran_do_not_run_again_when_the_clock_is_set_back_an_hour(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated = simulate()
    with claims(monkeypatch) as claimed:
        async with simulated.up():
            await simulated.live(3 * HOUR)
            simulated.clock.set_to(simulated.clock.now() - HOUR)
            await live(simulated, 3 * HOUR)
    assert [iso(slot)[11:16] for slot in claimed[10:14]] == ["10:30", "10:45", "11:00", "11:15"]
    assert max(Counter(claimed).values()) == 1


@pytest.mark.parametrize("down", [False, True])
async def test_a_clock_set_back_by_a_year_leaves_nobody_asleep_for_a_year(simulate: Simulate, down: bool) -> None:
    simulated = simulate(schedule=HOURLY)
    async with simulated.up():
        await simulated.live(2 * HOUR)
    simulated.clock.set_to(simulated.clock.now() - YEAR)
    simulated.clock.jumps().clear() if down else None
    async with simulated.up() as engine:
        await look_back(engine._host)
        await live(simulated, DAY)
        row = await simulated.specialist("watch")
    assert row.wakes == 2 + 24
    assert row.due == simulated.clock.now() + MINUTE


async def test_slots_given_up_while_the_clock_was_ahead_run_when_their_time_really_comes(simulate: Simulate) -> None:
    simulated = simulate(schedule={"cron": HOURLY, "grace": "2h"})
    async with simulated.up():
        await simulated.live(2 * HOUR)
        simulated.clock.set_to(simulated.clock.now() + YEAR)
        await live(simulated, MINUTE)
        ahead = (await simulated.specialist("watch")).wakes
        simulated.clock.set_to(simulated.clock.now() - YEAR)
        await live(simulated, DAY)
        row = await simulated.specialist("watch")
    assert (ahead, row.wakes) == (3, 3 + 24)


async def test_what_a_quiet_slot_came_to_is_kept_where_its_time_came_twice(simulate: Simulate) -> None:
    simulated = simulate(schedule={"cron": HOURLY, "grace": "2h"})
    async with simulated.up():
        for _ in range(3):
            simulated.clock.set_to(simulated.clock.now() + YEAR)
            await live(simulated, MINUTE)
            simulated.clock.set_to(simulated.clock.now() - YEAR - MINUTE)
            await live(simulated, HOUR)
        row = await simulated.specialist("watch")
    assert row.wakes == row.quiet
    assert row.reached is not None
    assert row.reached > simulated.clock.now() + YEAR - DAY


async def test_a_slot_that_was_skipped_and_came_again_does_not_run_twice(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing ran while the clock was ahead, so that the last slot that ran lies before all that was given up."""
    simulated = simulate(schedule={"cron": HOURLY, "catch_up": "none"})
    with claims(monkeypatch) as claimed:
        async with simulated.up():
            await simulated.live(2 * HOUR)
            for span in (YEAR, -DAY, -2 * HOUR):
                simulated.clock.set_to(simulated.clock.now() + span)
                await live(simulated, 3 * HOUR if span < 0 else MINUTE)
    assert len(claimed) > 5
    assert max(Counter(claimed).values()) == 1


async def edit_after_a_day_came_twice(simulated: SimulatedWorkspace, text: str) -> None:
    """A day passes, the clock is set back by a day, and only then the schedule is edited."""
    async with simulated.up() as engine:
        await simulated.live(DAY + HOUR)
        simulated.clock.set_to(START + HOUR)
        await live(simulated, MINUTE)
        await simulated.drop("specialists/watch.md", text)
        await engine.refresh()
        await live(simulated, DAY + 6 * HOUR)


@pytest.mark.parametrize("news", [(), ("An advisory.",)], ids=["quiet", "with news"])
async def test_a_slot_of_an_edited_schedule_is_open_although_its_time_was_shown_before(
    simulate: Simulate, describe: Callable[..., str], monkeypatch: pytest.MonkeyPatch, news: tuple[str, ...]
) -> None:
    """What ran is run no more by any schedule, and what only the later schedule has is open."""
    simulated = simulate(schedule="0 8,10 * * *")
    for text in news:
        await simulated.drop("inbox/note.txt", text)
    with claims(monkeypatch) as claimed:
        await edit_after_a_day_came_twice(simulated, describe(schedule="0 10,12 * * *"))
    assert [iso(slot)[8:13] for slot in claimed] == ["02T08", "02T10", "03T08", "02T12", "03T10", "03T12"]


async def test_a_time_that_is_taken_for_a_slot_of_any_schedule_is_noticed(
    simulate: Simulate, describe: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: what one definition has lived through counts for every other."""
    monkeypatch.setattr(Schedule, "has", lambda schedule, instant: True)
    with claims(monkeypatch) as claimed:
        await edit_after_a_day_came_twice(simulate(schedule="0 8,10 * * *"), describe(schedule="0 10,12 * * *"))
    assert "02T12" not in [iso(slot)[8:13] for slot in claimed]


async def test_an_edit_that_was_broken_and_put_right_opens_no_slot_that_ran(
    simulate: Simulate, describe: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wake-up of a slot is the first that sees that the file is right again."""
    simulated = simulate(schedule=HOURLY)
    with claims(monkeypatch) as claimed:
        async with simulated.up():
            await simulated.drop("specialists/watch.md", "No front matter.\n")
            await simulated.live(HOUR)
            await simulated.drop("specialists/watch.md", describe(schedule=HOURLY))
            await simulated.live(2 * HOUR)
            simulated.clock.set_to(START)
            await live(simulated, 4 * HOUR)
    assert len(claimed) == len(set(claimed)) >= 4


async def test_a_run_that_waits_for_another_try_does_not_wait_for_a_year(simulate: Simulate) -> None:
    simulated = simulate()
    async with simulated.up() as engine:
        await simulated.drop("inbox/note.txt", "An advisory.")
        await simulated.live(HOUR)
        later = simulated.clock.now() + MINUTE
        await simulated.store.transact(_wait, later)
        simulated.clock.set_to(later - YEAR)
        await note_jumps(engine._host)
        [run] = await simulated.runs()
    assert run.due == later - YEAR


def _wait(tx: Any, due: Instant) -> None:
    """As though its only node had met a provider that is overloaded."""
    tx.execute("UPDATE runs SET state = 'pending', due = :due", due=due)


async def week_of_jumps(simulated: SimulatedWorkspace, seed: int) -> tuple[int, Instant | None]:
    """How often the clock jumped, and when the specialist is due at the end."""
    chance, count = random.Random(seed), 0
    for _ in range(3):
        async with simulated.up() as engine:
            await look_back(engine._host)
            for _ in range(chance.randrange(2, 6)):
                await live(simulated, chance.randrange(1, 30) * 20 * MINUTE)
                span = chance.choice((HOUR, 5 * HOUR, DAY, 30 * DAY, YEAR)) + chance.randrange(HOUR)
                simulated.clock.set_to(simulated.clock.now() + chance.choice((-1, 1)) * span)
                count += 1
                if chance.random() < 0.3:
                    simulated.clock.jumps().clear()  # it happened while no process ran
                    break
            else:
                await live(simulated, HOUR)
    async with simulated.up() as engine:
        await look_back(engine._host)
        return count, (await simulated.specialist("watch")).due


async def jump_about(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch, seed: int
) -> tuple[int, Counter[Instant], Span]:
    """How often the clock jumped, how often each slot was claimed, and how long the specialist sleeps at the end."""
    catch_up = ("latest", "all", "none")[seed % 3]
    simulated = simulate(schedule={"cron": "17 */4 * * *", "catch_up": catch_up, "grace": "3d"})
    simulated.clock.advance_to(simulated.clock.now() + 3 * YEAR)
    with claims(monkeypatch) as claimed:
        count, due = await week_of_jumps(simulated, seed)
    assert due is not None
    return count, Counter(claimed), due - simulated.clock.now()


async def jump_about_with(
    seeds: range, simulate: Simulate, monkeypatch: pytest.MonkeyPatch, record_cases: Callable[[str, int], None]
) -> None:
    total = 0
    for seed in seeds:
        count, claimed, asleep = await jump_about(simulate, monkeypatch, seed)
        total += count
        assert max(claimed.values(), default=1) == 1, f"seed {seed}"
        assert asleep <= 21 * DAY, f"seed {seed}: longer than what it has lived through"
    assert total >= 4 * len(seeds)
    record_cases("clock jumps", total)


async def test_however_the_clock_jumps_an_occurrence_runs_at_most_once_and_nobody_sleeps_for_long(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch, record_cases: Callable[[str, int], None]
) -> None:
    await jump_about_with(range(12), simulate, monkeypatch, record_cases)


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
async def test_at_full_length_an_occurrence_runs_at_most_once_however_the_clock_jumps(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch, record_cases: Callable[[str, int], None]
) -> None:
    await jump_about_with(range(300), simulate, monkeypatch, record_cases)


async def test_a_claim_that_forgets_what_ran_is_noticed(simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: after a clock was set back every slot ahead is taken for open."""
    monkeypatch.setattr(Lived, "has_run", lambda lived, slot: False)
    seen = [await jump_about(simulate, monkeypatch, seed) for seed in range(6)]
    assert any(max(claimed.values(), default=1) > 1 for _, claimed, _ in seen)


# -- runs that wait


@pytest.mark.parametrize("down", [False, True], ids=["while it is up", "while it is down"])
async def test_a_try_that_waits_is_made_where_the_clock_is_set_back_by_a_year(
    simulate: Simulate, make_machine: Any, down: bool
) -> None:
    machine = make_machine(EffectClass.READ, "before")
    simulated = simulate(
        parts={("tool", "outbox"): machine}, policy={"outbox": 0}, done_when=[], retry={"first": "2h", "longest": "2h"}
    )
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(2 * MINUTE)
        [run] = await simulated.runs()
        assert run.due is not None
        simulated.clock.set_to(simulated.clock.now() - YEAR)
        if not down:
            await simulated.live(HOUR)
    simulated.clock.jumps().clear()
    async with simulated.up():
        await simulated.live(HOUR)
        assert len(await jumps(simulated)) == 1
        [run] = await simulated.runs()
        assert run.state is State.SUCCESS
