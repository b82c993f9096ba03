"""Autopilot end to end: earned on answers, turned on by a person, audited, and taken back by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from platos.core.approval import GateState, Request
from platos.core.effect import EffectClass
from platos.core.event import AutopilotProposed, Demoted, EffectIntended, GateDecided, GateOpened, Promoted
from platos.core.instant import DAY, MINUTE
from platos.core.policy import RiskTier
from platos.core.predicate import ANY
from platos.core.state import Outcome, State
from platos.core.trust import AUDITED_FIRST, Answer, Record
from platos.errors import InvalidTransition, NotFound, UsageError
from platos.runtime.effects import gate as gating
from platos.runtime.effects import trust as trusting
from platos.store import Tx, autopilots, decisions, effects, evidence, gates, journal
from platos.store.autopilots import AutopilotRow, AutopilotState
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]

ANA = "person:ana"
ASKS = {"tools": ["machine"], "policy": {"machine": 2}, "done_when": []}
ENOUGH = 62
"""Approvals that with the first one earn autopilot for any arguments."""


class Desk:
    """A workspace whose signals each lead to one call of a machine, which asks."""

    def __init__(self, simulated: SimulatedWorkspace, machine: Any) -> None:
        self.simulated, self.machine = simulated, machine
        self._notes = 0

    @property
    def calls(self) -> int:
        return len(self.machine.calls)

    async def note(self) -> list[gates.GateRow]:
        """One more signal; what is asked then."""
        self._notes += 1
        await self.simulated.drop(f"inbox/{self._notes}.txt", f"An advisory, number {self._notes}.")
        await self.simulated.live(15 * MINUTE)
        return await self.simulated.open_gates()

    async def earn(self, more: int = ENOUGH) -> None:
        """One real approval, and more like it, each a click."""
        [gate] = await self.note()
        await self.simulated.approve(gate, by=ANA)
        await self.simulated.store.transact(like, gate, more, self.simulated.clock.now())

    async def promoted(self) -> AutopilotRow:
        await self.earn()
        return await self.simulated.engine.promote("watch", "machine", (), by=ANA)

    async def past_the_first_audits(self) -> AutopilotRow:
        """On, with its first three audits approved."""
        row = await self.promoted()
        for _ in range(3):
            await self.approve_open(await self.note())
        return row

    async def approve_open(self, asked: list[gates.GateRow]) -> None:
        assert asked
        for gate in asked:
            assert gate.request.rule.startswith("audit of autopilot a1")
            await self.simulated.approve(gate, by=ANA)

    async def unasked(self) -> None:
        """A use that nobody is asked about."""
        assert await self.note() == []

    async def state(self, number: int = 1) -> AutopilotRow:
        return await self.simulated.store.transact(autopilots.get, number)

    async def history(self) -> list[str]:
        found = await decisions.history_of(self.simulated.store, "watch", "machine")
        return [each.answer.value for each in found.decisions] if found else []


def like(tx: Tx, gate: gates.GateRow, more: int, now: int) -> None:
    """The same answer to the same call, so many times more."""
    effect = effects.get(tx, gate.effect)
    assert effect is not None
    for _ in range(more):
        decisions.add(tx, "watch", effect, Answer.APPROVED, at=now, by=ANA)


@pytest.fixture(autouse=True)
def _only_the_first_are_audited(monkeypatch: pytest.MonkeyPatch) -> None:
    """None is drawn at random: how they are drawn is tested for itself."""
    monkeypatch.setattr(trusting, "is_audited", lambda salt, key, used: used < AUDITED_FIRST)


@pytest.fixture
def desk(simulate: Simulate, make_machine: Any) -> Callable[..., Desk]:
    def made(effect: EffectClass = EffectClass.PROBED, **changes: Any) -> Desk:
        machine = make_machine(effect)
        return Desk(simulate(**{**ASKS, **changes}, parts={("tool", "machine"): machine}), machine)

    return made


async def test_a_person_is_asked_until_a_person_says_otherwise(desk: Callable[..., Desk]) -> None:
    at = desk()
    async with at.simulated.up():
        await at.earn()
        [gate] = await at.note()
        await at.simulated.approve(gate, by=ANA)
        await at.simulated.live(2 * DAY)
        told = await at.simulated.events("specialist:watch")
        proposed = [each for each in told if isinstance(each, AutopilotProposed)]
        assert proposed[0].back_test == "would have passed 64 of 64 approvals and 0 of 0 denials"
        assert (proposed[0].predicate, proposed[0].by, len(proposed)) == (ANY, "runtime", 1)
        assert (await at.state()).state is AutopilotState.PROPOSED
        assert len(await at.note()) == 1


async def test_what_is_promoted_is_audited_first_and_then_asks_no_more(desk: Callable[..., Desk]) -> None:
    at = desk()
    async with at.simulated.up():
        row = await at.past_the_first_audits()
        assert (row.name, row.state, row.by) == ("a1", AutopilotState.ON, ANA)
        calls = at.calls
        await at.unasked()
        assert at.calls > calls
        [*_, run] = await at.simulated.runs()
        [effect] = await effects.of_run(at.simulated.store, run.id)
        assert (effect.rule, effect.autopilot, effect.audit) == ("autopilot a1: any arguments", 1, False)
        [(_, proof, _)] = await evidence.of_run(at.simulated.store, run.id)
        assert proof.autopilot == "a1"
        assert await gates.of_run(at.simulated.store, run.id) == []


async def test_what_an_audit_let_pass_was_let_pass_by_a_person(desk: Callable[..., Desk]) -> None:
    at = desk()
    async with at.simulated.up():
        await at.past_the_first_audits()
        [*_, run] = await at.simulated.runs()
        [(_, proof, _)] = await evidence.of_run(at.simulated.store, run.id)
        assert proof.autopilot == ""


async def test_what_has_not_earned_it_is_not_promoted_and_is_told_what_is_missing(desk: Callable[..., Desk]) -> None:
    at = desk()
    async with at.simulated.up() as engine:
        with pytest.raises(NotFound, match="nobody has decided"):
            await engine.promote("watch", "machine", (), by=ANA)
        await at.earn(ENOUGH - 1)
        with pytest.raises(UsageError, match="has not earned it") as raised:
            await engine.promote("watch", "machine", (), by=ANA)
        assert raised.value.expected == "90%: 1 more approvals, without a denial"
        assert len(await at.note()) == 1


async def test_a_call_that_is_not_covered_asks(desk: Callable[..., Desk]) -> None:
    at = desk()
    async with at.simulated.up() as engine:
        await at.earn(200)
        [gate] = await gates.of_run(at.simulated.store, 1)
        named = f'name="{gate.request.arguments["name"]}"'
        row = await engine.promote("watch", "machine", (named,), by=ANA)
        assert row.where.covers(gate.request.arguments)
        await at.simulated.drop("inbox/other.txt", "Another advisory altogether.")
        await at.simulated.live(15 * MINUTE)
        [other] = await at.simulated.open_gates()
        assert not row.where.covers(other.request.arguments)
        assert other.request.rule == "policy: machine has risk tier 2"


async def test_an_irreversible_tool_is_promoted_only_where_the_owners_file_says_so(
    desk: Callable[..., Desk], describe: Callable[..., str]
) -> None:
    at = desk(EffectClass.ONCE)
    async with at.simulated.up() as engine:
        await at.earn()
        with pytest.raises(UsageError, match="cannot be taken back") as raised:
            await engine.promote("watch", "machine", (), by=ANA)
        assert "autopilot: {machine: allow}" in raised.value.hint
        await at.simulated.live(2 * DAY)
        told = await at.simulated.events("specialist:watch")
        assert not [each for each in told if isinstance(each, AutopilotProposed)]
        await at.simulated.drop("specialists/watch.md", describe(**ASKS, autopilot={"machine": "allow"}))
        row = await engine.promote("watch", "machine", (), by=ANA)
        assert row.state is AutopilotState.ON


@pytest.mark.parametrize("line", [{}, {"machine": "never"}])
async def test_where_the_owners_line_is_taken_out_it_asks_again_at_once(
    desk: Callable[..., Desk], describe: Callable[..., str], line: dict[str, str]
) -> None:
    at = desk(EffectClass.ONCE, autopilot={"machine": "allow"})
    async with at.simulated.up() as engine:
        await at.past_the_first_audits()
        await at.unasked()
        await at.simulated.drop("specialists/watch.md", describe(**ASKS, autopilot=line))
        await engine.refresh()
        [gate] = await at.note()
        assert gate.request.rule == "policy: machine has risk tier 2"


async def test_what_the_owner_never_wants_is_not_promoted(desk: Callable[..., Desk]) -> None:
    at = desk(autopilot={"machine": "never"})
    async with at.simulated.up() as engine:
        await at.earn()
        with pytest.raises(UsageError, match="never gets an autopilot"):
            await engine.promote("watch", "machine", (), by=ANA)


async def test_where_a_review_trigger_fires_a_person_is_asked_all_the_same(
    desk: Callable[..., Desk], describe: Callable[..., str]
) -> None:
    at = desk()
    async with at.simulated.up() as engine:
        await at.past_the_first_audits()
        await at.simulated.drop("specialists/watch.md", describe(**ASKS, review=["items >= 1"]))
        await engine.refresh()
        for _ in range(3):
            assert await at.note()


async def test_another_contract_is_another_step(desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    at = desk()
    async with at.simulated.up():
        await at.past_the_first_audits()
        at.machine.once_per = ("name",)
        [gate] = await at.note()
        assert gate.request.rule == "policy: machine has risk tier 2"


async def test_a_denial_takes_it_back_at_once(desk: Callable[..., Desk]) -> None:
    at = desk()
    async with at.simulated.up() as engine:
        await at.promoted()
        [gate] = await at.note()
        await at.simulated.deny(gate, by=ANA, reason="not this one")
        row = await at.state()
        assert (row.state, row.why) == (AutopilotState.OFF, "g2 was denied by person:ana: not this one")
        [*_, last] = [each for each in await at.simulated.events("specialist:watch") if isinstance(each, Demoted)]
        assert (last.by, last.number) == ("runtime", 1)
        [gate] = await at.note()
        assert gate.request.rule == "policy: machine has risk tier 2"
        with pytest.raises(UsageError, match="has not earned it"):
            await engine.promote("watch", "machine", (), by=ANA)


async def test_audits_that_nobody_answers_take_it_back(desk: Callable[..., Desk]) -> None:
    at = desk(approval_expires="1h")
    async with at.simulated.up():
        await at.promoted()
        for _ in range(3):
            assert await at.note()
            await at.simulated.live(DAY)
        assert await at.history() == ["approved"] * (ENOUGH + 1) + ["unanswered"] * 3 + ["taken_back"]
        row = await at.state()
        assert (row.state, row.why) == (AutopilotState.OFF, "3 of its 3 audits got no yes, surely more than 10%")


async def test_a_run_that_ends_unusable_takes_it_back(desk: Callable[..., Desk]) -> None:
    at = desk(done_when=[{"receipt": "machine"}])
    async with at.simulated.up():
        await at.past_the_first_audits()
        await at.unasked()
        at.machine.probe = nothing_there
        await at.unasked()
        [*_, run] = await at.simulated.runs()
        assert (run.state, run.outcome) == (State.SUCCESS, Outcome.COMPLETED_UNUSABLE)
        row = await at.state()
        assert row.state is AutopilotState.OFF
        assert row.why == f"r{run.id} ended unusable: receipt: machine: it is not there any more"
        found = await decisions.history_of(at.simulated.store, "watch", "machine")
        assert found is not None
        assert Record(found.decisions).trial(ANY).approvals == 0


async def nothing_there(arguments: Any, key: str) -> None:
    return None


async def test_an_undo_takes_it_back(desk: Callable[..., Desk]) -> None:
    at = desk()

    def undo(tx: Tx, run: int, now: int) -> None:
        [effect] = effects.in_run(tx, run)
        trusting.fail(tx, effect, Answer.UNDONE, f"{ANA} undid it", by=ANA, now=now)

    async with at.simulated.up():
        await at.past_the_first_audits()
        await at.unasked()
        await at.simulated.store.transact(undo, (await at.simulated.runs())[-1].id, at.simulated.clock.now())
        assert (await at.state()).why == "person:ana undid it"
        assert len(await at.note()) == 1


async def test_a_person_takes_it_back_once(desk: Callable[..., Desk]) -> None:
    at = desk()
    async with at.simulated.up() as engine:
        await at.promoted()
        row = await engine.demote(1, by=ANA, why="the list has changed")
        assert (row.state, row.why) == (AutopilotState.OFF, "the list has changed")
        with pytest.raises(InvalidTransition, match="it is off"):
            await engine.demote(1, by=ANA)
        with pytest.raises(NotFound):
            await engine.demote(2, by=ANA)
        assert len(await at.note()) == 1


async def test_it_outlives_a_restart_and_an_audit_that_waits_is_the_same_audit(desk: Callable[..., Desk]) -> None:
    at = desk()
    async with at.simulated.up():
        await at.promoted()
        [gate] = await at.note()
    async with at.simulated.up() as engine:
        await engine.rest()
        [same] = await at.simulated.open_gates()
        assert same.request == gate.request
        await at.simulated.approve(same, by=ANA)
        assert await at.simulated.open_gates() == []
        assert (await at.simulated.runs())[-1].outcome is Outcome.DONE


async def test_an_audit_that_is_approved_runs_once_though_it_was_taken_back_meanwhile(
    desk: Callable[..., Desk],
) -> None:
    at = desk()
    async with at.simulated.up() as engine:
        await at.promoted()
        [gate] = await at.note()
        await engine.demote(1, by=ANA)
        calls = at.calls
        await at.simulated.approve(gate, by=ANA)
        assert at.calls == calls + 1
        assert await at.simulated.open_gates() == []


async def test_what_was_not_sent_is_asked_for_where_autopilot_was_taken_back_meanwhile(
    desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trusting, "is_audited", lambda *_: False)
    at = desk(retry={"first": "1h", "longest": "1h"})
    async with at.simulated.up() as engine:
        await at.promoted()
        at.machine.faults = ["before"]
        assert await at.note() == []
        assert (await at.simulated.runs())[-1].state is State.PENDING
        await engine.demote(1, by=ANA)
        calls = at.calls
        await at.simulated.live(DAY)
        [gate] = await at.simulated.open_gates()
        assert (gate.request.rule, at.calls) == ("policy: machine has risk tier 2", calls)


async def test_what_was_not_sent_goes_on_unasked_where_it_is_still_on(
    desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trusting, "is_audited", lambda *_: False)
    at = desk(retry={"first": "1h", "longest": "1h"})
    async with at.simulated.up():
        await at.promoted()
        at.machine.faults = ["before"]
        assert await at.note() == []
    monkeypatch.setattr(trusting, "is_audited", lambda *_: True)
    async with at.simulated.up():
        await at.simulated.live(DAY)
        assert await at.simulated.open_gates() == []
        assert (await at.simulated.runs())[-1].outcome is Outcome.DONE


def open_batch(tx: Tx, run: int, count: int, now: int) -> list[int]:
    """So many gates of one run, each for a call of its own."""
    opened = []
    for number in range(count):
        key = f"batch{number:05}"
        arguments = {"name": f"{number}@x.org", "text": "t"}
        intended = EffectIntended(
            at=now,
            effect=key,
            run=run,
            tool="machine",
            contract="c1",
            effect_class=EffectClass.PROBED,
            arguments=msgspec.Raw(msgspec.json.encode(arguments)),
            step="s",
        )
        tx.record(journal.run_chain(run), intended)
        request = Request(
            tool="machine",
            contract="c1",
            arguments=arguments,
            preconditions={},
            rule="r",
            tier=RiskTier.BATCHED,
            expires=now + DAY,
            why="w",
        )
        gate = tx.next_number("gate")
        tx.record(journal.run_chain(run), GateOpened(at=now, gate=gate, run=run, effect=key, request=request))
        opened.append(gate)
    return opened


def decide_batch(tx: Tx, opened: list[int], state: GateState, now: int) -> None:
    gating._decide(tx, opened, gating._Answer(state, ANA, now, alone=False))


async def test_one_click_on_a_batch_of_a_thousand_is_one_label(desk: Callable[..., Desk]) -> None:
    at = desk()
    async with at.simulated.up():
        await at.note()
        now, store = at.simulated.clock.now(), at.simulated.store
        opened = await store.transact(open_batch, 1, 1_000, now)
        await store.transact(decide_batch, opened, GateState.APPROVED, now)
        found = await decisions.history_of(store, "watch", "machine")
        assert found is not None
        assert len(found.decisions) == 1_000
        record = Record(found.decisions)
        assert record.back_test(ANY).approvals == 1
        assert max(trial.approvals for trial in record.trials()) == 1
        told = [each for each in await at.simulated.events("r1") if isinstance(each, GateDecided)]
        assert {each.decision for each in told} == {opened[0]}


async def test_who_turned_it_on_and_off_stands_in_the_journal(desk: Callable[..., Desk]) -> None:
    at = desk()
    async with at.simulated.up() as engine:
        await at.promoted()
        await engine.demote(1, by="person:ben", why="enough")
        told = await at.simulated.events("specialist:watch")
        [on] = [each for each in told if isinstance(each, Promoted)]
        [off] = [each for each in told if isinstance(each, Demoted)]
        assert (on.by, off.by, off.why) == (ANA, "person:ben", "enough")
