"""A simulated week: specialists wake, things happen, clocks jump, people meddle, and the process dies again and again.

The last life has no faults: everything is there again, everything is approved, and a day and a half goes by. What is
left then waits for good reasons, or something is wrong.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import anyio

from platos import clock as system
from platos.clock import SystemClock
from platos.core.effect import EffectClass
from platos.core.instant import DAY, HOUR, MINUTE, SECOND, Instant, Span
from platos.errors import StoreFull
from platos.runtime.engine import Engine
from platos.store.database import NAME
from tests.simulation.clock import MachineClocks
from tests.simulation.described import TOOLS, drawn
from tests.simulation.faults import StoreFaults
from tests.simulation.feed import Feed
from tests.simulation.loop import SimulatedLoop
from tests.simulation.machine import Machine
from tests.simulation.oracle import Oracle
from tests.simulation.people import People
from tests.simulation.record import call_the_witness
from tests.simulation.site import MadeParts, Site
from tests.simulation.team import Critic, Planner, Worker
from tests.simulation.world import Cut, World
from tests.simulation.zones import Change, changes

__all__ = ["Week"]

WEEK, LAST = 7 * DAY, 36 * HOUR
_WORDS = ("An advisory", "An advisory", "A newsletter", "A note")
_BETWEEN = 9 * 3600.0
_CLASSES = dict(zip(TOOLS, (EffectClass.KEYED, EffectClass.PROBED, EffectClass.ONCE), strict=True))
_JUMPS = (HOUR, 5 * HOUR, DAY, 30 * DAY, 365 * DAY)
_NAP = 3600.0


class Week:
    """One week of one seed, in an empty folder."""

    def __init__(self, seed: int, loop: SimulatedLoop, folder: Path) -> None:
        self.seed, self.change = seed, _change(seed)
        self.world = world = World(loop.chance)
        self.loop = loop
        self.clocks = MachineClocks(loop, self.change.at - world.chance.randrange(HOUR, WEEK, MINUTE))
        self.clock = SystemClock(self.clocks.read)
        self.feeds = {f"feed-{number}": Feed(world) for number in range(3)}
        self.machines = {name: Machine(world, effect) for name, effect in _CLASSES.items()}
        self.faults = StoreFaults(world)
        self.site = Site(folder, self._parts(), self.clock)
        self.people = People(world, self.site, self._happened)
        self.complaints = _Complaints()
        self.lives, self.changed = 0, 0
        self.jumps: list[str] = []

    @property
    def state(self) -> Path:
        """The state file."""
        return self.site.app.workspace.state / NAME

    @contextmanager
    def around(self) -> Iterator[None]:
        """What must be so around the loop that the week is lived on."""
        with self.faults.between(), self.complaints.listening(), _chance(self.seed), _naps():
            yield

    async def live(self) -> None:
        """The whole of it."""
        await self._begin()
        self._hire()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._happen)
            tasks.start_soon(self._jump)
            while self.loop.time() * SECOND < WEEK:
                await self._life()
                await anyio.sleep(self.world.chance.random() * self.world.pick((60, 3_600, 36_000)))
            tasks.cancel_scope.cancel()
        await self._last_life()

    # -- what there is

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

    # -- what happens, whether the process lives or not

    async def _happen(self) -> None:
        """Things come into being, change, and go."""
        while True:
            await anyio.sleep(self.world.chance.expovariate(1 / _BETWEEN))
            feed = self.feeds[self.world.pick(sorted(self.feeds))]
            there = sorted(id for id, text in feed.holds().items() if text is not None)
            if there and self.world.chance.random() < 0.2:
                feed.take(self.world.pick(there))
            else:
                self.changed += 1
                feed.put(f"n{self.world.chance.randrange(12)}", f"{self.world.pick(_WORDS)}, number {self.changed}.")
            if self.world.chance.random() < 0.1:
                self.machines[self.world.pick(TOOLS)].version += 1
            await self._fill_the_disk()

    async def _fill_the_disk(self) -> None:
        self.world.full = self.world.fault(0.1, "full") != ""
        if self.world.full:
            await anyio.sleep(self.world.chance.random() * 3_600)
            self.world.full = False

    async def _jump(self) -> None:
        """In some weeks the machine sleeps, or somebody sets its clock, and perhaps sets it right again."""
        while self.world.coin():
            await anyio.sleep(self.world.chance.random() * WEEK / SECOND)
            span: Span = self.world.pick(_JUMPS) * self.world.chance.randint(1, 60) // 60
            kind = self.world.pick(("sleep", "forward", "back", "there and back"))
            self.jumps.append(kind)
            match kind:
                case "sleep":
                    self.clocks.suspend(span)
                case "forward":
                    self.clocks.set(span)
                case "back":
                    self.clocks.set(-span)
                case "there and back":
                    self.clocks.set(span)
                    await anyio.sleep(self.world.chance.random() * 10_000)
                    self.clocks.set(-span)

    # -- the process

    async def _begin(self) -> None:
        """The first life makes the store, before there is a specialist: the witness sees everything."""
        async with self.site.app.engine("simulation", inline=True) as engine:
            await engine.store.transact(call_the_witness)

    async def _life(self) -> None:
        """From a start to a stop, or to a sudden end."""
        self.lives += 1
        self.world.dead = False
        most = WEEK // SECOND - self.loop.time()
        try:
            with anyio.CancelScope() as scope:
                self._doom(scope)
                async with self.site.app.engine("simulation", inline=True) as engine:
                    await self._work(engine, min(max(most, 0) + 60, self.world.chance.expovariate(1 / 150_000)))
        except StoreFull:
            return  # a full disk refuses its start
        except BaseException as error:
            if not _is_cut(error):
                raise
        self.faults.cut_in(0, after=False)

    def _doom(self, scope: anyio.CancelScope) -> None:
        """How this life ends: by itself, at a transaction, or between any two wake-ups of its tasks."""

        def die() -> None:
            if not self.world.calm:
                self.world.dead = True
                scope.cancel()

        match self.world.pick(("itself", "transaction", "transaction", "await", "await")):
            case "transaction":
                self.faults.cut_in(self.world.chance.randint(1, 120), after=self.world.coin())
            case "await":
                self.loop.strike(self.world.chance.randint(1, 2_000), die)

    async def _work(self, engine: Engine, seconds: float) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(engine.live)
            tasks.start_soon(self.people.meddle, engine)
            await anyio.sleep(seconds)
            tasks.cancel_scope.cancel()

    async def _last_life(self) -> None:
        self.world.calm, self.world.dead, self.world.full = True, False, False
        self.people.restore()
        async with self.site.app.engine("simulation", inline=True) as engine:
            await self.people.resume_all(engine)
            await self.people.mend(engine)
            await engine.refresh()
            await self.people.wake_all(engine)
            for _ in range(3):
                await self._go_on(engine, LAST // 3)
                await self.people.approve_all(engine)
            await self._go_on(engine, HOUR)

    async def _go_on(self, engine: Engine, span: Span) -> None:
        await engine.live(self.clock.now() + span)
        await engine.rest()


def _change(seed: int) -> Change:
    """Seeds go round the zones, and round the changes of each."""
    zones = changes()
    of_zone = zones[seed % len(zones)]
    return of_zone[seed // len(zones) % len(of_zone)]


class _Complaints(logging.Handler):
    """What the runtime says broke that should not."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(f"{record.getMessage()}: {record.exc_info and record.exc_info[1]!r}")

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Nobody hears what is only a warning: there are many, and words take time."""
        log = logging.getLogger("platos")
        level = log.level
        log.setLevel(logging.ERROR)
        log.addHandler(self)
        try:
            yield
        finally:
            log.removeHandler(self)
            log.setLevel(level)


@contextmanager
def _chance(seed: int) -> Iterator[None]:
    """The runtime draws its jitter from `random` itself."""
    before = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)


@contextmanager
def _naps() -> Iterator[None]:
    """A nap of half a minute is half a second of a week that lasts a tenth of one: these are longer."""
    before = system._LONGEST_SLEEP
    setattr(system, "_LONGEST_SLEEP", _NAP)
    try:
        yield
    finally:
        setattr(system, "_LONGEST_SLEEP", before)


def _is_cut(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(map(_is_cut, error.exceptions))
    return isinstance(error, Cut)
