"""The tree of a run's net: what its journal makes of it, and how it is drawn."""

from __future__ import annotations

import msgspec

from platos.cli._follow import changes, rests
from platos.cli._net import At, NetPlan, flat, net_of
from platos.cli._net_text import render_net
from platos.cli.output import Styled
from platos.core.event import (
    AnyEvent,
    MoneyReserved,
    MoneySettled,
    PlanGrown,
    PlanMade,
    PlanRejected,
    RunMoved,
    RunOpened,
    StepMoved,
)
from platos.core.failure import FailureRecord
from platos.core.instant import SECOND
from platos.core.plan import FanOut, Join, Loop, Node, Plan, Sequence, Single
from platos.core.state import State
from platos.core.step import StepKind
from platos.errors import BadReasoning

READ, MERGE = Single(name="read", actor="reader"), Single(name="merge", actor="aggregator")
EACH = FanOut(name="each", body=READ)


def opened(items: int = 1) -> RunOpened:
    return RunOpened(at=0, run=1, specialist="s", definition="d", items=tuple(range(1, items + 1)))


def made(root: Node, revision: int = 1) -> list[AnyEvent]:
    plan = PlanMade(at=0, run=1, revision=revision, plan=Plan(root=root, why="it fits", by="rules"))
    return [plan, RunMoved(at=0, run=1, old=State.PENDING, new=State.RUNNING)]


def step(path: str, state: State = State.SUCCESS, kind: StepKind = StepKind.NODE, **more: object) -> StepMoved:
    fixed = {"at": 2 * SECOND, "run": 1, "revision": 1, "name": kind.value, "ordinal": 1, "input": "", "first": SECOND}
    return StepMoved(**{**fixed, **more}, path=path, kind=kind, state=state)  # type: ignore[arg-type]


def paid(number: int, path: str, charged: int) -> list[AnyEvent]:
    held = MoneyReserved(
        at=0,
        reservation=number,
        accounts=(),
        amount=1,
        specialist="s",
        model="m",
        tier="small",
        step=f"r1:{path}:model",
        run=1,
    )
    return [held, MoneySettled(at=0, reservation=number, charged=charged, cause="answered")]


def drawn(told: list[AnyEvent], width: int = 80) -> list[str]:
    lines = [line for plan in net_of(told, {}) for line in render_net(plan, 4 * SECOND, width)]
    return [line.text if isinstance(line, Styled) else line for line in lines]


def states(told: list[AnyEvent]) -> dict[str, At]:
    return {node.path: node.state for node in flat(net_of(told, {})[-1].root)}


def test_each_node_has_its_state_what_it_cost_and_how_long_it_took() -> None:
    told = [opened(2), *made(Sequence(name="work", nodes=(EACH, MERGE))), *paid(1, "work/each[i1]/read", 3_000_000)]
    told += [step("work/each[i1]/read"), step("work/each[i2]/read", State.NEEDS_REVIEW, StepKind.TOOL, waits="g7")]
    assert drawn(told) == [
        "Plan 1, by rules: it fits",
        "  work: sequence, parked, $0.003, 3.0 s",
        "    each: fan out, one branch an item, parked, $0.003, 3.0 s",
        "      [i1] read: reader, done, $0.003, 1.0 s",
        "      [i2] read: reader, parked, 3.0 s (g7)",
        "    merge: aggregator, waiting",
    ]


def test_a_node_whose_input_is_there_is_at_work_before_its_first_step_is_written() -> None:
    told = [opened(), *made(Sequence(name="work", nodes=(READ, MERGE)))]
    assert states(told) == {"work": At.RUNNING, "work/read": At.RUNNING, "work/merge": At.WAITING}


def test_five_hundred_branches_are_counted_and_those_of_interest_are_shown() -> None:
    told = [opened(500), *made(EACH)]
    told += [step(f"each[i{number}]/read") for number in range(1, 498)]
    told += [step(f"each[i{n}]/read", State.NEEDS_REVIEW, StepKind.TOOL, waits=f"g{n}") for n in (498, 499, 500)]
    assert drawn(told) == [
        "Plan 1, by rules: it fits",
        "  each: fan out, one branch an item, parked, 497 done, 3 parked, 3.0 s",
        "    [i498] read: reader, parked, 3.0 s (g498)",
        "    [i499] read: reader, parked, 3.0 s (g499)",
        "    [i500] read: reader, parked, 3.0 s (g500)",
    ]


def test_a_join_tells_what_it_went_on_with_and_stops_the_others() -> None:
    told = [opened(2), *made(FanOut(name="each", body=READ, join=Join.FIRST)), step("each[i2]/read")]
    told += [step("each", kind=StepKind.JOIN, name="join", result=msgspec.Raw(b'["i2"]'))]
    [plan] = net_of(told, {})
    assert (plan.root.state, plan.root.detail) == (At.DONE, "went on with i2")
    assert states(told)["each[i1]/read"] is At.STOPPED


def test_a_large_decision_is_read_from_where_large_things_are() -> None:
    told = [opened(2), *made(FanOut(name="each", body=READ, join=Join.FIRST)), step("each[i2]/read")]
    told += [step("each", kind=StepKind.JOIN, name="join", payload="digest")]
    assert net_of(told, {"digest": b'["i2"]'})[0].root.detail == "went on with i2"


def test_helpers_stand_under_who_asked_for_them_and_say_why() -> None:
    grown = PlanGrown(
        at=0,
        by="actor:reader",
        run=1,
        revision=1,
        addition=1,
        path="read/look[1]",
        node=Single(name="look", actor="finder"),
        input="",
        why="too long",
    )
    told = [opened(), *made(READ), grown, *paid(1, "read/look[1]", 1_000_000), step("read/look[1]")]
    assert drawn(told)[1:] == [
        "  read: reader, running, $0.001",
        "    look[1]: finder, done, $0.001, 1.0 s",
        "      reader asked for it: too long",
    ]


def test_attempts_and_rounds_are_nodes_of_their_own() -> None:
    wrong = FailureRecord.of(BadReasoning("it does not hold"))
    body = Single(name="write", actor="writer", attempts=3)
    told = [opened(), *made(Loop(name="until", body=body, until=Single(name="check", actor="critic")))]
    told += [step("until[1]/write", State.FAILED, failure=wrong), step("until[1]/write~2"), step("until[1]/check")]
    told += [step("until[2]/write", State.PENDING, StepKind.MODEL, waits="time", due=5 * SECOND)]
    assert states(told) == {
        "until": At.PARKED,
        "until[1]/write": At.FAILED,
        "until[1]/write~2": At.DONE,
        "until[1]/check": At.DONE,
        "until[2]/write": At.PARKED,
        "until[2]/check": At.WAITING,
    }


def test_another_plan_is_another_tree_and_money_is_that_of_the_plan_in_force() -> None:
    told = [opened(), *made(READ), *paid(1, "read", 5), PlanRejected(at=0, run=1, revision=1, why="wrong")]
    told += [*made(MERGE, 2), *paid(2, "merge", 7)]
    plans: tuple[NetPlan, ...] = net_of(told, {})
    assert [(each.revision, each.rejected, each.root.spent) for each in plans] == [(1, "wrong", 5), (2, "", 7)]


def test_what_a_run_that_ended_never_came_to_is_said_so() -> None:
    told = [opened(), *made(Sequence(name="work", nodes=(READ, MERGE)))]
    told += [RunMoved(at=0, run=1, old=State.RUNNING, new=State.CANCELLED)]
    assert set(states(told).values()) == {At.NEVER}


def test_no_line_is_wider_than_the_terminal_and_nothing_in_it_speaks_to_it() -> None:
    wrong = FailureRecord.of(BadReasoning("\x1b[31m" + "long " * 90))
    told = [opened(), *made(Sequence(name="work", nodes=(READ, MERGE))), step("work/read", State.FAILED, failure=wrong)]
    lines = drawn(told, 60)
    assert max(map(len, lines)) <= 60
    assert "\x1b" not in "".join(lines)


def test_only_what_has_changed_is_told() -> None:
    first: list[AnyEvent] = [opened(2), *made(EACH)]
    then = [*first, step("each[i1]/read")]
    assert [each.line for each in changes(net_of(first, {}), net_of(then, {}), 0)] == ["each[i1]/read: done, 1.0 s"]
    assert list(changes(net_of(then, {}), net_of(then, {}), 0)) == []


def test_a_run_rests_where_it_waits_and_not_before_it_began() -> None:
    assert not rests([opened()])
    assert not rests([opened(), *made(READ)])
    assert rests([opened(), *made(READ), RunMoved(at=0, run=1, old=State.RUNNING, new=State.PENDING, waits=("time",))])
