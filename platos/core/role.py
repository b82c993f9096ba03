"""Roles: what an actor says of itself, so that a plan can be wired and checked before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from platos.core.passage import stretches

__all__ = ["ITEMS", "Role"]

ITEMS = "items"
"""What a node is given where nothing came before it: the run's items alone."""


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """An actor of the catalogue: what it does, in a line, and between which nodes it fits.

    `takes` are the kinds of artifact that it works on, `items` among them where it needs nothing but items; empty is
    anything. `makes` are the kinds that it hands on; empty is any. `calls` is how many model calls it makes at most
    each time that it acts, and `with_tools` how many where its node has tools, if that is more; None where that is not
    said. One that reads its items in stretches says of how many characters in `stretch`, and `calls` is for each of
    these; with 0 it reads them at once. One without `tools` is given none: what it reads can make it call nothing.
    """

    actor: str
    does: str = ""
    takes: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()
    calls: int | None = None
    with_tools: int | None = None
    tools: bool = True
    stretch: int = 0

    def calls_of(self, tools: Sequence[str], texts: Iterable[str] = ()) -> int | None:
        """How many model calls it makes at most each time that it acts, with these tools, on items of these texts."""
        calls = self.with_tools if tools and self.with_tools is not None else self.calls
        if calls is None or not self.stretch:
            return calls
        return calls * sum(len(stretches(text, self.stretch)) for text in texts)
