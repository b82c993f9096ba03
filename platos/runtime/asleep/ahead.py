"""Ahead: what many wake-ups need is read for all of them at once, right before they begin.

What was read for a specialist is used only where nobody has taken its turn since: its row and its cursors are then as
they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from platos.core.instant import Instant
from platos.core.specialist import Specialist
from platos.errors import ConfigurationError
from platos.runtime.asleep.shared import Shared
from platos.runtime.definitions import refresh_sound
from platos.runtime.host import Host
from platos.store import ahead
from platos.store.cursors import CursorRow
from platos.store.specialists import Place, SpecialistRow

__all__ = ["Ahead", "look_ahead"]


@dataclass(eq=False)
class Ahead:
    """What was read for one wake-up. `shared` is of all that are due together."""

    shared: Shared
    row: SpecialistRow | None = None
    cursors: dict[str, CursorRow] = field(default_factory=dict)
    definition: Specialist | None = None

    def bring_into_force(self, host: Host) -> Specialist | None:
        """The definition, in force while its specialist is awake. One that has a file is in force all the time."""
        if self.row is not None and self.row.parameters is not None and self.definition is not None:
            host.in_force[self.row.name] = self.definition
            host.passing.add(self.row.name)
        return self.definition


async def look_ahead(
    host: Host, names: Sequence[str], now: Instant, after: Place, count: int, shared: Shared
) -> dict[str, Ahead]:
    """Read for these specialists, who are among so many that are due after a place: for those that sleep, and whose
    definition is sound. The others read for themselves. All of them share answers.

    Raises what transactions raise: an edit of a file comes into force.
    """
    found = {name: Ahead(shared) for name in names if not host.is_locked("turn", name)}
    host.ahead.update(found)
    rows = await ahead.due(host.store, now, after, count)
    made = await _made(host, [rows[name].row for name in found if name in rows])
    sound = await refresh_sound(host, [name for name in found if name in rows and rows[name].row.parameters is None])
    for name, definition in (*made.items(), *sound.items()):
        its = found[name]
        its.definition, (its.row, its.cursors) = definition, rows[name]
    return {name: its for name, its in found.items() if its.definition is not None}


async def _made(host: Host, rows: Sequence[SpecialistRow]) -> dict[str, Specialist]:
    """What their templates make of those who have one, as far as that can be made."""
    made: dict[str, Specialist] = {}
    for row in rows:
        if row.parameters is not None:
            with suppress(ConfigurationError):  # told where it wakes by itself
                made[row.name] = await host.definition_of(row)
    return made
