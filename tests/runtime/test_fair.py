"""Fairness: who takes long, in polling or at work, holds up nobody else."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from platos.clock import SystemClock
from platos.core.instant import MINUTE, Instant
from platos.core.item import Item
from platos.ports.source import Polled
from platos.runtime import engine as engines
from platos.runtime import host as hosts
from platos.runtime.engine import Engine
from platos.store import specialists
from platos.testing.source import ScriptedSource
from platos.testing.workspace import SimulatedWorkspace

PATIENCE = 60.0
"""Seconds after which a test gives up waiting; none passes or fails by how long something took."""


class Ahead(SystemClock):
    """The machine's clock, a minute on when it is told."""

    ahead = 0

    def now(self) -> Instant:
        return super().now() + self.ahead


class Hanging(ScriptedSource):
    """A source that does not answer until it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = anyio.Event()

    async def poll(self, cursor: bytes | None) -> Polled:
        await self.answers.wait()
        return await super().poll(cursor)


async def woken(engine: Engine, names: set[str]) -> None:
    """Return when each of these has woken."""
    with anyio.fail_after(PATIENCE):
        while names - {row.name for row in await specialists.every(engine.store) if row.wakes}:  # noqa: ASYNC110 - as from outside
            await anyio.sleep(0.01)


async def test_more_slow_ones_than_may_begin_at_once_hold_up_no_other(
    make_folder: Callable[[], Path], describe: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_MOST_WAKING", 4)
    monkeypatch.setattr(engines, "_SLOW", 1)
    source, clock = Hanging(), Ahead()
    texts: dict[str, Any] = {f"a{n}": describe(sources=["hanging"], schedule="* * * * *") for n in range(9)}
    texts |= {f"b{n}": describe(schedule="* * * * *") for n in range(9)}
    simulated = SimulatedWorkspace(make_folder(), texts, parts={("source", "hanging"): source})
    monkeypatch.setattr(simulated, "clock", clock)
    async with simulated.up() as engine, anyio.create_task_group() as tasks:
        clock.ahead = MINUTE
        tasks.start_soon(engine.live)
        await woken(engine, {f"b{n}" for n in range(9)})
        assert not [row for row in await specialists.every(engine.store) if row.name[0] == "a" and row.wakes]
        source.answers.set()
        await woken(engine, set(texts))
        tasks.cancel_scope.cancel()


class Pondering:
    """A planner that does not come to an end."""

    async def plan(self, brief: Any) -> Any:
        await anyio.sleep_forever()


async def test_runs_at_work_hold_up_no_wake_up(
    make_folder: Callable[[], Path], describe: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "_MOST_WORKING", 1)
    source, clock = ScriptedSource(Item(id="a", text="An advisory.")), Ahead()
    busy = describe(sources=["scripted"], planner="pondering", schedule="* * * * *")
    texts = {"a": busy, "b": busy, "c": describe(schedule="* * * * *")}
    parts: dict[Any, Any] = {("source", "scripted"): source, ("planner", "pondering"): Pondering()}
    simulated = SimulatedWorkspace(make_folder(), texts, parts=parts)
    monkeypatch.setattr(simulated, "clock", clock)
    async with simulated.up() as engine, anyio.create_task_group() as tasks:
        clock.ahead = MINUTE
        tasks.start_soon(engine.live)
        await woken(engine, set(texts))
        before = {row.name: row.wakes for row in await specialists.every(engine.store)}
        clock.ahead += MINUTE
        engine.nudge()
        with anyio.fail_after(PATIENCE):
            while any(row.wakes == before[row.name] for row in await specialists.every(engine.store)):  # noqa: ASYNC110
                await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()


async def test_the_collector_of_cycles_is_as_it_was_once_an_engine_has_ended(
    make_folder: Callable[[], Path], describe: Callable[..., str]
) -> None:
    before = gc.get_threshold()
    async with SimulatedWorkspace(make_folder(), {"watch": describe(schedule="* * * * *")}).up():
        assert gc.get_threshold()[0] > before[0]
    assert gc.get_threshold() == before
