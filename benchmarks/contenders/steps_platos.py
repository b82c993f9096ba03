"""Platos: runs of one actor that does ten steps, in a live net; then the same from the wake-up to the close."""

from collections.abc import Sequence
from pathlib import Path

import anyio
from _measure import steps
from _platos import engine_on, make_workspace

from platos.core.item import Item
from platos.runtime.assemble import assemble
from platos.runtime.close import close
from platos.runtime.drive import drive
from platos.runtime.due import due
from platos.runtime.engine import Engine
from platos.runtime.host import Host
from platos.runtime.net import Result, Run
from platos.runtime.plan import plan
from platos.runtime.poll import poll
from platos.runtime.triage import triage
from platos.runtime.verify import verify
from platos.runtime.wake import Wake

FRONT_MATTER = """
schedule: "0 0 1 1 *"
sources:
  - directory: {path: inbox}
triage:
  - rules: {signal: [{words: [count]}]}
planner: ten-steps
"""
NAMES = [f"specialist-{number}" for number in range(64)]


class OpenRuns:
    """Runs that were opened and planned beforehand, so that only what lies between is timed."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._open: dict[str, Run] = {}
        self._ended: list[tuple[Run, Result]] = []

    async def prepare(self, names: Sequence[str]) -> None:
        """Close the runs before these, and open these, one for each specialist."""
        for run, result in self._ended:
            await close(run, await verify(run, result))
        self._ended.clear()
        for specialist, name in zip(NAMES, names, strict=False):
            self._open[name] = await self._planned(Wake(self._host, specialist, given=(item(name),)))

    async def flow(self, name: str) -> None:
        """Assemble and drive."""
        run = self._open.pop(name)
        async with assemble(run) as net:
            result = await drive(net)
        self._ended.append((run, result))

    async def _planned(self, wake: Wake) -> Run:
        async with wake.turn():
            for before in (due, poll, triage):
                assert await before(wake), f"there is nothing to do after {before.__name__}"
        run = await plan(wake)
        assert run is not None
        return run


def item(name: str) -> Item:
    """Work to hand in."""
    return Item(id=name, text="count to ten")


async def wake_to_close(engine: Engine, name: str) -> None:
    """Hand work in to the specialist whose turn it is, and see it through."""
    specialist = NAMES[int(name.rpartition("/")[2])]
    await engine.wake(specialist, (item(name),), by="person:bench")


async def main() -> None:
    root = make_workspace(FRONT_MATTER, NAMES, parts=Path(__file__).with_name("_ten_steps.py"))
    file = root / ".platos" / "platos.db"
    async with engine_on(root) as (engine, host):
        runs = OpenRuns(host)
        await steps(runs.flow, file, prepare=runs.prepare)
        await runs.prepare([])

        async def flow(name: str) -> None:
            await wake_to_close(engine, name)

        await steps(flow, file, around=" from wake-up to close")


anyio.run(main)
