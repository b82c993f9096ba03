"""Steps: look it up, return it, else do it and save it. A result is decoded before its first use, so that a resumed
run sees what the first one saw."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from platos.core.digest import digest
from platos.core.event import StepMoved
from platos.core.state import State
from platos.core.step import StepKind
from platos.errors import InvalidTransition
from platos.runtime.net import Net
from platos.store import steps

__all__ = ["input_digest", "load_result", "record_step"]

T = TypeVar("T")


def input_digest(given: Any) -> str:
    """The digest of a step's input: 128 bits, to notice a change, not to withstand an attack."""
    return digest(given)[:32]


async def record_step(net: Net, moved: StepMoved) -> StepMoved:
    """Commit a step's new state, and remember it. Raises InvalidTransition where it was in another state before.

    Where the whole plan is one node, its end is that of its run: it is committed with that.
    """
    key, kept = moved.key, moved
    before = net.steps.get(key)
    if before is not None and before.state is not moved.old:
        raise InvalidTransition(f"the step is {before.state}, not {moved.old}", where=str(key))
    if moved.kind is StepKind.NODE and moved.state is State.SUCCESS and moved.path == net.run.plan.root.name:
        net.run.last_words.append(moved)
    else:
        kept = await net.run.host.store.transact(steps.put, moved)
    net.steps[key] = kept
    return kept


async def load_result(net: Net, step: StepMoved, returns: type[T]) -> T:
    """A finished step's result, as its type."""
    return msgspec.json.decode(await steps.result(net.run.host.store, step), type=returns)
