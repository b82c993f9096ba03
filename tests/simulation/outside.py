"""What happens out there, whether the process lives or not: news, a full disk, clocks that are set, a sleep."""

from __future__ import annotations

from collections.abc import Mapping

import anyio

from platos.core.instant import DAY, HOUR, SECOND, Span
from tests.simulation.clock import MachineClocks
from tests.simulation.feed import Feed
from tests.simulation.machine import Machine
from tests.simulation.world import World

__all__ = ["Outside"]

_BETWEEN = 9 * 3_600.0
_WORDS = ("An advisory", "An advisory", "A newsletter", "A note")
_THINGS = 12
_JUMPS = (HOUR, 5 * HOUR, DAY, 30 * DAY, 365 * DAY)


class Outside:
    """`jumps` are what became of the clock, in order."""

    def __init__(
        self, world: World, clocks: MachineClocks, feeds: Mapping[str, Feed], machines: Mapping[str, Machine]
    ) -> None:
        self._world, self._clocks, self._feeds, self._machines = world, clocks, feeds, machines
        self._news = 0
        self.jumps: list[str] = []

    async def happen(self) -> None:
        """Things come into being, change, and go; now and then the world is not what it was."""
        while True:
            await anyio.sleep(self._world.chance.expovariate(1 / _BETWEEN))
            self._news += 1
            feed = self._feeds[self._world.pick(sorted(self._feeds))]
            there = sorted(id for id, text in feed.holds().items() if text is not None)
            if there and self._world.chance.random() < 0.2:
                feed.take(self._world.pick(there))
            else:
                thing = f"n{self._world.chance.randrange(_THINGS)}"
                feed.put(thing, f"{self._world.pick(_WORDS)}, number {self._news}.")
            if self._world.chance.random() < 0.1:
                self._machines[self._world.pick(sorted(self._machines))].version += 1

    async def fill_the_disk(self) -> None:
        """For up to an hour, every few days."""
        while True:
            await anyio.sleep(self._world.chance.expovariate(1 / (10 * _BETWEEN)))
            self._world.full = True
            await anyio.sleep(self._world.chance.random() * 3_600)
            self._world.full = False

    async def jump(self, week: Span) -> None:
        """In some weeks the machine sleeps, or somebody sets its clock, and perhaps sets it right again."""
        while self._world.coin():
            await anyio.sleep(self._world.chance.random() * week / SECOND)
            span: Span = self._world.pick(_JUMPS) * self._world.chance.randint(1, 60) // 60
            self.jumps.append(self._world.pick(("sleep", "forward", "back", "there and back")))
            match self.jumps[-1]:
                case "sleep":
                    self._clocks.suspend(span)
                case "forward":
                    self._clocks.set(span)
                case "back":
                    self._clocks.set(-span)
                case _:
                    self._clocks.set(span)
                    await anyio.sleep(self._world.chance.random() * 10_000)
                    self._clocks.set(-span)
