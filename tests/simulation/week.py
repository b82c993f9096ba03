"""A simulated week: specialists wake, things happen, clocks jump, people meddle, and the process dies again and again.

After it comes one life without faults, a day and a half long. What is left then waits for good reasons, or something
is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio

from platos.clock import SystemClock
from platos.core.effect import EffectClass
from platos.core.instant import DAY, HOUR, MINUTE, SECOND
from platos.store.database import NAME
from tests.simulation.around import Complaints, chance_of, long_naps
from tests.simulation.clock import MachineClocks
from tests.simulation.described import TOOLS, drawn
from tests.simulation.feed import Feed
from tests.simulation.loop import SimulatedLoop
from tests.simulation.machine import Machine
from tests.simulation.oracle import Oracle
from tests.simulation.outside import Outside
from tests.simulation.people import People
from tests.simulation.process import Process
from tests.simulation.site import MadeParts, Site
from tests.simulation.team import Critic, Planner, Worker
from tests.simulation.world import World
from tests.simulation.zones import Change, changes

__all__ = ["Week"]

WEEK = 7 * DAY
_CLASSES = dict(zip(TOOLS, (EffectClass.KEYED, EffectClass.PROBED, EffectClass.ONCE), strict=True))
_GAPS = (60, 3_600, 36_000)


class Week:
    """One week of one seed, in an empty folder. The clocks of `change.zone` are changed in it."""

    def __init__(self, seed: int, loop: SimulatedLoop, folder: Path) -> None:
        self.seed, self.loop, self.change = seed, loop, _change(seed)
        self.world = world = World(loop.chance)
        self.clocks = MachineClocks(loop, self.change.at - world.chance.randrange(HOUR, WEEK, MINUTE))
        self.clock = SystemClock(self.clocks)
        self.feeds = {f"feed-{number}": Feed(world) for number in range(3)}
        self.machines = {name: Machine(world, effect) for name, effect in _CLASSES.items()}
        self.site = Site(folder, self._parts(), self.clock)
        self.people = People(world, self.site, self._happened)
        self.outside = Outside(world, self.clocks, self.feeds, self.machines)
        self.process = Process(world, loop, self.site, self.people)
        self.complaints = Complaints()

    @property
    def state(self) -> Path:
        """The state file."""
        return self.site.app.workspace.state / NAME

    @contextmanager
    def around(self) -> Iterator[None]:
        """What must be so around the loop that the week is lived on."""
        with self.process.faults.between(), self.complaints.listening(), chance_of(self.seed), long_naps():
            yield

    async def live(self) -> None:
        """The whole of it."""
        await self.process.begin()
        self._hire()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.outside.happen)
            tasks.start_soon(self.outside.fill_the_disk)
            tasks.start_soon(self.outside.jump, WEEK)
            while (left := WEEK / SECOND - self.loop.time()) > 0:
                await self.process.live(left)
                await anyio.sleep(self.world.chance.random() * self.world.pick(_GAPS))
            tasks.cancel_scope.cancel()
        await self.process.live_well()

    def _parts(self) -> MadeParts:
        world = self.world
        return {
            **{("source", name): feed for name, feed in self.feeds.items()},
            **{("tool", name): machine for name, machine in self.machines.items()},
            ("model", "oracle"): Oracle(world),
            ("planner", "shapes"): Planner(),
            ("actor", "worker"): Worker(world),
            ("actor", "critic"): Critic(world),
        }

    def _hire(self) -> None:
        """The first specialist is of the zone whose clocks are changed; others may be of any."""
        for number in range(self.world.chance.randint(1, 3)):
            zone = self.change.zone if number == 0 else self.world.pick(changes())[0].zone
            sources = self.world.chance.sample(sorted(self.feeds), self.world.chance.randint(1, 2))
            self.people.hire(f"specialist-{number}", drawn(self.world, zone, sources))

    def _happened(self, key: str) -> bool:
        return any(key in machine.applied for machine in self.machines.values())


def _change(seed: int) -> Change:
    """Seeds go round the zones, and round the changes of each."""
    zones = changes()
    of_zone = zones[seed % len(zones)]
    return of_zone[seed // len(zones) % len(of_zone)]
