"""A source that fails, hangs, answers late, tells things twice and forgets how far it was read."""

from __future__ import annotations

from typing import NamedTuple

from platos.core.instant import MINUTE, SECOND
from platos.core.item import Item
from platos.errors import RateLimited, TimedOut, Unavailable
from platos.ports.source import Polled
from tests.simulation.world import World

__all__ = ["Feed"]

_FAILURES = (Unavailable("nobody listens"), RateLimited("too often", retry_after=9.0), ValueError("no feed, a page"))
_LONGEST = 20 * MINUTE // SECOND


class _Change(NamedTuple):
    """From now on the thing `id` has this text, or is gone: None."""

    id: str
    text: str | None


class Feed:
    """Holds what happened, in order; a cursor is how many changes were read."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._changes: list[_Change] = []

    def put(self, id: str, text: str) -> None:
        self._changes.append(_Change(id, text))

    def take(self, id: str) -> None:
        self._changes.append(_Change(id, None))

    def holds(self) -> dict[str, str | None]:
        """What is there now, by id; None for what was there and is gone."""
        return dict(self._changes)

    async def poll(self, cursor: bytes | None) -> Polled:
        self._world.alive()
        read, seen = int(cursor or b"0"), self._changes[:]
        fault = self._world.fault(0.15, "fail", "hang", "late", "twice", "forget")
        await self._world.takes(_LONGEST if fault in ("hang", "late") else 1.0)
        if fault == "fail":
            raise self._world.pick(_FAILURES)
        if fault == "hang":
            raise TimedOut("no answer")
        return self._answer(read, seen, fault)

    def _answer(self, read: int, seen: list[_Change], fault: str) -> Polled:
        held, told = dict(seen), dict(seen[read:])
        names = [id for id, text in told.items() if text is not None]
        if fault == "twice":
            names += names + [id for id, text in held.items() if text is not None and self._world.coin()]
            self._world.chance.shuffle(names)
        far = self._world.chance.randint(min(read, len(seen)), len(seen)) if fault == "forget" else len(seen)
        return Polled(
            cursor=str(far).encode(),
            items=tuple(Item(id=name, text=held[name] or "") for name in names),
            withdrawn=tuple(id for id, text in told.items() if text is None),
        )
