"""A sieve: which of many predicates may hold of a call, without asking every one of them.

Each is filed under its first term. The values of a kind are looked up, or gone through, for all predicates at once, and
only those whose first term may hold are asked for the rest of theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from platos.core.predicate import Looked, Match, Predicate

__all__ = ["Sieve"]


class _File(NamedTuple):
    """The predicates whose first term is of one argument and one kind: their places, by its values."""

    argument: str
    kind: Match
    values: tuple[str, ...]
    places: dict[str, list[int]]


class Sieve:
    """Predicates by their places. The answers are those that each of them gives by itself, in the order of places."""

    def __init__(self, predicates: Mapping[int, Predicate]) -> None:
        self._predicates = predicates
        self._always = [place for place, each in predicates.items() if not each.terms]
        self._files = _filed(predicates)

    def covering(self, looked: Looked) -> Iterator[int]:
        """The places of those that hold of these arguments."""
        found = {*self._always}
        for argument, kind, _, places in self._files:
            each = looked[argument]
            for value in each[0].sure(kind) if each else ():
                found.update(places.get(value, ()))
        return (place for place in sorted(found) if self._predicates[place].covers(looked))

    def doubtful(self, looked: Looked) -> Iterator[int]:
        """The places of those of which it cannot be ruled out that they hold."""
        found = {*self._always}
        for argument, kind, values, places in self._files:
            each = looked[argument]
            for doubtful in [values] if each is None else [one.doubtful(kind, values) for one in each]:
                for value in doubtful:
                    found.update(places[value])
        return (place for place in sorted(found) if self._predicates[place].may_cover(looked))


def _filed(predicates: Mapping[int, Predicate]) -> list[_File]:
    found: dict[tuple[str, Match], dict[str, list[int]]] = {}
    for place, each in predicates.items():
        for first in each.terms[:1]:
            places = found.setdefault((first.argument, first.match), {})
            for value in first.values:
                places.setdefault(value, []).append(place)
    return [_File(*of, tuple(places), places) for of, places in found.items()]
