"""Adding: many specialists of one template, a row each. All of them are there, or none is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from platos.config.template import decode_template
from platos.core.event import SpecialistsAdded
from platos.core.instant import Instant
from platos.core.schedule import Schedule
from platos.errors import UsageError
from platos.runtime.definitions import handled_until
from platos.runtime.host import Host
from platos.store import Tx, journal, specialists

__all__ = ["Added", "add"]


class Added(NamedTuple):
    """How many specialists are new, how many are made of other parameters or another template from here on, and of how
    many nothing changed."""

    added: int
    changed: int
    unchanged: int


class _New(NamedTuple):
    """A specialist to be: its name, its parameters as they are kept, and when it wakes."""

    name: str
    parameters: str
    schedule: Schedule


async def add(host: Host, content: bytes, rows: Sequence[tuple[str, Sequence[str]]], *, by: str) -> Added:
    """Make a specialist of each row, or bring one that there is up to it.

    Raises ConfigurationError where the template makes none of a row, and UsageError where one has a file of its own.
    """
    now = host.now()
    new = await host.offload(_make, content, rows, now)
    added = await host.store.transact(_add, content, new, by, now)
    for each in new:
        host.ahead.pop(each.name, None)
    return added


def _make(content: bytes, rows: Sequence[tuple[str, Sequence[str]]], now: Instant) -> list[_New]:
    """In the order of their first slots, in which their rows come to lie."""
    template = decode_template(content)
    made = []
    for name, values in rows:
        schedule = template.make(template.filling(name, values)).schedule
        made.append((schedule.next_after(now), _New(name, msgspec.json.encode(values).decode(), schedule)))
    return [new for _, new in sorted(made, key=lambda each: (each[0], each[1].name))]


def _add(tx: Tx, content: bytes, new: Sequence[_New], by: str, now: Instant) -> Added:
    digest = journal.put_payload(tx, content)
    added = changed = 0
    for each in new:
        row = specialists.get(tx, each.name)
        if row is not None and row.present and row.parameters is None:
            raise UsageError(
                f"there is a specialist {each.name!r} already, with a file of its own",
                where=f"specialists/{each.name}.md",
                expected="a name that is not taken",
            )
        if row is not None and row.present and (row.definition, row.parameters) == (digest, each.parameters):
            continue
        due = each.schedule.next_after(handled_until(row, now))
        specialists.put(tx, each.name, digest, due, parameters=each.parameters, since=now)
        new_to_it = row is None or not row.present
        added, changed = added + new_to_it, changed + (not new_to_it)
    if added or changed:
        name = decode_template(content).name
        event = SpecialistsAdded(at=now, by=by, template=name, definition=digest, added=added, changed=changed)
        tx.record(journal.SYSTEM, event)
    return Added(added, changed, len(new) - added - changed)
