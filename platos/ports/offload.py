"""Offload: the one way to a thread, so that a simulation can run everything inline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar, TypeVarTuple

__all__ = ["Offload"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Offload(Protocol):
    """Runs blocking work off the event loop."""

    async def __call__(self, function: Callable[[*Ts], T], *args: *Ts) -> T:
        """`function(*args)`, in a thread. A cancelled caller does not stop the thread; its result is dropped."""
        ...
