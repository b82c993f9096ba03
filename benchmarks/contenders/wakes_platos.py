"""Platos: specialists that are all due at once, over a folder in which nothing changes, woken by the living engine."""

import anyio
from _measure import AGENTS, idle_wakes, make_folder
from _platos import engine_on, make_workspace

from platos.clock import SystemClock
from platos.core.instant import Instant
from platos.runtime.engine import Engine
from platos.store import specialists

FRONT_MATTER = """
schedule: "*/15 * * * *"
sources:
  - directory: {path: inbox}
triage:
  - rules: {dismiss: [{words: [newsletter]}]}
"""
NAMES = [f"specialist-{number}" for number in range(AGENTS)]
LOOK_AGAIN = 0.002


class LeapingClock(SystemClock):
    """The machine's clock, set forward by whoever cannot wait for the next slot."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead = 0

    def now(self) -> Instant:
        return super().now() + self._ahead

    def leap_to(self, instant: Instant) -> None:
        """It is now this moment."""
        self._ahead += instant - self.now()


async def wake_all(engine: Engine, clock: LeapingClock) -> None:
    """Make it the next slot of all, and wait until each has handled it."""
    before = await specialists.every(engine.store)
    clock.leap_to(max(row.due or 0 for row in before))
    engine.nudge()
    expected = sum(row.wakes for row in before) + AGENTS
    while await woken(engine) < expected:  # noqa: ASYNC110 - looked at from outside: nothing tells when all are done
        await anyio.sleep(LOOK_AGAIN)


async def woken(engine: Engine) -> int:
    row = await engine.store.one("SELECT sum(wakes) FROM specialists")
    return row[0] if row else 0


async def main() -> None:
    root = make_workspace(FRONT_MATTER, NAMES)
    make_folder()
    clock = LeapingClock()
    async with engine_on(root, clock=clock) as (engine, _), anyio.create_task_group() as tasks:
        tasks.start_soon(engine.live)

        async def all_once() -> None:
            await wake_all(engine, clock)

        await all_once()
        await idle_wakes(all_once)
        tasks.cancel_scope.cancel()


if __name__ == "__main__":
    anyio.run(main)
