"""The person of a replay: knows the truth of the recording, and says each evening what a person would have said."""

from __future__ import annotations

from collections.abc import Mapping

from platos.runtime.engine import Engine
from platos.store import audits, items

__all__ = ["ASSUMED_PERSON", "Person"]

ASSUMED_PERSON = (
    "A person who knows what the recording says answers every audit, and says of what was let through whether it was a"
    " signal, by the end of its day. Tiers learn from that."
)
_BY = "the recording"
_ALL = 1_000_000


class Person:
    """Answers for one specialist."""

    def __init__(self, specialist: str, truth: Mapping[str, bool]) -> None:
        self._specialist, self._truth = specialist, truth

    async def say(self, engine: Engine) -> None:
        """Label what was let through, and what audits have drawn, where the recording knows it."""
        asked = [await items.find(engine.store, number) for number in await self._drawn(engine)]
        for stored in [*await items.let_through(engine.store, self._specialist), *asked]:
            signal = self._truth.get(stored.item.id)
            if signal is not None:
                await engine.label(stored.number, signal=signal, by=_BY)

    async def _drawn(self, engine: Engine) -> list[int]:
        return await audits.unanswered(engine.store, self._specialist, _ALL)
