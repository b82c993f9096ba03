"""The clocks of a simulated machine. They go with the loop's time; one is set, and two of them go on in its sleep."""

from __future__ import annotations

from platos.core.instant import SECOND, Instant, Span
from platos.core.jump import Reading
from tests.simulation.loop import SimulatedLoop

__all__ = ["MachineClocks"]


class MachineClocks:
    """What the system's clock reads: no two readings are one moment. `stretches` are the times that the wall clock
    showed, with a jump between any two."""

    def __init__(self, loop: SimulatedLoop, start: Instant) -> None:
        self._loop = loop
        self._set, self._slept, self._read = start, 0, 0
        self._begun = start
        self._past: list[tuple[Instant, Instant]] = []

    def wall(self) -> Instant:
        return self.read().wall

    def read(self) -> Reading:
        self._read += 1
        awake = round(self._loop.time() * SECOND) + self._read
        return Reading(self._set + self._slept + awake, awake, self._slept + awake)

    @property
    def stretches(self) -> list[tuple[Instant, Instant]]:
        return [*self._past, (self._begun, self.read().wall)]

    def set(self, span: Span) -> None:
        """Somebody sets the clock, forward or, below zero, back."""
        self._past.append((self._begun, self.read().wall))
        self._set += span
        self._begun = self.read().wall

    def suspend(self, span: Span) -> None:
        """The machine sleeps, and its tasks with it."""
        self._past.append((self._begun, self.read().wall))
        self._slept += span
        self._begun = self.read().wall
