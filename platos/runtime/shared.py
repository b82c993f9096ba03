"""Shared: specialists that are due together and ask the same source, from the same place, ask it once.

An answer is for those whose slot had come when it was asked for: they would be told nothing older by asking themselves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio

from platos.core.digest import canonical
from platos.core.instant import Instant
from platos.core.specialist import PartSpec
from platos.ports.source import Polled

__all__ = ["Shared"]

Ask = Callable[[bytes | None], Awaitable[Polled]]
Key = tuple[str, bytes, bytes | None]


_MOST = 20_000
"""So many answers are kept at once; then all of them are let go."""


class _Asked:
    """A question, when it was asked, and its answer once it is there."""

    def __init__(self, at: Instant) -> None:
        self.at = at
        self.turn = anyio.Lock(fast_acquire=True)
        self.answer: Polled | Exception | None = None


class Shared:
    """The answers that sources gave, for as long as there is somebody due who may ask the same. A failure is an answer
    too."""

    def __init__(self, now: Callable[[], Instant]) -> None:
        self._now = now
        self._asked: dict[Key, _Asked] = {}

    async def poll(self, spec: PartSpec, cursor: bytes | None, slot: Instant, ask: Ask) -> Polled:
        """What the source of these options answers from this cursor, asked once after a slot has come.

        Raises what that raised.
        """
        asked = self._find((spec.part, canonical(spec.options), cursor), slot)
        async with asked.turn:
            if asked.answer is None:  # where whoever asked first was cancelled, the next one asks
                try:
                    asked.answer = await ask(cursor)
                except Exception as error:  # noqa: BLE001 - told to everybody who asks the same
                    asked.answer = error
        if isinstance(asked.answer, Exception):
            raise asked.answer
        return asked.answer

    def has(self, spec: PartSpec, cursor: bytes | None, slot: Instant) -> bool:
        """Is there an answer to that, which is no failure?"""
        asked = self._asked.get((spec.part, canonical(spec.options), cursor))
        return asked is not None and asked.at >= slot and isinstance(asked.answer, Polled)

    def _find(self, key: Key, slot: Instant) -> _Asked:
        asked = self._asked.get(key)
        if asked is None or asked.at < slot:
            if len(self._asked) >= _MOST:
                self._asked.clear()
            asked = self._asked[key] = _Asked(self._now())
        return asked
