"""Shared: specialists that are due together and ask the same source, from the same place, ask it once.

An answer is for those whose slot had come when it was asked for: they would be told nothing older by asking themselves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

import anyio

from platos.core.digest import canonical
from platos.core.instant import Instant
from platos.core.specialist import PartSpec
from platos.ports.source import Polled

__all__ = ["Key", "Shared"]

Ask = Callable[[bytes | None], Awaitable[Polled]]


_MOST = 20_000
"""So many answers are kept at once; then all of them are let go."""


class Key(NamedTuple):
    """What is asked: a part, with which options, and from where on."""

    part: str
    options: bytes
    cursor: bytes | None

    @classmethod
    def of(cls, spec: PartSpec, cursor: bytes | None) -> Key:
        return cls(spec.part, canonical(spec.options), cursor)


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

    def answer(self, key: Key, slot: Instant) -> Polled | None:
        """The answer that is there for a slot already, and is no failure."""
        asked = self._asked.get(key)
        return asked.answer if asked and asked.at >= slot and isinstance(asked.answer, Polled) else None

    async def poll(self, key: Key, slot: Instant, ask: Ask) -> Polled:
        """What the source answers, asked once after a slot has come. Raises what that raised."""
        asked = self._asked.get(key)
        if asked is None or asked.at < slot:
            asked = self._begin(key)
        async with asked.turn:
            if asked.answer is None:  # where whoever asked first was cancelled, the next one asks
                try:
                    asked.answer = await ask(key.cursor)
                except Exception as error:  # noqa: BLE001 - told to everybody who asks the same
                    asked.answer = error
        if isinstance(asked.answer, Exception):
            raise asked.answer
        return asked.answer

    def _begin(self, key: Key) -> _Asked:
        if len(self._asked) >= _MOST:
            self._asked.clear()
        asked = self._asked[key] = _Asked(self._now())
        return asked
