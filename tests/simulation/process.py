"""The process: it is started, works, and ends by itself, at any of its transactions, or between any two wake-ups."""

from __future__ import annotations

import anyio

from platos.core.instant import HOUR, Span
from platos.errors import StoreFull
from platos.runtime.engine import Engine
from tests.simulation.faults import StoreFaults
from tests.simulation.loop import SimulatedLoop
from tests.simulation.people import People
from tests.simulation.record import call_the_witness
from tests.simulation.site import Site
from tests.simulation.world import Cut, World

__all__ = ["Process"]

_MOST_WRITES, _MOST_WAKES = 120, 2_000
_LIFE = 150_000.0
"""How long a life that nothing ends lasts, in seconds, on the average."""

_ENDS = ("itself", "transaction", "transaction", "await", "await")
_LAST: Span = 36 * HOUR


class Process:
    """`lives` counts how often it was started."""

    def __init__(self, world: World, loop: SimulatedLoop, site: Site, people: People) -> None:
        self._world, self._loop, self._site, self._people = world, loop, site, people
        self.faults = StoreFaults(world)
        self.lives = 0

    async def begin(self) -> None:
        """The first life makes the store, before there is a specialist: the witness sees everything."""
        async with self._site.app.engine("simulation", inline=True) as engine:
            await engine.store.transact(call_the_witness)

    async def live(self, most: float) -> None:
        """From a start to an end, after so many seconds at most."""
        self.lives += 1
        self._world.dead = False
        try:
            with anyio.CancelScope() as scope:
                self._doom(scope)
                async with self._site.app.engine("simulation", inline=True) as engine:
                    await self._work(engine, min(most, self._world.chance.expovariate(1 / _LIFE)))
        except StoreFull:
            return  # a full disk refuses its start
        except BaseException as error:
            if not _is_cut(error):
                raise
        finally:
            self.faults.spare()

    async def live_well(self) -> None:
        """The last life has no faults: everything is there again, and whatever is asked is approved."""
        self._world.calm, self._world.dead, self._world.full = True, False, False
        self._people.restore()
        async with self._site.app.engine("simulation", inline=True) as engine:
            await self._people.set_right(engine)
            for _ in range(3):
                await self._go_on(engine, _LAST // 3)
                await self._people.approve_all(engine)
            await self._go_on(engine, HOUR)

    def _doom(self, scope: anyio.CancelScope) -> None:
        life = self.lives

        def die() -> None:
            if self.lives == life and not self._world.calm:
                self._world.dead = True
                scope.cancel()

        match self._world.pick(_ENDS):
            case "transaction":
                self.faults.cut_in(self._world.chance.randint(1, _MOST_WRITES), after=self._world.coin())
            case "await":
                self._loop.strike(self._world.chance.randint(1, _MOST_WAKES), die)

    async def _work(self, engine: Engine, seconds: float) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(engine.live)
            tasks.start_soon(self._people.meddle, engine)
            await anyio.sleep(seconds)
            tasks.cancel_scope.cancel()

    async def _go_on(self, engine: Engine, span: Span) -> None:
        await engine.live(self._site.app.clock.now() + span)
        await engine.rest()


def _is_cut(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(map(_is_cut, error.exceptions))
    return isinstance(error, Cut)
