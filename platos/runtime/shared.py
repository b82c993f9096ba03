"""Shared: specialists that wake at one moment and ask the same source, from the same place, ask it once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio

from platos.core.digest import canonical
from platos.core.specialist import PartSpec
from platos.ports.source import Polled

__all__ = ["Shared"]

Ask = Callable[[bytes | None], Awaitable[Polled]]
Key = tuple[str, bytes, bytes | None]


class _Asked:
    """A question, and its answer once it is there."""

    def __init__(self) -> None:
        self.turn = anyio.Lock(fast_acquire=True)
        self.answer: Polled | Exception | None = None


class Shared:
    """The answers that sources gave in one moment. A failure is an answer too."""

    def __init__(self) -> None:
        self._asked: dict[Key, _Asked] = {}

    async def poll(self, spec: PartSpec, cursor: bytes | None, ask: Ask) -> Polled:
        """What the source of these options answers from this cursor: asked once. Raises what that raised."""
        asked = self._asked.setdefault((spec.part, canonical(spec.options), cursor), _Asked())
        async with asked.turn:
            if asked.answer is None:  # where whoever asked first was cancelled, the next one asks
                try:
                    asked.answer = await ask(cursor)
                except Exception as error:  # noqa: BLE001 - told to everybody who asks the same
                    asked.answer = error
        if isinstance(asked.answer, Exception):
            raise asked.answer
        return asked.answer
