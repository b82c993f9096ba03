"""Notifiers: how people are told."""

from __future__ import annotations

from typing import Protocol

from platos.core.notice import Notice

__all__ = ["Notifier"]


class Notifier(Protocol):
    """A way to one person."""

    async def tell(self, notice: Notice) -> None:
        """Hand the message over; return once it was taken.

        Raises a Failure whose `sent` says whether it may have arrived: it is told again, with the same `id`. What it
        says holds nothing of an address that is a secret.
        """
        ...

    async def check(self) -> None:
        """Could it tell, as it is configured? Sends nothing. Raises ConfigurationError."""
        ...
