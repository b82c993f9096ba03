"""Always: a yes at a gate that stands for calls like it; and policy by rules, where a run meets it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from pydantic import model_validator

from platos.core.effect import EffectClass, EffectState
from platos.core.event import AlwaysGiven, AlwaysTaken, StepMoved
from platos.core.instant import DAY, HOUR, MINUTE, iso
from platos.core.policy import RiskTier
from platos.core.state import State
from platos.errors import InvalidTransition, NotFound, UsageError
from platos.runtime.effects import ledger as effect_ledger
from platos.store import always, decisions, effects, evidence, gates
from platos.store.always import AlwaysRow
from platos.testing.workspace import SimulatedWorkspace
from platos.tools.outbox import Report

Simulate = Callable[..., SimulatedWorkspace]

ANA = "person:ana"
OURS = ("recipient=*@example.com",)
ASKS = {"tools": ["machine"], "policy": {"machine": 2}, "done_when": []}


class Letter(Report):
    """A report to somebody: where it speaks of a rival, to them."""

    recipient: str = "a@example.com"

    @model_validator(mode="after")
    def _to_whom(self) -> Letter:
        if "rival" in f"{self.name} {self.text}":
            self.recipient = "b@rival.example"
        return self


class Desk:
    """A workspace whose signals each lead to one letter."""

    def __init__(self, simulated: SimulatedWorkspace, machine: Any) -> None:
        self.simulated, self.machine = simulated, machine
        self._notes = 0

    async def note(self, about: str = "zlib") -> list[gates.GateRow]:
        """One more signal; what is asked then."""
        self._notes += 1
        await self.simulated.drop(f"inbox/{self._notes}.txt", f"An advisory on {about}, number {self._notes}.")
        await self.simulated.live(15 * MINUTE)
        return await self.simulated.open_gates()

    async def given(self, where: tuple[str, ...] = OURS, lasts: int = 30 * DAY) -> AlwaysRow:
        """A yes that stands."""
        [gate] = await self.note()
        _, row = await self.simulated.engine.approve_always(gate.id, where, lasts, by=ANA)
        await self.simulated.engine.rest()
        return row

    async def last(self) -> effects.EffectRow:
        """The latest effect."""
        [*_, run] = await self.simulated.runs()
        [effect] = await effects.of_run(self.simulated.store, run.id)
        return effect

    async def policy(self, describe: Callable[..., str], **changes: Any) -> None:
        """The owner edits the file."""
        await self.simulated.drop("specialists/watch.md", describe(**{**ASKS, **changes}))
        await self.simulated.engine.refresh()


@pytest.fixture
def desk(simulate: Simulate, make_machine: Any) -> Callable[..., Desk]:
    def made(*faults: str, effect: EffectClass = EffectClass.PROBED, **changes: Any) -> Desk:
        machine = make_machine(effect, *faults)
        machine.Arguments = Letter
        return Desk(simulate(**{**ASKS, **changes}, parts={("tool", "machine"): machine}), machine)

    return made


async def test_what_a_standing_answer_covers_is_done_without_asking_and_its_evidence_names_it(
    desk: Callable[..., Desk],
) -> None:
    at = desk()
    async with at.simulated.up():
        row = await at.given()
        rule = f"always y1 by {ANA} until {iso(row.expires)}: recipient=*@example.com"
        assert len(at.machine.applied) == 1
        assert await at.note() == []
        assert len(at.machine.applied) == 2
        effect = await at.last()
        assert (effect.rule, effect.state) == (rule, EffectState.DONE)
        [(_, proof, _)] = await evidence.of_run(at.simulated.store, effect.run)
        assert (proof.rule, proof.gate, proof.approver, proof.autopilot) == (rule, "", "", "")
        told = await at.simulated.events("specialist:watch")
        [event] = [each for each in told if isinstance(each, AlwaysGiven)]
        assert (event.by, event.gate, event.tool, event.expires) == (ANA, 1, "machine", row.expires)


async def test_what_it_does_not_cover_asks(desk: Callable[..., Desk]) -> None:
    at = desk()
    async with at.simulated.up():
        await at.given()
        [gate] = await at.note("our rival")
        assert gate.request.arguments["recipient"] == "b@rival.example"
        assert gate.request.rule == "policy: machine has risk tier 2"


async def test_it_expires_by_itself(desk: Callable[..., Desk]) -> None:
    at = desk()
    async with at.simulated.up():
        await at.given(lasts=2 * HOUR)
        assert await at.note() == []
        await at.simulated.live(2 * HOUR)
        [gate] = await at.note()
        assert gate.request.rule == "policy: machine has risk tier 2"


async def test_what_is_taken_back_asks_again_and_is_taken_back_once(desk: Callable[..., Desk]) -> None:
    at = desk()
    async with at.simulated.up() as engine:
        row = await at.given()
        taken = await engine.take_back(row.number, by="person:bo", why="the list has changed")
        assert (taken.ended is not None, taken.why) == (True, "the list has changed")
        assert await at.note()
        told = await at.simulated.events("specialist:watch")
        assert [each.by for each in told if isinstance(each, AlwaysTaken)] == ["person:bo"]
        with pytest.raises(InvalidTransition, match="taken back"):
            await engine.take_back(row.number, by=ANA)
        with pytest.raises(NotFound, match="y7"):
            await engine.take_back(7, by=ANA)


async def test_another_contract_is_asked_about(desk: Callable[..., Desk]) -> None:
    at = desk()
    async with at.simulated.up():
        await at.given()
        at.machine.once_per = ("name",)
        assert await at.note()


async def test_it_outlasts_a_restart(desk: Callable[..., Desk]) -> None:
    at = desk()
    async with at.simulated.up():
        await at.given()
    async with at.simulated.up():
        assert await at.note() == []


@pytest.mark.parametrize(
    ("where", "lasts", "says"),
    [
        (("recipient=*@rival.example",), DAY, "does not cover what g1 asks for"),
        ((), DAY, "nothing says which calls"),
        (("recipient",), DAY, "names no argument"),
        (OURS, 90 * DAY + 1, "cannot stand that long"),
        (OURS, 0, "cannot stand that long"),
    ],
)
async def test_a_yes_that_cannot_stand_is_none_at_all(
    desk: Callable[..., Desk], where: tuple[str, ...], lasts: int, says: str
) -> None:
    at = desk()
    async with at.simulated.up() as engine:
        [gate] = await at.note()
        with pytest.raises(UsageError, match=says):
            await engine.approve_always(gate.id, where, lasts, by=ANA)
        assert [each.id for each in await at.simulated.open_gates()] == [gate.id]
        assert await always.every(at.simulated.store) == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"review": ["items >= 1"]}, "policy: machine has risk tier 2"),
        ({"policy": {"machine": 1}, "review": ["items >= 1"]}, "review: items >= 1"),
    ],
)
async def test_where_a_review_trigger_fires_it_asks_all_the_same(
    desk: Callable[..., Desk], describe: Callable[..., str], changes: dict[str, Any], rule: str
) -> None:
    at = desk()
    async with at.simulated.up():
        await at.given()
        await at.policy(describe, **changes)
        [gate] = await at.note()
        assert gate.request.rule == rule


async def test_what_policy_denies_it_does_not_let_pass(desk: Callable[..., Desk], describe: Callable[..., str]) -> None:
    at = desk()
    async with at.simulated.up():
        await at.given()
        await at.policy(describe, policy={"machine": [{"where": "recipient=*@example.com", "deny": True}, 2]})
        assert await at.note() == []
        assert len(at.machine.applied) == 1
        assert [run.state for run in await at.simulated.runs()] == [State.SUCCESS, State.CANCELLED]


async def test_no_use_of_it_is_a_label(desk: Callable[..., Desk]) -> None:
    at = desk()
    async with at.simulated.up():
        await at.given()
        for _ in range(3):
            assert await at.note() == []
        found = await decisions.history_of(at.simulated.store, "watch", "machine")
        assert found is not None
        assert len(found.decisions) == 1


async def test_a_call_that_was_asked_about_before_it_was_given_is_still_asked_about(desk: Callable[..., Desk]) -> None:
    at = desk(overlap="parallel")
    async with at.simulated.up() as engine:
        first, second = [*await at.note(), *(await at.note())[1:]]
        await engine.approve_always(first.id, OURS, DAY, by=ANA)
        await engine.rest()
        assert [each.id for each in await at.simulated.open_gates()] == [second.id]
    async with at.simulated.up() as engine:
        await engine.rest()
        assert [each.id for each in await at.simulated.open_gates()] == [second.id]


async def test_what_was_provably_not_sent_and_is_covered_no_more_is_asked_about(desk: Callable[..., Desk]) -> None:
    at = desk(retry={"attempts": 3, "first": "2h", "longest": "2h"})
    async with at.simulated.up():
        await at.given(lasts=HOUR)
        at.machine.faults = ["before"]
        assert await at.note() == []
        assert len(at.machine.applied) == 1
        await at.simulated.live(3 * HOUR)
        [gate] = await at.simulated.open_gates()
        assert gate.request.rule == "policy: machine has risk tier 2"
        await at.simulated.approve(gate, by=ANA)
        [(_, proof, _)] = await evidence.of_run(at.simulated.store, gate.run)
        assert (proof.rule, proof.approver) == ("policy: machine has risk tier 2", ANA)


async def test_what_was_sent_under_it_and_found_done_after_a_crash_names_it(desk: Callable[..., Desk]) -> None:
    at = desk(retry={"attempts": 3, "first": "2h", "longest": "2h"})
    async with at.simulated.up():
        row = await at.given(lasts=HOUR)
        at.machine.faults = ["after"]
        await at.note()
        await at.simulated.live(3 * HOUR)
        effect = await at.last()
        assert (effect.state, len(at.machine.applied)) == (EffectState.DONE, 2)
        [(_, proof, _)] = await evidence.of_run(at.simulated.store, effect.run)
        assert proof.rule.startswith(f"always {row.name} by {ANA}")


async def test_planted_an_answer_that_is_looked_for_without_its_time_lets_calls_pass_for_ever(
    desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AlwaysRow, "stands", lambda row, now: row.ended is None)
    at = desk()
    async with at.simulated.up():
        await at.given(lasts=HOUR)
        await at.simulated.live(2 * HOUR)
        assert await at.note() == []


async def test_planted_a_ledger_that_does_not_look_at_triggers_lets_calls_pass(
    desk: Callable[..., Desk], describe: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stands = effect_ledger._stands
    monkeypatch.setattr(
        effect_ledger, "_stands", lambda tx, act, *rest: stands(tx, act._replace(may_stand=True), *rest)
    )
    at = desk()
    async with at.simulated.up():
        await at.given()
        await at.policy(describe, review=["items >= 1"])
        assert await at.note() == []


# -- policy by rules, where a run meets it

RULES = [
    {"where": "recipient=*@example.com", "tier": 0},
    {"where": ["recipient=*@rival.example"], "deny": True},
    2,
]


async def test_rules_let_pass_and_deny_by_what_would_be_sent(desk: Callable[..., Desk]) -> None:
    at = desk(policy={"machine": RULES}, retry={"attempts": 3})
    async with at.simulated.up():
        assert await at.note() == []
        assert (await at.last()).rule == "policy: machine has risk tier 0: rule 1, recipient=*@example.com"
        assert await at.note("our rival") == []
        assert len(at.machine.applied) == 1


async def test_a_denial_is_recorded_with_its_rule_and_never_tried_again(desk: Callable[..., Desk]) -> None:
    at = desk(policy={"machine": RULES}, retry={"attempts": 5})
    async with at.simulated.up():
        await at.note("our rival")
        await at.simulated.live(DAY)
        [run] = await at.simulated.runs()
        steps = [each for each in await at.simulated.events(run.name) if isinstance(each, StepMoved) and each.failure]
        rule = "policy: machine is denied: rule 2, recipient=*@rival.example"
        assert {(each.failure.kind, each.failure.what) for each in steps if each.failure} == {
            ("permission_denied", rule)
        }
        assert {each.attempt for each in steps} == {1}
        assert (run.state, await at.simulated.open_gates()) == (State.CANCELLED, [])


async def test_the_workspace_makes_what_the_specialist_says_stricter(simulate: Simulate, make_machine: Any) -> None:
    machine = make_machine(EffectClass.PROBED)
    machine.Arguments = Letter
    settings = '[policy]\nmachine = [{where = "recipient=*@rival.example", deny = true}, 1]\n'
    changes = {**ASKS, "policy": {"machine": 0}}
    at = Desk(simulate(**changes, parts={("tool", "machine"): machine}, settings=settings), machine)
    async with at.simulated.up():
        [gate] = await at.note()
        assert gate.request.rule == "policy in platos.toml: machine has risk tier 1: rule 2, any call"
        assert gate.request.tier is RiskTier.BATCHED
        await at.simulated.approve(gate, by=ANA)
        assert await at.note("our rival") == []
        assert len(machine.applied) == 1


async def test_what_a_person_edits_into_a_denial_is_denied(desk: Callable[..., Desk]) -> None:
    at = desk(policy={"machine": [RULES[1], 2]})
    async with at.simulated.up() as engine:
        [gate] = await at.note()
        await engine.edit(gate.id, {"recipient": "b@rival.example"}, by=ANA)
        await engine.rest()
        assert (at.machine.applied, await at.simulated.open_gates()) == ([], [])
        [run] = await at.simulated.runs()
        assert run.state is State.CANCELLED


async def test_planted_a_policy_that_looks_at_what_was_asked_and_not_at_what_is_sent_is_evaded(
    desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the rule that shows at the gate is of the words that a node used, an edit sends what is denied."""
    monkeypatch.setattr(
        "platos.runtime.effects.call._with_arguments",
        lambda call, frozen: call._replace(
            arguments=call.tool.Arguments.model_validate_json(frozen), act=call.act._replace(frozen=frozen)
        ),
    )
    at = desk(policy={"machine": [RULES[1], 2]})
    async with at.simulated.up() as engine:
        [gate] = await at.note()
        await engine.edit(gate.id, {"recipient": "b@rival.example"}, by=ANA)
        await engine.rest()
        [(_, sent)] = at.machine.calls
        assert msgspec.json.decode(sent)["recipient"] == "b@rival.example"
