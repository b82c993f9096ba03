"""Telling people: what is due of every matter becomes notices, and each notice is sent until it was taken.

A notice is written by the transaction that moves its matter on, so each step of a ladder is told once; it is removed
after the notifier took it, so after a crash between the two it is told again, with the same id.
"""

from __future__ import annotations

from platos.runtime.host import Host
from platos.runtime.tell.send import send_due
from platos.runtime.tell.spread import spread_due

__all__ = ["tell_people"]


async def tell_people(host: Host) -> None:
    """Tell all that is due now, or put it off where it cannot be told. Raises what transactions raise."""
    await spread_due(host)
    await send_due(host)
