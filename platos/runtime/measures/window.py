"""The window: the journal's latest events, as far back as measures look."""

from __future__ import annotations

import sys

import msgspec

from platos.core.event import (
    AnyEvent,
    GateDecided,
    GateOpened,
    PlanMade,
    RunMoved,
    RunOpened,
    StepMoved,
    decode_event,
)
from platos.core.instant import DAY, Instant, Span
from platos.errors import StoreCorrupt
from platos.ports.offload import Offload
from platos.store import ReadStore, measures

__all__ = ["LONGEST", "MOST", "Window", "look_back"]

LONGEST: Span = DAY
MOST = 20_000
"""A window is at most this long, and has at most this many entries: what a look costs does not grow with history."""

_AT_ONCE = 1_000
_NOTHING = msgspec.Raw(b"null")
_TOLD = (RunOpened, PlanMade, RunMoved, StepMoved, GateOpened, GateDecided)


class Window(msgspec.Struct, frozen=True):
    """The events that measures are made of, newest first, out of `entries` of the journal.

    `since` is when it begins; `whole` tells that all of its time is in it, and not only as much as may be read.
    """

    events: list[AnyEvent]
    entries: int
    since: Instant
    whole: bool


async def look_back(store: ReadStore, offload: Offload, now: Instant) -> Window:
    """The window that ends now. Raises StoreCorrupt where an entry cannot be read."""
    since, seq, read = now - LONGEST, sys.maxsize, 0
    found: list[AnyEvent] = []
    while read < MOST:
        page = await measures.before(store, seq, min(_AT_ONCE, MOST - read))
        events = await offload(_decode, page)
        found += (event for event in events if event.at >= since)
        if not page or events[-1].at < since:
            return Window(_told(found), len(found), since, True)
        read, seq = read + len(page), page[-1][0]
    return Window(_told(found), len(found), min(event.at for event in found), False)


def _decode(page: list[tuple[int, bytes]]) -> list[AnyEvent]:
    """The events of a page. What steps came to is left out: it may be large."""
    events = (_event(seq, body) for seq, body in page)
    return [msgspec.structs.replace(each, result=_NOTHING) if isinstance(each, StepMoved) else each for each in events]


def _event(seq: int, body: bytes) -> AnyEvent:
    try:
        event: AnyEvent = decode_event(body)
    except msgspec.DecodeError as error:
        raise StoreCorrupt(f"entry {seq} of the journal cannot be read: {error}", hint="restore a backup") from error
    return event


def _told(events: list[AnyEvent]) -> list[AnyEvent]:
    return [event for event in events if isinstance(event, _TOLD)]
