"""Work that is worth nothing any more: a run whose time is over is cancelled, with the reason, wherever it is."""

from __future__ import annotations

import logging

from platos.core.instant import iso
from platos.errors import InvalidTransition
from platos.runtime.host import Host
from platos.runtime.redrive import cancel
from platos.store import runs

__all__ = ["cancel_overdue"]

log = logging.getLogger("platos")


async def cancel_overdue(host: Host) -> None:
    """Cancel every run whose time is over. What it has sent, and was not answered, is in doubt."""
    for number in await runs.overdue(host.store, host.now()):
        row = await runs.find(host.store, number)
        why = f"it was to be done by {iso(row.valid_until)}"
        try:
            await cancel(host, number, by="runtime", why=why)
        except InvalidTransition:
            continue  # it has ended meanwhile
        log.warning("%s of %s was cancelled: %s", row.name, row.specialist, why)
