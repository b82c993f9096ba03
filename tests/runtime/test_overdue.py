"""Work that nobody wants any more is cancelled, with the reason, and is not done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from platos.core.effect import EffectClass, EffectState
from platos.core.instant import HOUR, MINUTE
from platos.core.state import State
from platos.errors import StoreFull
from platos.runtime import engine
from platos.store import effects
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]

GATED: dict[str, Any] = {"tools": ["machine"], "policy": {"machine": 2}, "done_when": [{"receipt": "machine"}]}


async def waiting(simulate: Simulate, machine: Any, **changes: Any) -> SimulatedWorkspace:
    """A workspace whose one run waits at the gate of a machine."""
    simulated = simulate(**{**GATED, **changes}, parts={("tool", "machine"): machine})
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(15 * MINUTE)
        assert len(await simulated.open_gates()) == 1
    return simulated


@pytest.fixture
def machine(make_machine: Any) -> Any:
    return make_machine(EffectClass.ONCE)


async def test_a_run_whose_time_is_over_is_cancelled_with_the_reason(simulate: Simulate, machine: Any) -> None:
    simulated = await waiting(simulate, machine, valid_for="2h")
    async with simulated.up():
        await simulated.live(HOUR)
        [run] = await simulated.runs()
        assert run.state is State.NEEDS_REVIEW
        await simulated.live(HOUR)
        [run] = await simulated.runs()
        assert run.state is State.CANCELLED
        assert "cancelled by runtime: it was to be done by" in run.why
        assert await simulated.open_gates() == []
    assert machine.calls == []


async def test_its_gate_expires_with_it_at_the_latest(simulate: Simulate, machine: Any) -> None:
    simulated = await waiting(simulate, machine, valid_for="2h", approval_expires="7d")
    async with simulated.up():
        [gate], [run] = await simulated.open_gates(), await simulated.runs()
        assert gate.request.expires == run.valid_until == run.opened + 2 * HOUR


async def test_the_end_of_its_worth_is_kept_over_a_restart_and_a_sleep(simulate: Simulate, machine: Any) -> None:
    simulated = await waiting(simulate, machine, valid_for="2h")
    simulated.clock.advance_to(simulated.clock.now() + 5 * HOUR)
    async with simulated.up():
        await simulated.live(MINUTE)
        [run] = await simulated.runs()
        assert run.state is State.CANCELLED
    assert machine.calls == []


async def test_without_a_limit_it_waits_as_long_as_its_approval(simulate: Simulate, machine: Any) -> None:
    simulated = await waiting(simulate, machine)
    async with simulated.up():
        await simulated.live(48 * HOUR)
        [run] = await simulated.runs()
        assert (run.state, run.valid_until) == (State.NEEDS_REVIEW, None)


async def test_what_was_approved_and_is_listed_no_more_is_not_done(simulate: Simulate, machine: Any) -> None:
    simulated = await waiting(simulate, machine, still_wanted=["listed"])
    (simulated.workspace.root / "inbox" / "note.txt").unlink()
    async with simulated.up():
        await simulated.live(15 * MINUTE)
        [gate] = await simulated.open_gates()
        await simulated.approve(gate)
        [run] = await simulated.runs()
        assert run.state is State.CANCELLED
        assert "its source has none of its items any more" in run.why
        [effect] = await effects.of_run(simulated.store, run.id)
        assert effect.state is EffectState.INTENT
    assert machine.calls == []


async def test_what_is_still_listed_is_done(simulate: Simulate, machine: Any) -> None:
    simulated = await waiting(simulate, machine, still_wanted=["listed"])
    async with simulated.up():
        [gate] = await simulated.open_gates()
        await simulated.approve(gate)
    assert len(machine.applied) == 1


async def test_what_nobody_asked_to_be_listed_is_done_although_it_is_gone(simulate: Simulate, machine: Any) -> None:
    simulated = await waiting(simulate, machine)
    (simulated.workspace.root / "inbox" / "note.txt").unlink()
    async with simulated.up():
        await simulated.live(15 * MINUTE)
        [gate] = await simulated.open_gates()
        await simulated.approve(gate)
    assert len(machine.applied) == 1


async def test_where_the_disk_is_full_it_is_cancelled_later(
    simulate: Simulate, machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated = await waiting(simulate, machine, valid_for="2h")
    tries = 0

    async def full(host: Any) -> None:
        nonlocal tries
        tries += 1
        raise StoreFull("the disk is full")

    async with simulated.up():
        with monkeypatch.context() as patch:
            patch.setattr(engine, "cancel_overdue", full)
            await simulated.live(2 * HOUR)
        assert tries >= 1
        await simulated.live(HOUR)
        [run] = await simulated.runs()
        assert run.state is State.CANCELLED
