"""Measures: what people run Platos by, each out of a small journal made by hand, with its value worked out by hand."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from platos.clock import InlineOffload
from platos.core.approval import GateState, Request
from platos.core.event import (
    AccountCapped,
    AnyEvent,
    Event,
    GateDecided,
    GateOpened,
    MoneyReserved,
    MoneySettled,
    PlanMade,
    RunMoved,
    RunOpened,
    SourceFailed,
    StepMoved,
)
from platos.core.failure import FailureRecord
from platos.core.instant import DAY, HOUR, MINUTE, SECOND, Instant, iso
from platos.core.plan import Plan, Single
from platos.core.policy import RiskTier
from platos.core.state import Outcome, State
from platos.core.step import StepKind
from platos.errors import StoreCorrupt
from platos.runtime.measures import Counters, Live, Measures, failures, read_measures, window
from platos.runtime.measures.failures import cause_of, patterns
from platos.runtime.measures.quantile import quantile
from platos.store import Store, Tx, journal, open_store
from platos.store.sql import load
from platos.testing.workspace import SimulatedWorkspace

NOW: Instant = 20_780 * DAY + 12 * HOUR
TODAY = iso(NOW)[:10]
BEGAN = NOW - HOUR

TIMEOUT = FailureRecord(kind="timeout", what="no answer within 60 s", sent=True)
BUSY = FailureRecord(kind="rate_limited", what="429: too many requests, id 9f86d081884c7d65\nand more")

Write = Callable[..., Any]
Measure = Callable[[], Any]


def record(tx: Tx, chain: str, events: tuple[Event, ...]) -> None:
    for event in events:
        tx.record(chain, event)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path, command="test", now=NOW, inline=True) as opened:
        yield opened


@pytest.fixture
def write(store: Store) -> Write:
    """`write("r1", event, ...)`: append to a chain of the journal."""

    async def written(chain: str, *events: Event) -> None:
        await store.transact(record, chain, events)

    return written


@pytest.fixture
def measure(store: Store) -> Measure:
    """`measure()`: the measures at NOW."""

    async def measured() -> Measures:
        return await read_measures(store, InlineOffload(), NOW, "UTC", Live())

    return measured


@pytest.fixture
async def definition(store: Store) -> str:
    return await store.transact(journal.put_payload, b"{}")


def opened(run: int, definition: str, at: Instant = BEGAN) -> list[Event]:
    """A run with its plan, running."""
    plan = Plan(root=Single(name="work", actor="reader"), why="there is one", by="test")
    return [
        RunOpened(at=at, run=run, specialist="watch", definition=definition, items=(run,)),
        PlanMade(at=at, run=run, revision=1, plan=plan),
        moved(run, State.PENDING, State.RUNNING, at=at),
    ]


def moved(run: int, old: State, new: State, at: Instant = NOW - MINUTE, **values: Any) -> RunMoved:
    return RunMoved(at=at, run=run, old=old, new=new, **values)


def step(run: int, name: str, state: State, took: int = 0, **values: Any) -> StepMoved:
    """A step's next state, `took` seconds after it began."""
    values = {"kind": StepKind.MODEL, "old": State.RUNNING, **values}
    return StepMoved(
        at=BEGAN + took * SECOND,
        run=run,
        revision=1,
        path="work",
        name=name,
        ordinal=1,
        state=state,
        input="",
        started=BEGAN,
        **values,
    )


def begun(run: int, name: str) -> StepMoved:
    return step(run, name, State.RUNNING, old=State.PENDING)


def tried_again(run: int, name: str, failure: FailureRecord) -> list[StepMoved]:
    """An attempt that failed, and the next one."""
    return [begun(run, name), step(run, name, State.PENDING, failure=failure), begun(run, name)]


def asked(gate: int, run: int, at: Instant) -> GateOpened:
    request = Request(
        tool="outbox", contract="", arguments={}, preconditions={}, rule="", tier=RiskTier.EXPLICIT, expires=NOW, why=""
    )
    return GateOpened(at=at, gate=gate, run=run, effect=f"e{gate}", request=request)


def said(gate: int, run: int, state: GateState, at: Instant, by: str = "person:ana") -> GateDecided:
    return GateDecided(at=at, by=by, gate=gate, run=run, state=state)


# -- wake-ups


async def test_wakes_are_counted_with_the_share_of_quiet_ones(simulate: Callable[..., SimulatedWorkspace]) -> None:
    simulated = simulate(policy={"outbox": 0})
    async with simulated.up():
        await simulated.live(HOUR)
        await simulated.drop("inbox/note.txt", "An advisory.")
        await simulated.live(HOUR)
        wakes = (await read_now(simulated)).wakes
    assert (wakes.total, wakes.quiet, wakes.quiet_share) == (8, 7, 7 / 8)


async def test_a_slot_that_nobody_takes_up_waits(simulate: Callable[..., SimulatedWorkspace]) -> None:
    simulated = simulate()
    async with simulated.up():
        await simulated.live(30 * MINUTE)
        assert (await read_now(simulated)).wakes.waiting_seconds == 0
        due = (await simulated.specialist("watch")).due
        assert due is not None
        simulated.clock.advance_to(due + 90 * SECOND)
        wakes = (await read_now(simulated)).wakes
        assert (wakes.waiting, wakes.waiting_seconds) == (1, 90)


@pytest.mark.parametrize("name", ["watch", ""], ids=["it alone", "everything"])
async def test_a_slot_of_what_is_paused_does_not_wait(simulate: Callable[..., SimulatedWorkspace], name: str) -> None:
    simulated = simulate()
    async with simulated.up():
        await simulated.engine.pause(name, by="person:test")
        simulated.clock.advance_to(simulated.clock.now() + HOUR)
        assert (await read_now(simulated)).wakes.waiting_seconds == 0
        await simulated.engine.resume(name, by="person:test")
        assert (await read_now(simulated)).wakes.waiting_seconds > 0


async def test_wake_ups_are_counted_as_they_are_taken_up(simulate: Callable[..., SimulatedWorkspace]) -> None:
    simulated = simulate()
    async with simulated.up() as engine:
        await simulated.live(30 * MINUTE)
        await engine.wake("watch", by="person:test")
        live = engine.measures()
    assert (live.lag_p50_seconds, live.lag_p95_seconds) == (0, 0)
    assert live.wakes_per_second is not None
    assert live.wakes_per_second > 0


async def read_now(simulated: SimulatedWorkspace) -> Measures:
    now = simulated.clock.now()
    return await read_measures(simulated.store, InlineOffload(), now, "UTC", Live())


# -- runs


async def test_runs_are_counted_by_where_they_are_and_how_they_ended(
    write: Write, measure: Measure, definition: str
) -> None:
    ends = {
        1: moved(1, State.RUNNING, State.SUCCESS, outcome=Outcome.DONE),
        2: moved(2, State.RUNNING, State.SUCCESS, outcome=Outcome.COMPLETED_UNUSABLE),
        3: moved(3, State.RUNNING, State.FAILED, failure=BUSY),
        4: moved(4, State.RUNNING, State.CANCELLED, outcome=Outcome.NOOP),
        5: moved(5, State.RUNNING, State.NEEDS_REVIEW),
    }
    for run, end in ends.items():
        await write(f"r{run}", *opened(run, definition), end)
    found = await measure()
    assert found.open_runs == {"pending": 0, "running": 0, "needs_review": 1}
    assert found.ended == {"done": 1, "noop": 0, "completed_unusable": 1, "failed": 1, "cancelled": 1}
    assert found.dead_letters == 1


async def test_runs_that_were_planned_again_are_counted_once_each(
    write: Write, measure: Measure, definition: str
) -> None:
    for run in (1, 2, 3):
        events = opened(run, definition)
        again = [msgspec.structs.replace(events[1], revision=revision) for revision in range(2, run + 1)]
        await write(f"r{run}", *events, *again)
    assert (await measure()).replanned == 2


# -- steps


async def test_steps_take_as_long_as_half_and_most_of_them_did(write: Write, measure: Measure, definition: str) -> None:
    local = [step(1, f"s{took}", State.SUCCESS, took, kind=StepKind.LOCAL) for took in (9, 1, 2)]
    answered = [begun(1, "ask"), step(1, "ask", State.SUCCESS, 4)]
    await write("r1", *opened(1, definition), *local, *answered)
    steps = (await measure()).steps
    assert msgspec.to_builtins(steps) == {
        "local": {"count": 3, "p50_seconds": 2.0, "p95_seconds": 9.0},
        "model": {"count": 1, "p50_seconds": 4.0, "p95_seconds": 4.0},
    }


async def test_retries_and_timeouts_tell_how_many_steps_succeeded_after_all(
    write: Write, measure: Measure, definition: str
) -> None:
    helped = [*tried_again(1, "a", TIMEOUT), *tried_again(1, "a", BUSY)[1:], step(1, "a", State.SUCCESS)]
    in_vain = [*tried_again(1, "b", TIMEOUT), step(1, "b", State.FAILED, failure=TIMEOUT)]
    passed_on = step(1, "node", State.FAILED, failure=TIMEOUT, kind=StepKind.NODE)
    untroubled = [begun(1, "c"), step(1, "c", State.SUCCESS)]
    await write("r1", *opened(1, definition), *helped, *in_vain, passed_on, *untroubled)
    found = await measure()
    assert msgspec.to_builtins(found.retries) == {"attempts": 3, "steps": 2, "succeeded": 1}
    assert msgspec.to_builtins(found.timeouts) == {"attempts": 3, "steps": 2, "succeeded": 1}


async def test_waiting_for_money_is_no_retry(write: Write, measure: Measure, definition: str) -> None:
    short = FailureRecord(kind="budget_exceeded", what="$0.02 more would pass the cap")
    await write("r1", *opened(1, definition), *tried_again(1, "a", short), step(1, "a", State.SUCCESS))
    assert (await measure()).retries.attempts == 0


# -- people


async def test_the_share_of_runs_that_waited_for_a_person(write: Write, measure: Measure, definition: str) -> None:
    await write("r1", *opened(1, definition), asked(1, 1, BEGAN))
    await write("r2", *opened(2, definition), moved(2, State.RUNNING, State.NEEDS_REVIEW))
    await write("r3", *opened(3, definition))
    await write("r4", *opened(4, definition, at=NOW - 2 * DAY), asked(2, 4, BEGAN))  # a run of another day
    review = (await measure()).review
    assert (review.runs, review.reviewed, review.share) == (3, 2, 2 / 3)


async def test_decisions_are_timed_from_the_gates_opening_also_before_the_window(
    write: Write, measure: Measure, definition: str
) -> None:
    days_ago = NOW - 3 * DAY
    gates = [asked(gate, 1, days_ago if gate == 1 else NOW - HOUR) for gate in (1, 2, 3, 4, 5)]
    answers = [
        said(1, 1, GateState.APPROVED, NOW - DAY // 2),  # after two and a half days
        said(1, 1, GateState.USED, NOW - 1, by="runtime"),
        said(2, 1, GateState.DENIED, NOW - 50 * MINUTE),  # after ten minutes
        said(3, 1, GateState.APPROVED, NOW - 40 * MINUTE),  # after twenty
        said(4, 1, GateState.EXPIRED, NOW, by="runtime"),  # nobody did
        said(5, 1, GateState.APPROVED, NOW, by="runtime"),  # no person did
    ]
    await write("r1", *opened(1, definition, at=days_ago), *gates, *answers)
    review = (await measure()).review
    assert (review.decisions, review.median_seconds) == (3, 20 * 60)


# -- failures


async def test_failures_are_grouped_by_class_and_cause(write: Write, measure: Measure, definition: str) -> None:
    other = msgspec.structs.replace(TIMEOUT, what="no answer within 5 s")
    await write("r1", *opened(1, definition), *tried_again(1, "a", TIMEOUT), *tried_again(1, "b", BUSY))
    await write("r2", *opened(2, definition), *tried_again(2, "a", other))
    assert msgspec.to_builtins((await measure()).failures) == (
        {"kind": "timeout", "cause": "no answer within # s", "count": 2, "last_run": "r2"},
        {"kind": "rate_limited", "cause": "#: too many requests, id #", "count": 1, "last_run": "r1"},
    )


def passed_on() -> list[AnyEvent]:
    """A failure that the node and the run tell of after the step, newest first."""
    told: list[AnyEvent] = [
        step(1, "a", State.FAILED, failure=BUSY),
        step(1, "node", State.FAILED, failure=BUSY, kind=StepKind.NODE),
        moved(1, State.RUNNING, State.FAILED, failure=BUSY),
    ]
    return told[::-1]


def test_what_a_node_and_a_run_pass_on_is_one_failure() -> None:
    assert [pattern.count for pattern in patterns(passed_on())] == [1]


def test_counting_what_is_passed_on_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: a node's failure is taken for one of its own."""
    monkeypatch.setattr(failures, "PASSES_ON", frozenset())
    assert [pattern.count for pattern in patterns(passed_on())] == [2]


def test_a_run_that_fails_without_a_step_is_a_failure() -> None:
    [pattern] = patterns([moved(7, State.RUNNING, State.FAILED, failure=BUSY)])
    assert (pattern.count, pattern.last_run) == (1, "r7")


def test_ten_patterns_are_kept_the_most_frequent_first() -> None:
    causes = [f"cause {chr(97 + each)}" for each in range(12) for _ in range(each + 1)]
    told = [step(1, "a", State.FAILED, failure=FailureRecord(kind="broken", what=cause)) for cause in causes]
    found = patterns(told)
    assert [pattern.count for pattern in found] == list(range(12, 2, -1))


def test_a_class_that_is_none_of_ours_is_broken() -> None:
    [pattern] = patterns([step(1, "a", State.FAILED, failure=FailureRecord(kind="from outside", what="x"))])
    assert pattern.kind == "broken"


@pytest.mark.parametrize(
    ("what", "cause"),
    [
        ("", ""),
        ("took 3.5 s, not 2", "took # s, not #"),
        ("lost 5f4dcc3b5aa765d6 and cafe", "lost # and cafe"),
        ("first\nsecond", "first"),
        ("a\x1b[31m red\x07\u202e one\t!", "a [#m red one !"),
        ("x" * 10_000, "x" * 120),
    ],
)
def test_a_cause_is_one_short_printable_line_without_particulars(what: str, cause: str) -> None:
    assert cause_of(what) == cause


# -- money


async def test_an_idle_day_costs_what_triage_did_on_days_without_runs(write: Write, measure: Measure) -> None:
    midnight = NOW - NOW % DAY
    await write("system", AccountCapped(at=midnight - 4 * DAY, account=f"all/{TODAY}", cap=1_000))
    await bought(write, 1, midnight - 3 * DAY, 31, run=None)  # an idle day
    await bought(write, 2, midnight - 2 * DAY, 100, run=1)  # a busy one; the day after it nothing was bought
    await bought(write, 3, midnight + 1, 7, run=None)
    costs = (await measure()).costs
    assert (costs.today_nano, costs.idle_days, costs.idle_day_nano) == (7, 2, 16)  # rounded up


async def test_before_a_whole_day_an_idle_one_has_no_price(write: Write, measure: Measure) -> None:
    assert (await measure()).costs.idle_day_nano is None
    await write("system", AccountCapped(at=NOW, account=f"all/{TODAY}", cap=1_000))
    assert (await measure()).costs.idle_days == 0


async def test_an_idle_day_of_one_specialist_may_be_a_busy_one_of_another(
    simulate: Callable[..., SimulatedWorkspace],
) -> None:
    elsewhere = {"sources": [{"directory": {"path": "elsewhere"}}]}
    simulated = simulate(policy={"outbox": 0}, others={"second": elsewhere})
    await simulated.drop("elsewhere/note.txt", "Nothing of the kind.")
    async with simulated.up():
        await simulated.live(DAY)
        await simulated.drop("inbox/note.txt", "An advisory.")
        await simulated.live(2 * DAY)
        costs = (await read_now(simulated)).costs
    assert {name: (idle.days, idle.nano) for name, idle in costs.specialists.items()} == {
        "watch": (1, 0),
        "second": (2, 0),
    }
    assert costs.idle_days == 1


async def bought(write: Write, number: int, at: Instant, charged: int, run: int | None) -> None:
    held = MoneyReserved(
        at=at,
        reservation=number,
        accounts=((f"all/{TODAY}", charged),),
        amount=charged,
        specialist="watch",
        model="m",
        tier="small",
        step="s",
        run=run,
    )
    await write("system", held, MoneySettled(at=at, reservation=number, charged=charged, cause="answered"))


# -- the window


async def test_what_is_older_than_a_day_is_not_in_the_window(write: Write, measure: Measure) -> None:
    await write("system", *[noted(at) for at in (NOW - DAY - 1, NOW - DAY, NOW)])
    found = (await measure()).window
    assert (found.entries, found.seconds, found.whole) == (2, DAY / SECOND, True)


async def test_a_window_has_no_more_entries_than_may_be_read(
    write: Write, measure: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "MOST", 5)
    monkeypatch.setattr(window, "_AT_ONCE", 2)
    await write("system", *[noted(NOW - seconds * SECOND) for seconds in range(9, -1, -1)])
    found = (await measure()).window
    assert (found.entries, found.seconds, found.whole) == (5, 4.0, False)


async def test_what_steps_came_to_is_not_kept_in_memory(store: Store, write: Write, definition: str) -> None:
    large = msgspec.Raw(msgspec.json.encode("x" * 10_000))
    await write("r1", *opened(1, definition), step(1, "a", State.SUCCESS, kind=StepKind.LOCAL, result=large))
    [kept, *_] = (await window.look_back(store, InlineOffload(), NOW)).events
    assert isinstance(kept, StepMoved)
    assert bytes(kept.result) == b"null"


async def test_an_entry_that_cannot_be_read_is_told(store: Store, measure: Measure) -> None:
    def damage(tx: Tx) -> None:
        tx.record("system", noted(NOW))
        tx.execute("UPDATE journal SET body = x'7b'")

    await store.transact(damage)
    with pytest.raises(StoreCorrupt, match="entry 1 of the journal cannot be read"):
        await measure()


def noted(at: Instant) -> SourceFailed:
    return SourceFailed(at=at, specialist="watch", source="s", where="w", why="")


BY_INDEX = {
    "measures.counts": "runs_dead",
    "measures.open_runs": "runs_open",
    "measures.before": "SEARCH journal USING INTEGER PRIMARY KEY",
    "measures.gates": "SEARCH gates USING INTEGER PRIMARY KEY",
    "measures.days": "reservations_made",
    "measures.models": "reservations_made",
    "measures.unsure": "reservations_made",
    "measures.served": "reservations_made",
    "measures.first_of": "journal_chain",
    "accounts.spend": "reservations_made",
    "accounts.charged": "reservations_made",
    "accounts.charged_to": "reservations_made",
    "accounts.triage_calls": "reservations_made",
}


@pytest.mark.parametrize("query", BY_INDEX)
async def test_what_a_look_costs_does_not_grow_with_all_that_ever_was(store: Store, query: str) -> None:
    table, _, name = query.partition(".")
    sql: str = vars(load(table))[name]
    values = dict.fromkeys(re.findall(r":(\w+)", sql), 1)
    plan = " ".join(row[3] for row in await store.all(f"EXPLAIN QUERY PLAN {sql}", **values))
    assert BY_INDEX[query] in plan


# -- what only the running process knows


def test_a_rate_is_that_of_the_last_minutes() -> None:
    counters = Counters(NOW - 2 * HOUR)
    counters.woke(NOW - 6 * MINUTE, None)
    for seconds in (200, 100, 0):
        counters.woke(NOW - seconds * SECOND, None)
    assert counters.read(NOW).wakes_per_second == 3 / (4 * 60)  # four whole minutes, and the one that begins


def test_a_rate_counts_from_when_the_process_began() -> None:
    counters = Counters(NOW - 10 * SECOND)
    counters.woke(NOW - SECOND, None)
    assert counters.read(NOW).wakes_per_second == 0.1


def test_a_lag_is_from_the_slot_to_its_wake_up() -> None:
    counters = Counters(NOW)
    for seconds in range(20):
        counters.woke(NOW, NOW - seconds * SECOND)
    live = counters.read(NOW + SECOND)
    assert (live.lag_p50_seconds, live.lag_p95_seconds) == (9.0, 18.0)


def test_a_loops_latency_is_the_worst_of_a_hundred_but_one() -> None:
    counters = Counters(NOW)
    for late in range(100):
        counters.came_back(late / 1000)
    assert counters.read(NOW).loop_p99_seconds == 0.098


def test_what_is_not_known_is_none_and_not_nought() -> None:
    assert set(msgspec.to_builtins(Live()).values()) == {None}
    assert set(msgspec.to_builtins(Counters(NOW).read(NOW)).values()) == {None}


@pytest.mark.parametrize(("share", "value"), [(0.5, 2), (0.51, 3), (0.95, 4), (1.0, 4)])
def test_a_quantile_is_a_value_that_was_seen(share: float, value: int) -> None:
    assert quantile([4, 1, 3, 2], share) == value
