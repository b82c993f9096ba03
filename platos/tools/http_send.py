"""http-send: sends something over HTTP, once."""

from __future__ import annotations

from typing import ClassVar

from platos.core.effect import EffectClass, Receipt
from platos.ports.part import tool
from platos.tools._http_send import Sender, Sending, SendOptions

__all__ = ["HttpSend"]


@tool("http-send", version="1")
class HttpSend(Sender):
    """For what does not take an idempotency key. An answer that says no (4xx) is proof that nothing was done; what is
    sent and unanswered, or answered otherwise than with success, is for a person to find out."""

    Options = SendOptions
    effect: ClassVar[EffectClass] = EffectClass.ONCE

    async def call(self, arguments: Sending, key: str) -> Receipt:
        """Send it. Raises PermissionDenied, AuthFailed, RateLimited, TimedOut, Unavailable or Broken."""
        answer, url = await self.send(arguments, {})
        return self.receipt(arguments, answer, url, refused_is_undone=True)
