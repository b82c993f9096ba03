"""One wake-up on its way: what the steps of the story hand to each other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from platos.core.instant import Instant
from platos.core.item import Item
from platos.core.schedule import Missed
from platos.core.specialist import Overlap, Specialist
from platos.runtime.asleep.ahead import Ahead
from platos.runtime.host import Hand, Host

__all__ = ["Wake"]


def _nothing() -> None:
    """Nobody wants to know that the turn is over."""


@dataclass
class Wake:
    """A wake-up of one specialist. `slot` is None where no schedule asked for it: by hand, or to go on.

    `given` is work handed in with it. The other fields are filled as the story goes; `row` is the specialist's, `due`
    the time that the slot is claimed under, which is earlier than `slot` where slots were slept through, `definition`
    the digest of the one that `upcoming` is of, in force `since` then; `again` tells that the clock was set back, and
    shows the slot's time for a second time. `ahead` is what was read for it before, None where that may not be so any
    more; `begun` tells that its source was asked already, for it and for others.
    """

    host: Host
    name: str
    slot: Instant | None = None
    given: tuple[Item, ...] = ()
    by: str = "runtime"
    started: Instant = 0
    row: int = 0
    due: Instant = 0
    upcoming: Instant = 0
    definition: str = ""
    since: Instant | None = None
    missed: tuple[Missed, ...] = ()
    again: bool = False
    arrived: list[int] = field(default_factory=list)
    signals: list[int] = field(default_factory=list)
    runs: list[int] = field(default_factory=list)
    turn_over: Callable[[], None] = _nothing
    ahead: Ahead | None = None
    begun: bool = False
    _specialist: Specialist | None = None

    @property
    def specialist(self) -> Specialist:
        """The definition in force, known once the wake-up is due."""
        assert self._specialist is not None
        return self._specialist

    @specialist.setter
    def specialist(self, definition: Specialist) -> None:
        self._specialist = definition

    @property
    def known(self) -> bool:
        """Was there a definition in force when it was due?"""
        return self._specialist is not None

    @property
    def paused(self) -> bool:
        """Is the specialist held still? Then nothing new of it begins."""
        return self.host.pause_of(self.name) is not None

    @property
    def held(self) -> bool:
        """Is it not to begin, for a pause? One that began with others goes on to the end of its poll."""
        return self.paused and not self.begun

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Polling and triage of one specialist: one wake-up at a time. The next may begin while this one works."""
        try:
            async with self.host.lock("turn", self.name):
                if self.host.ahead.pop(self.name, None) is not self.ahead:
                    self.ahead = None
                yield
        finally:
            self.turn_over()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[bool]:
        """Working: one run at a time for each specialist, unless its overlap is parallel.

        False where somebody waits for that already: who comes next looks at all that there is to do.
        """
        definition = self.host.in_force.get(self.name)
        lock = self.host.lock("working", self.name)
        try:
            if definition is not None and definition.overlap is Overlap.PARALLEL:
                async with self.host.workers:
                    yield True
            elif lock.statistics().tasks_waiting:
                yield False
            else:
                async with lock, self.host.workers:
                    yield True
        finally:
            for run in self.runs:
                self.lets_go(run)

    def takes(self, run: int) -> bool:
        """Take a run in hand; False where somebody else has it."""
        if run in self.host.in_hand:
            return False
        if run not in self.runs:
            self.runs.append(run)
        self.host.in_hand[run] = Hand(self)
        return True

    def lets_go(self, run: int) -> None:
        """The run is nobody's, or another's, from here on."""
        hand = self.host.in_hand.get(run)
        if hand is not None and hand.holder is self:
            del self.host.in_hand[run]
            hand.open.set()
