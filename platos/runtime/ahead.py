"""Ahead: what many wake-ups need is read for all of them at once, right before they begin.

What was read for a specialist is used only where nobody has taken its turn since: its row and its cursors are then as
they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from platos.core.specialist import Specialist
from platos.runtime.definitions import refresh_sound
from platos.runtime.host import Host
from platos.runtime.shared import Shared
from platos.store import cursors, specialists
from platos.store.cursors import CursorRow
from platos.store.specialists import Place, SpecialistRow

__all__ = ["Ahead", "look_ahead"]


@dataclass(eq=False)
class Ahead:
    """What was read for one wake-up. `shared` is of all that were read together."""

    shared: Shared
    row: SpecialistRow | None = None
    cursors: dict[str, CursorRow] = field(default_factory=dict)
    definition: Specialist | None = None


async def look_ahead(host: Host, names: Sequence[str], after: Place, last: Place) -> dict[str, Ahead]:
    """Read for these specialists, who are due after one place and up to another: for those that sleep, and whose
    definition is sound. The others read for themselves.

    Raises what transactions raise: an edit of a file comes into force.
    """
    shared = Shared()
    found = {name: Ahead(shared) for name in names if not host.lock("turn", name).locked()}
    host.ahead.update(found)
    rows = await specialists.due_rows(host.store, after, last)
    read = await cursors.due(host.store, after, last)
    for name, definition in (await refresh_sound(host, list(found))).items():
        ahead = found[name]
        ahead.definition, ahead.row, ahead.cursors = definition, rows.get(name), read.get(name, {})
    return {name: ahead for name, ahead in found.items() if ahead.definition is not None}
