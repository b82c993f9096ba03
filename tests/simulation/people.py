"""People: they answer gates or do not, edit files and break them, hand work in, pause, cancel, try again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import anyio

from platos.core.approval import GateState
from platos.core.effect import EffectState
from platos.core.item import Item
from platos.core.state import State
from platos.errors import PlatosError
from platos.runtime.engine import Engine
from platos.store import breakers, effects, gates, items, pauses, runs
from tests.simulation.described import BROKEN, changed, rescheduled, text_of
from tests.simulation.site import Site
from tests.simulation.world import World

__all__ = ["People"]

_BETWEEN = 5 * 3600.0
BY = "person:ana"


class People:
    """Whoever has to do with the specialists. `described` is how their files stand, or would where they are broken
    or gone; `handed_in` is the work whose asker was told that it was taken; `happened` is how they look whether an act
    was done."""

    def __init__(self, world: World, site: Site, happened: Callable[[str], bool]) -> None:
        self._world, self._site, self._happened = world, site, happened
        self.described: dict[str, dict[str, Any]] = {}
        self.handed_in: set[tuple[str, str, str]] = set()
        self._given = 0
        self._deeds: tuple[Callable[[Engine], Awaitable[None]], ...] = (
            *(self._answer, self._answer, self._edit, self._hand_in, self._label, self._cancel, self._retry),
            *(self._hold, self._resume_one, self._resume_one, self.mend, self.mend),
        )

    def hire(self, name: str, described: dict[str, Any]) -> None:
        self.described[name] = described
        self._site.write(name, text_of(described))

    async def meddle(self, engine: Engine) -> None:
        """Now and then, something. What cannot be done is refused with a reason, and that is all."""
        while True:
            deed = self._world.pick(self._deeds)
            with anyio.move_on_after(self._world.chance.expovariate(1 / _BETWEEN)):
                await self._world.slow()
                deed = self._reschedule
            with suppress(PlatosError):
                await deed(engine)

    async def mend(self, engine: Engine) -> None:
        """Close every breaker."""
        for row in await breakers.every(engine.store):
            await engine.store.transact(breakers.close_breaker, row.model)

    async def approve_all(self, engine: Engine) -> None:
        for gate in await gates.open_gates(engine.store):
            await engine.decide(gate.id, GateState.APPROVED, by=BY)

    async def set_right(self, engine: Engine) -> None:
        """Nothing is held, no breaker is open, and everyone looks at their sources, whatever the schedules say."""
        for name in await pauses.every(engine.store):
            await engine.resume(name, by=BY)
        await self.mend(engine)
        await engine.refresh()
        for name in sorted(self.described):
            await self._wake(engine, name)

    def restore(self) -> None:
        """Every file is there, and as it should be."""
        for name, described in self.described.items():
            self._site.write(name, text_of(described))

    async def _answer(self, engine: Engine) -> None:
        for gate in await gates.open_gates(engine.store):
            if self._world.coin():
                await engine.decide(gate.id, self._world.pick((GateState.APPROVED, GateState.DENIED)), by=BY)

    async def _edit(self, engine: Engine) -> None:
        """A file is changed, broken, mended, taken away or brought back; the process is told of it, or finds out."""
        name = self._world.pick(sorted(self.described))
        deed = self._world.pick(("change", "change", "break", "remove", "mend"))
        if deed == "change":
            self.described[name] = changed(self._world, self.described[name])
        if deed == "remove":
            self._site.remove(name)
        else:
            self._site.write(name, self._world.pick(BROKEN) if deed == "break" else text_of(self.described[name]))
        if self._world.coin():
            await engine.refresh()

    async def _reschedule(self, engine: Engine) -> None:
        """Something takes long: somebody changes a schedule meanwhile, or does not."""
        name = self._world.pick(sorted(self.described))
        if self._world.chance.random() < 0.2:
            self.described[name] = rescheduled(self._world, self.described[name])
            self._site.write(name, text_of(self.described[name]))
            await engine.refresh()

    async def _hand_in(self, engine: Engine) -> None:
        await self._wake(engine, self._world.pick(sorted(self.described)))

    async def _wake(self, engine: Engine, name: str) -> None:
        self._given += 1
        item = Item(id=f"given-{self._given}", text=f"An advisory by hand, number {self._given}.")
        await engine.wake(name, (item,), by=BY)
        self.handed_in.add((name, item.id, item.text))

    async def _hold(self, engine: Engine) -> None:
        """One specialist, or all of them."""
        await engine.pause(self._world.pick([*sorted(self.described), ""]), by=BY, why="let me look")

    async def _resume_one(self, engine: Engine) -> None:
        paused = sorted(await pauses.every(engine.store))
        if paused:
            await engine.resume(self._world.pick(paused), by=BY)

    async def _cancel(self, engine: Engine) -> None:
        for run in await runs.open_runs(engine.store):
            if self._world.chance.random() < 0.3:
                await engine.cancel(run.id, by=BY, why="never mind")

    async def _retry(self, engine: Engine) -> None:
        """Of what is in doubt they say what is so: they have looked."""
        for run in await runs.latest(engine.store, 20):
            if run.state in (State.FAILED, State.NEEDS_REVIEW):
                doubts = [
                    row for row in await effects.of_run(engine.store, run.id) if row.state is EffectState.IN_DOUBT
                ]
                happened = self._happened(doubts[0].key) if doubts else None
                await engine.retry(run.id, by=BY, happened=happened)

    async def _label(self, engine: Engine) -> None:
        found = [item async for item in items.every(engine.store, self._world.pick(sorted(self.described)))]
        if found:
            await engine.label(self._world.pick(found).number, signal=self._world.coin(), by=BY)
