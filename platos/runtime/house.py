"""Housekeeping: once a day all that is stored is verified, a little at a time, and what is old is dropped."""

from __future__ import annotations

import logging

from platos.core.instant import DAY, MINUTE, Instant
from platos.runtime.host import Host
from platos.store import journal, meta, retention
from platos.store.sound import FIRST, verify_some

__all__ = ["first_time", "keep_house"]

log = logging.getLogger("platos")

_AT_ONCE = 10_000
_NOT_BEFORE = 10 * MINUTE
"""After a start there is other work to do first."""


async def first_time(host: Host) -> Instant:
    """When a process that has just started keeps house for the first time."""
    return max(await retention.house_due(host.store, host.now()), host.now() + _NOT_BEFORE)


async def keep_house(host: Host) -> Instant:
    """Verify, and drop what is old; when to do it again. Raises StoreCorrupt, or what transactions raise."""
    last = await journal.last(host.store)
    place = await host.offload(verify_some, host.store.folder, FIRST, _AT_ONCE)
    while place != FIRST:
        place = await host.offload(verify_some, host.store.folder, place, _AT_ONCE)
    await host.store.transact(meta.put, meta.VERIFIED, last)
    dropped = await retention.keep_house(host.store, days=host.keep_days, now=host.now())
    if any(dropped):
        log.info("what was over for %d days was dropped: %s", host.keep_days, dropped)
    return host.now() + DAY
