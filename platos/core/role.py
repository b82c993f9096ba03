"""Roles: what an actor says of itself, so that a plan can be wired and checked before anything runs."""

from __future__ import annotations

import msgspec

__all__ = ["ITEMS", "Role"]

ITEMS = "items"
"""What a node is given where nothing came before it: the run's items alone."""


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """An actor of the catalogue: what it does, in a line, and between which nodes it fits.

    `takes` are the kinds of artifact that it works on, `items` among them where it needs nothing but items; empty is
    anything. `makes` are the kinds that it hands on; empty is any. `calls` is how many model calls it makes at most
    each time that it acts; None where that is not said.
    """

    actor: str
    does: str = ""
    takes: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()
    calls: int | None = None
