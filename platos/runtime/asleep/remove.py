"""Removing: specialists that a template makes wake no more. What they began goes on, and their past is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from platos.config.template import decode_template
from platos.core.event import DefinitionGone
from platos.core.instant import Instant
from platos.errors import NotFound, UsageError
from platos.runtime.definitions import handled_until
from platos.runtime.host import Host
from platos.store import Tx, journal, specialists
from platos.store.specialists import SpecialistRow

__all__ = ["Removed", "refuse_removed", "remove", "those_of"]


class Removed(NamedTuple):
    """How many specialists wake no more from here on, and how many did not before."""

    removed: int
    unchanged: int


async def remove(host: Host, names: Sequence[str], *, by: str) -> Removed:
    """All of these wake no more, or none is removed. Raises NotFound, and UsageError where one has a file."""
    removed = await host.store.transact(_remove, names, by, host.now())
    for name in names:
        host.ahead.pop(name, None)
    return removed


async def those_of(host: Host, template: str) -> list[str]:
    """The names of those that a template makes, as it is or as it was. Raises NotFound."""
    found: list[str] = []
    known = set()
    for row in await specialists.templates(host.store):
        name = decode_template(await journal.get_payload(host.store, row.definition)).name
        known.add(name)
        found += await specialists.of_template(host.store, row.definition) if name == template else []
    if template not in known:
        expected = f"one of {', '.join(sorted(known))}" if known else "no template makes any"
        raise NotFound(f"no specialist is made of a template {template!r}", expected=expected)
    return found


def refuse_removed(row: SpecialistRow | None) -> None:
    """Raises NotFound where a specialist was removed."""
    if row is not None and row.parameters is not None and not row.present:
        raise NotFound(f"{row.name} was removed", hint="platos add makes it again")


def _remove(tx: Tx, names: Sequence[str], by: str, now: Instant) -> Removed:
    removed = 0
    for name in names:
        row = specialists.get(tx, name)
        if row is None:
            raise NotFound(f"there is no specialist {name!r}", hint="platos specialists lists them")
        if row.present and row.parameters is None:
            raise UsageError(
                f"{name} has a file of its own",
                where=f"specialists/{name}.md",
                expected="specialists that a template makes",
                hint=f"take the file away: {name} wakes no more then, and what it began goes on",
            )
        if specialists.remove(tx, name):
            gone = DefinitionGone(at=now, by=by, specialist=name, since=handled_until(row, now))
            tx.record(journal.specialist_chain(name), gone)
            removed += 1
    return Removed(removed, len(names) - removed)
