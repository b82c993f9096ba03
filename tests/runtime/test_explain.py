"""Explain: one answer for every slot, what happened and why; and where it is not known, that it is not."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from platos.core.event import HistoryDropped
from platos.core.instant import DAY, HOUR, MINUTE, Instant, Span, iso, parse_instant
from platos.core.schedule import Schedule
from platos.errors import NotFound
from platos.runtime.explain import Answer, Explanation, Fate, explain, explain_at
from platos.runtime.jump import note_jumps
from platos.store import Tx, occurrences, specialists
from platos.testing.workspace import START, SimulatedWorkspace
from tests.runtime.claims import claims

Simulate = Callable[..., SimulatedWorkspace]
Describe = Callable[..., str]

HOURLY = "0 * * * *"
FILE = "specialists/watch.md"
RAN = {Fate.RAN, Fate.LATE, Fate.QUIET}


async def ask(simulated: SimulatedWorkspace, *, count: int = 10, ahead: int = 0) -> Explanation:
    return await explain(simulated.store, "watch", simulated.clock.now(), count=count, ahead=ahead)


async def answers(simulated: SimulatedWorkspace, *, count: int = 10) -> dict[str, Answer]:
    """What is said of the last slots, by the time of the day."""
    found = await ask(simulated, count=count)
    return {iso(told.answer.slot)[11:16]: told.answer for told in found.slots}


def fates(found: dict[str, Answer]) -> dict[str, str]:
    return {slot: str(answer.fate) for slot, answer in found.items()}


def sleep(simulated: SimulatedWorkspace, span: Span) -> None:
    """Time passes, and no process runs."""
    simulated.clock.advance_to(simulated.clock.now() + span)


# -- what becomes of a slot


async def test_a_slot_that_found_something_ran_and_names_its_items_and_the_run_that_took_them(
    simulate: Simulate,
) -> None:
    simulated = simulate(schedule=HOURLY)
    await simulated.drop("inbox/note.txt", "An advisory.")
    await simulated.drop("inbox/other.txt", "News.")
    async with simulated.up():
        await simulated.live(HOUR)
        [told] = (await ask(simulated)).slots
    assert (told.answer.fate, told.answer.why) == (Fate.RAN, "2 new items")
    assert [(item.name, str(item.state), item.run) for item in told.items] == [
        ("i1", "signal", 1),
        ("i2", "dismissed", None),
    ]


async def test_a_slot_that_found_nothing_was_quiet(simulate: Simulate) -> None:
    simulated = simulate(schedule=HOURLY)
    async with simulated.up():
        await simulated.live(2 * HOUR)
        found = await answers(simulated)
    assert fates(found) == {"08:00": "quiet", "09:00": "quiet"}


async def test_a_slot_whose_source_failed_ran_and_says_so(simulate: Simulate) -> None:
    simulated = simulate(schedule=HOURLY, sources=[{"directory": {"path": "nowhere"}}])
    async with simulated.up():
        await simulated.live(HOUR)
        answer = (await answers(simulated))["08:00"]
    assert (answer.fate, answer.why) == (Fate.RAN, "could not read directory")


async def test_slots_that_nobody_ran_were_coalesced_because_no_process_was_there(simulate: Simulate) -> None:
    simulated = simulate(schedule=HOURLY)
    async with simulated.up():
        await simulated.live(HOUR)
    sleep(simulated, 3 * HOUR + 30 * MINUTE)
    await simulated.drop("inbox/note.txt", "News.")
    async with simulated.up():
        await simulated.live(MINUTE)
        found = await answers(simulated)
    assert fates(found) == {
        "08:00": "quiet",
        "09:00": "coalesced",
        "10:00": "coalesced",
        "11:00": "coalesced",
        "12:00": "late",
    }
    assert found["10:00"].around == found["12:00"].around
    assert found["10:00"].around == ("no process ran: the one that decided was started at Mon 2026-03-02 12:29 UTC",)
    assert found["08:00"].around == ()


async def test_slots_older_than_their_grace_were_skipped(simulate: Simulate) -> None:
    simulated = simulate(schedule={"cron": HOURLY, "grace": "90m"})
    async with simulated.up():
        sleep(simulated, 4 * HOUR + MINUTE)
        await simulated.live(MINUTE)
        found = await answers(simulated)
    assert fates(found) == {
        "08:00": "skipped",
        "09:00": "skipped",
        "10:00": "skipped",
        "11:00": "coalesced",
        "12:00": "quiet",
    }
    assert found["08:00"].why == "older than its grace"


async def test_a_wake_up_by_hand_stands_among_the_slots(simulate: Simulate) -> None:
    simulated = simulate(schedule=HOURLY)
    async with simulated.up() as engine:
        await simulated.live(HOUR + 10 * MINUTE)
        await simulated.drop("inbox/note.txt", "News.")
        await engine.wake("watch", by="person:test")
        found = await ask(simulated)
    assert [(told.answer.fate, len(told.items)) for told in found.slots] == [
        (Fate.QUIET, 0),
        (Fate.QUIET, 0),
        (Fate.BY_HAND, 1),
    ]


async def test_what_comes_is_told_with_how_long_it_is_until_then(simulate: Simulate) -> None:
    simulated = simulate(schedule=HOURLY)
    async with simulated.up():
        await simulated.live(2 * HOUR)
        found = await ask(simulated, ahead=2)
    assert [(told.answer.fate, told.answer.why) for told in found.ahead] == [
        (Fate.UPCOMING, "in 1m"),
        (Fate.UPCOMING, "in 1h1m"),
    ]


async def test_a_slot_whose_time_has_come_and_that_nobody_has_taken_is_due(simulate: Simulate) -> None:
    simulated = simulate(schedule=HOURLY)
    async with simulated.up():
        await simulated.live(HOUR)
        sleep(simulated, HOUR)
        found = await answers(simulated)
    assert fates(found) == {"08:00": "quiet", "09:00": "due"}


async def test_before_its_first_definition_nobody_knew_the_specialist(simulate: Simulate) -> None:
    simulated = simulate(schedule=HOURLY)
    async with simulated.up():
        await simulated.live(HOUR)
        found = await explain_at(simulated.store, "watch", simulated.clock.now(), START - 5 * DAY)
    [told] = found.slots
    assert (told.answer.fate, iso(told.answer.slot)) == (Fate.BEFORE, "2026-02-25T07:00:00Z")


async def test_a_specialist_that_there_is_not_is_not_found(simulate: Simulate) -> None:
    async with simulate().up() as engine:
        with pytest.raises(NotFound, match="no specialist 'nobody'"):
            await explain(engine.store, "nobody", START, count=1, ahead=0)


async def test_where_the_store_does_not_tell_that_is_said(simulate: Simulate) -> None:
    """As after something that should not happen: the next slot moved on, and nothing says why."""
    simulated = simulate(schedule=HOURLY)
    async with simulated.up():
        await simulated.live(HOUR)
        sleep(simulated, 2 * HOUR)
        await simulated.store.transact(_lose, START + HOUR + MINUTE)
        found = await answers(simulated)
    assert fates(found) == {"08:00": "quiet", "09:00": "unknown", "10:00": "unknown"}


def _lose(tx: Any, due: Instant) -> None:
    row = specialists.get(tx, "watch")
    assert row is not None
    assert specialists.skip(tx, "watch", due=due, upcoming=due + 2 * HOUR, definition=row.definition)


async def test_what_is_older_than_what_is_kept_is_not_guessed(simulate: Simulate) -> None:
    simulated = simulate(schedule=HOURLY)
    async with simulated.up():
        await simulated.live(3 * HOUR)
        await simulated.store.transact(_drop_history, START + HOUR + 30 * MINUTE)
        found = await answers(simulated)
    assert fates(found) == {"08:00": "unknown", "09:00": "unknown", "10:00": "quiet"}
    assert found["08:00"].why == "it is older than what is kept"


def _drop_history(tx: Tx, before: Instant) -> None:
    tx.record("system", HistoryDropped(at=before, before=before, occurrences=1))


# -- the story around it


@pytest.mark.parametrize("name", ["watch", ""])
async def test_a_pause_is_told_while_it_lasts_and_afterwards(simulate: Simulate, name: str) -> None:
    simulated = simulate(schedule=HOURLY)
    async with simulated.up() as engine:
        await simulated.live(HOUR)
        await engine.pause(name, by="person:ana", why="the deploy")
        await simulated.live(2 * HOUR)
        during, upcoming = await answers(simulated), (await ask(simulated, ahead=1)).ahead
        await engine.resume(name, by="person:ana")
        await simulated.live(HOUR)
        after = await answers(simulated)
    who = "it was" if name else "all specialists were"
    begun = f"{who} paused by person:ana from Mon 2026-03-02 08:59 UTC on"
    assert fates(during) == {"08:00": "quiet", "09:00": "paused", "10:00": "paused"}
    assert upcoming[0].answer.around == (f"{begun}: the deploy",)
    assert fates(after) == {"08:00": "quiet", "09:00": "coalesced", "10:00": "quiet", "11:00": "quiet"}
    assert after["09:00"].around == (f"{begun} until Mon 2026-03-02 10:59 UTC: the deploy",)
    assert after["11:00"].around == ()


async def test_a_broken_file_is_told_and_the_definition_before_it_was_in_force(
    simulate: Simulate, describe: Describe
) -> None:
    simulated = simulate(schedule=HOURLY)
    async with simulated.up() as engine:
        await simulated.live(HOUR)
        await simulated.drop(FILE, "---\nschedule: whenever\n---\n")
        await engine.refresh()
        await simulated.live(HOUR)
        await simulated.drop(FILE, describe(schedule=HOURLY))
        await engine.refresh()
        await simulated.live(HOUR)
        found = await answers(simulated)
    assert set(fates(found).values()) == {"quiet"}
    assert [len(answer.around) for answer in found.values()] == [0, 1, 0]
    assert found["09:00"].around[0].startswith("its file could not be used since Mon 2026-03-02 08:59 UTC")


async def test_while_the_file_is_gone_slots_are_nobodys(simulate: Simulate, describe: Describe) -> None:
    simulated = simulate(schedule=HOURLY)
    async with simulated.up() as engine:
        await simulated.live(HOUR)
        (simulated.workspace.root / FILE).unlink()
        await engine.refresh()
        await simulated.live(2 * HOUR)
        gone, ahead = await answers(simulated), (await ask(simulated, ahead=1)).ahead
        await simulated.drop(FILE, describe(schedule=HOURLY))
        await engine.refresh()
        await simulated.live(HOUR)
        back = await answers(simulated)
    assert fates(gone) == {"08:00": "quiet", "09:00": "gone", "10:00": "gone"}
    assert gone["09:00"].why == "its file was found gone at Mon 2026-03-02 08:59 UTC"
    assert ahead == ()
    assert fates(back) == {**fates(gone), "11:00": "quiet"}


async def test_a_file_that_went_while_no_process_ran_takes_the_slots_since_then_with_it(simulate: Simulate) -> None:
    simulated = simulate(schedule=HOURLY)
    async with simulated.up():
        await simulated.live(HOUR)
    sleep(simulated, 2 * HOUR)
    (simulated.workspace.root / FILE).unlink()
    async with simulated.up():
        await simulated.live(MINUTE)
        found = await answers(simulated)
    assert fates(found) == {"08:00": "quiet", "09:00": "gone", "10:00": "gone", "11:00": "gone"}


async def test_slots_are_those_of_the_schedule_that_was_in_force(simulate: Simulate, describe: Describe) -> None:
    simulated = simulate(schedule=HOURLY)
    async with simulated.up() as engine:
        await simulated.live(2 * HOUR)
        await simulated.drop(FILE, describe(schedule="*/20 * * * *"))
        await engine.refresh()
        await simulated.live(HOUR)
        found = await answers(simulated)
    assert list(found) == ["08:00", "09:00", "10:00", "10:20", "10:40"]
    assert set(fates(found).values()) == {"quiet"}


async def test_a_schedule_edited_while_no_process_ran_holds_since_the_last_slot_that_was_handled(
    simulate: Simulate, describe: Describe
) -> None:
    simulated = simulate(schedule="*/15 * * * *")
    async with simulated.up():
        await simulated.live(30 * MINUTE)
    sleep(simulated, 2 * HOUR)
    await simulated.drop(FILE, describe(schedule="30 * * * *"))
    async with simulated.up():
        await simulated.live(HOUR)
        found = await answers(simulated)
    assert fates(found) == {
        "08:00": "quiet",
        "08:15": "quiet",
        "08:30": "coalesced",
        "09:30": "quiet",
        "10:30": "quiet",
    }


@pytest.mark.parametrize(
    ("jump", "said"),
    [
        ("suspend", "the machine was suspended from Mon 2026-03-02 08:59 UTC to Mon 2026-03-02 11:59 UTC"),
        ("forward", "the clock was set forward from Mon 2026-03-02 08:59 UTC to Mon 2026-03-02 11:59 UTC"),
    ],
)
async def test_a_jump_of_the_clock_is_told_of_the_slots_in_it(simulate: Simulate, jump: str, said: str) -> None:
    simulated = simulate(schedule=HOURLY)
    async with simulated.up() as engine:
        await simulated.live(HOUR)
        if jump == "suspend":
            simulated.clock.suspend(3 * HOUR)
        else:
            simulated.clock.set_to(simulated.clock.now() + 3 * HOUR)
        await note_jumps(engine._host)
        await simulated.live(HOUR)
        found = await answers(simulated)
    assert fates(found) == {
        "08:00": "quiet",
        "09:00": "coalesced",
        "10:00": "coalesced",
        "11:00": "quiet",
        "12:00": "quiet",
    }
    assert found["10:00"].around == (said,)
    assert found["12:00"].around == ()


async def test_where_the_clock_was_set_back_a_slot_has_one_answer_and_the_jump_is_told(simulate: Simulate) -> None:
    simulated = simulate(schedule=HOURLY)
    async with simulated.up() as engine:
        await simulated.live(4 * HOUR)
        simulated.clock.set_to(simulated.clock.now() - 2 * HOUR)
        await note_jumps(engine._host)
        await simulated.live(HOUR)
        found = await ask(simulated, ahead=2)
    told = [(iso(each.answer.slot)[11:16], str(each.answer.fate), len(each.answer.around)) for each in found.slots]
    ahead = [(iso(each.answer.slot)[11:16], str(each.answer.fate)) for each in found.ahead]
    assert told == [("08:00", "quiet", 0), ("09:00", "quiet", 0), ("10:00", "quiet", 1)]
    assert ahead == [("11:00", "quiet"), ("12:00", "upcoming")]


async def test_a_slot_that_waited_for_the_wake_up_before_it_says_so(simulate: Simulate) -> None:
    simulated = simulate(schedule={"cron": "*/15 * * * *", "catch_up": "all"})
    begun = START + MINUTE
    second, ended = begun + 15 * MINUTE, begun + 20 * MINUTE
    busy = occurrences.OccurrenceRow(begun, begun, 1, "ran", "", 1, begun, ended)
    late = occurrences.OccurrenceRow(second, second, 1, "late", "", 1, ended, ended)
    async with simulated.up():
        await simulated.live(HOUR)
        for row in (busy, late):
            await simulated.store.transact(occurrences.add, "watch", row)
        found = await answers(simulated)
    assert found["08:15"].around == ("the wake-up of Mon 2026-03-02 08:00 UTC was still under way",)


# -- one slot


async def test_the_slot_at_a_time_is_that_one_or_the_last_before_it(simulate: Simulate) -> None:
    simulated = simulate(schedule=HOURLY)
    async with simulated.up():
        await simulated.live(5 * HOUR)
        now, found = simulated.clock.now(), []
        for text in ("2026-03-02T09:00Z", "2026-03-02T09:59Z", "2026-03-02T20:10Z"):
            explained = await explain_at(simulated.store, "watch", now, parse_instant(text))
            found += [(iso(told.answer.slot)[11:16], str(told.answer.fate)) for told in explained.slots]
    assert found == [("09:00", "quiet"), ("09:00", "quiet"), ("20:00", "upcoming")]


# -- every slot


async def live_a_week(simulated: SimulatedWorkspace, chance: random.Random) -> list[Answer]:
    """Ups, downs, pauses and suspends; what is explained at the end."""
    end = simulated.clock.now() + 7 * DAY
    while simulated.clock.now() < end:
        async with simulated.up() as engine:
            for _ in range(chance.randrange(1, 8)):
                await live_a_while(simulated, engine, chance)
        if chance.random() < 0.7:
            sleep(simulated, chance.randrange(20 * HOUR))
    async with simulated.up():
        return [told.answer for told in (await ask(simulated, count=1_000)).slots]


async def live_a_while(simulated: SimulatedWorkspace, engine: Any, chance: random.Random) -> None:
    now, paused = simulated.clock.now(), "watch" in engine._host.paused
    match chance.randrange(4):
        case 0 if paused:
            await engine.resume("watch", by="person:test")
        case 0:
            await engine.pause("watch", by="person:test")
        case 1:
            await simulated.drop(f"inbox/{now}.txt", "News.")
        case 2:
            simulated.clock.suspend(chance.randrange(9 * HOUR))
            await note_jumps(engine._host)
    await simulated.live(chance.randrange(6 * HOUR))


def judge(schedule: Schedule, found: list[Answer], claimed: set[Instant], until: Instant) -> list[str]:
    """What is wrong: a slot without its one answer, one whose fate is unknown, one told otherwise than it was."""
    slots = list(_slots(schedule, until))
    wrong = [] if [answer.slot for answer in found] == slots else ["not one answer a slot"]
    wrong += [f"{iso(answer.slot)}: unknown" for answer in found if answer.fate is Fate.UNKNOWN]
    wrong += [
        f"{iso(answer.slot)}: {answer.fate}" for answer in found if (answer.fate in RAN) != (answer.slot in claimed)
    ]
    return wrong


def _slots(schedule: Schedule, until: Instant) -> Iterator[Instant]:
    for slot in schedule.slots_after(START):
        if slot > until:
            return
        yield slot


async def explain_a_week(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch, seed: int
) -> tuple[Counter[str], list[str]]:
    """How many slots came to what, and what is wrong with the answers."""
    chance = random.Random(seed)
    cron, zone = chance.choice(("*/15 * * * *", "7 * * * *", "30 */2 * * *")), chance.choice(("UTC", "Europe/Berlin"))
    catch_up, grace = chance.choice(("latest", "all", "none")), chance.choice(("1h", "9h", "3d"))
    simulated = simulate(schedule={"cron": cron, "zone": zone, "catch_up": catch_up, "grace": grace}, jitter="10m")
    with claims(monkeypatch) as claimed:
        found = await live_a_week(simulated, chance)
    async with simulated.up() as engine:
        schedule = engine._host.in_force["watch"].schedule
    return Counter(answer.fate for answer in found), judge(schedule, found, set(claimed), simulated.clock.now())


async def explain_weeks(
    seeds: range, simulate: Simulate, monkeypatch: pytest.MonkeyPatch, record_cases: Callable[[str, int], None]
) -> None:
    total: Counter[str] = Counter()
    for seed in seeds:
        told, wrong = await explain_a_week(simulate, monkeypatch, seed)
        assert wrong == [], f"seed {seed}"
        total += told
    assert {Fate.QUIET, Fate.COALESCED, Fate.SKIPPED} <= set(total)
    assert total.total() >= 100 * len(seeds)
    record_cases("slots explained", total.total())


async def test_over_a_week_of_ups_downs_and_pauses_every_slot_has_one_answer_and_it_is_true(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch, record_cases: Callable[[str, int], None]
) -> None:
    await explain_weeks(range(3), simulate, monkeypatch, record_cases)


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
async def test_over_many_weeks_every_slot_has_one_answer_and_it_is_true(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch, record_cases: Callable[[str, int], None]
) -> None:
    await explain_weeks(range(100), simulate, monkeypatch, record_cases)


async def test_slots_that_are_given_up_without_a_row_would_be_told_falsely(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: what is missed is not written down."""
    monkeypatch.setattr(occurrences, "add_missed", lambda *_: None)
    assert (await explain_a_week(simulate, monkeypatch, 0))[1]
