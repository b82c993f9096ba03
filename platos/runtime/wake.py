"""One wake-up on its way: what the steps of the story hand to each other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from platos.core.instant import Instant
from platos.core.item import Item
from platos.core.schedule import Missed
from platos.core.specialist import Overlap, Specialist
from platos.runtime.host import Host

__all__ = ["Wake"]


@dataclass
class Wake:
    """A wake-up of one specialist. `slot` is None where no schedule asked for it: by hand, or to go on.

    `given` is work handed in with it. The other fields are filled as the story goes.
    """

    host: Host
    name: str
    slot: Instant | None = None
    given: tuple[Item, ...] = ()
    by: str = "runtime"
    started: Instant = 0
    upcoming: Instant = 0
    missed: tuple[Missed, ...] = ()
    arrived: list[int] = field(default_factory=list)
    signals: list[int] = field(default_factory=list)
    runs: list[int] = field(default_factory=list)
    _specialist: Specialist | None = None

    @property
    def specialist(self) -> Specialist:
        """The definition in force, known once the wake-up is due."""
        assert self._specialist is not None
        return self._specialist

    @specialist.setter
    def specialist(self, definition: Specialist) -> None:
        self._specialist = definition

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Polling and triage of one specialist: one wake-up at a time."""
        return self.host.lock("turn", self.name)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Working: one run at a time for each specialist, unless its overlap is parallel."""
        definition = self.host.in_force.get(self.name)
        if definition is not None and definition.overlap is Overlap.PARALLEL:
            yield
            return
        async with self.host.lock("working", self.name):
            yield
