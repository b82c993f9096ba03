"""Projections: what the journal says, laid out to be asked. Only an event changes them, in its own transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from platos.core.event import Event

if TYPE_CHECKING:
    from platos.store.tx import Tx

__all__ = ["project", "projects"]

E = TypeVar("E", bound=Event)
_PROJECTORS: dict[type[Event], Callable[[Any, int, Any], None]] = {}


def projects(event: type[E]) -> Callable[[Callable[[Tx, int, E], None]], Callable[[Tx, int, E], None]]:
    """Declare how a table follows one kind of event. The number is the event's in the journal."""

    def declare(function: Callable[[Tx, int, E], None]) -> Callable[[Tx, int, E], None]:
        assert event not in _PROJECTORS, f"{event.__name__} is projected twice"
        _PROJECTORS[event] = function
        return function

    return declare


def project(tx: Tx, seq: int, event: Event) -> None:
    """Bring the projection of an event up to it; an event without one is only kept."""
    follow = _PROJECTORS.get(type(event))
    if follow is not None:
        follow(tx, seq, event)
