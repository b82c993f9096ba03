"""http-keyed: sends something over HTTP to what takes an idempotency key, and may send it again."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from platos.config.headers import HeaderName
from platos.core.effect import EffectClass, Receipt
from platos.ports.part import Environment, tool
from platos.tools._http_send import Sender, Sending, SendOptions

__all__ = ["HttpKeyed"]


@tool("http-keyed", version="1")
class HttpKeyed(Sender):
    """Only for what promises that the same key is the same act, for longer than a run may take to come back to it.

    A refusal is no proof here that nothing was done: what it refuses may be the second of two.
    """

    class Options(SendOptions):
        """`key_header` is the header that the other side takes the key in."""

        key_header: HeaderName = Field("Idempotency-Key", description="as the other side calls it")

    effect: ClassVar[EffectClass] = EffectClass.KEYED

    def __init__(self, options: Options, environment: Environment) -> None:
        super().__init__(options, environment)
        self._key_header = options.key_header

    async def call(self, arguments: Sending, key: str) -> Receipt:
        """Send it, with its key. Raises PermissionDenied, AuthFailed, RateLimited, TimedOut, Unavailable or Broken."""
        answer, url = await self.send(arguments, {self._key_header: key})
        return self.receipt(arguments, answer, url, refused_is_undone=False)
