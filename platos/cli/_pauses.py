"""Pauses as people are told of them: who is held still, by whom, since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from platos.core.event import Paused
from platos.core.instant import iso
from platos.store.pauses import EVERYTHING

__all__ = ["PauseTold", "tell_pause"]


class PauseTold(msgspec.Struct, frozen=True, kw_only=True):
    """A pause. `specialist` is empty where everything is paused."""

    specialist: str
    by: str
    since: str
    why: str

    @property
    def text(self) -> str:
        """The same for people."""
        return f"paused by {self.by} since {self.since}" + (f" ({self.why})" if self.why else "")

    @property
    def way_out(self) -> str:
        """The command that ends it."""
        return f"platos resume {self.specialist or '--all'}"


def tell_pause(paused: Mapping[str, Paused], names: Iterable[str]) -> PauseTold | None:
    """What holds a specialist still: the first of these names that is paused. The whole workspace is `EVERYTHING`."""
    held = next((paused[name] for name in names if name in paused), None)
    if held is None:
        return None
    return PauseTold(specialist=held.specialist or EVERYTHING, by=held.by, since=iso(held.at), why=held.why)
