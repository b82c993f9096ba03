"""Tables: the versions that stand under names, and since when."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from platos.core.instant import Instant
from platos.triage._versions import Scheme

__all__ = ["ALWAYS", "Change", "Table", "Versions"]

Versions = tuple[str, ...]
"""What stands under a name: one version as a rule; several where several are in use; one that is empty where it says
nothing of versions; none where the name is not there."""

ALWAYS: Instant = -(2**63)
"""Before any time."""


class Change(NamedTuple):
    """What became different at a time. A `full` change says everything: what it does not set is gone."""

    at: Instant
    set: Mapping[str, Versions]
    removed: Sequence[str] = ()
    full: bool = False


class Table:
    """The whole history of a table, by name: the times at which a name's versions changed, and to what.

    `scheme` is how its names are written and its versions ordered.
    """

    def __init__(self, changes: Iterable[Change], scheme: Scheme) -> None:
        """A first change that is full holds for all times before it too."""
        self.scheme = scheme
        self._form = scheme.name
        self._history: dict[str, tuple[list[Instant], list[Versions]]] = {}
        for place, change in enumerate(sorted(changes, key=lambda change: change.at)):
            at = ALWAYS if place == 0 and change.full else change.at
            self._apply(at, change)

    def at(self, name: str, time: Instant) -> Versions:
        """What stood under a name at a time."""
        times, versions = self._history.get(self._form(name), ((), ()))
        place = bisect_right(times, time)
        return versions[place - 1] if place else ()

    def _apply(self, at: Instant, change: Change) -> None:
        stands: dict[str, Versions] = {}
        for name, versions in change.set.items():
            stands[self._form(name)] = (*stands.get(self._form(name), ()), *versions)
        gone = list(self._history) if change.full else [self._form(name) for name in change.removed]
        for name in gone:
            stands.setdefault(name, ())
        for name, versions in stands.items():
            times, values = self._history.setdefault(name, ([], []))
            times.append(at)
            values.append(versions)
