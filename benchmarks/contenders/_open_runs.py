"""Runs of Platos that are opened and planned beforehand, and driven when their turn comes."""

from __future__ import annotations

from collections.abc import Sequence

from platos.core.item import Item
from platos.runtime.assemble import assemble
from platos.runtime.close import close
from platos.runtime.drive import drive
from platos.runtime.due import due
from platos.runtime.host import Host
from platos.runtime.net import Result, Run
from platos.runtime.plan import plan
from platos.runtime.poll import poll
from platos.runtime.triage import triage
from platos.runtime.verify import verify
from platos.runtime.wake import Wake

__all__ = ["OpenRuns", "item", "planned"]


class OpenRuns:
    """Runs that were opened and planned beforehand, so that only what lies between is timed."""

    def __init__(self, host: Host, specialists: Sequence[str]) -> None:
        self._host, self._specialists = host, specialists
        self._open: dict[str, Run] = {}
        self._ended: list[tuple[Run, Result]] = []

    async def prepare(self, names: Sequence[str]) -> None:
        """Close the runs before these, and open these, one for each specialist."""
        for run, result in self._ended:
            await close(run, await verify(run, result))
        self._ended.clear()
        for specialist, name in zip(self._specialists, names, strict=False):
            self._open[name] = await planned(Wake(self._host, specialist, given=(item(name),)))

    async def flow(self, name: str) -> None:
        """Assemble and drive."""
        run = self._open.pop(name)
        async with assemble(run) as net:
            result = await drive(net)
        self._ended.append((run, result))


async def planned(wake: Wake) -> Run:
    """What was handed in with a wake-up, as a run that has its plan."""
    async with wake.turn():
        for before in (due, poll, triage):
            assert await before(wake), f"there is nothing to do after {before.__name__}"
    run = await plan(wake)
    assert run is not None
    return run


def item(name: str) -> Item:
    """Work to hand in."""
    return Item(id=name, text="count to ten")
