"""Steps: what the journal says of them. A step has no row of its own: its last entry in the chain of its run is its
state, and its result where it has one.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from platos.core.event import AnyEvent, StepMoved
from platos.core.state import arrive
from platos.core.step import StepKey
from platos.store.journal import events, get_payload, put_payload, run_chain
from platos.store.store import ReadStore
from platos.store.tx import Tx

__all__ = ["last_words", "of_run", "put", "result"]

_INLINE = 16_384
"""Results up to this many bytes stand in the journal itself; larger ones are payloads, stored once."""


def put(tx: Tx, moved: StepMoved) -> StepMoved:
    """Record a step's new state; a large result goes where large contents are. The event as it was recorded.

    Raises InvalidTransition.
    """
    arrive(moved.old, moved.state, of=moved)
    if len(moved.result) > _INLINE:
        payload = put_payload(tx, bytes(moved.result))
        moved = msgspec.structs.replace(moved, result=msgspec.Raw(b"null"), payload=payload)
    tx.record(run_chain(moved.run), moved)
    return moved


def last_words(told: Iterable[AnyEvent]) -> dict[StepKey, StepMoved]:
    """The last word on each step, of a run's chain; the latest last."""
    last: dict[StepKey, StepMoved] = {}
    for event in told:
        if isinstance(event, StepMoved):
            last.pop(event.key, None)
            last[event.key] = event
    return last


async def result(store: ReadStore, step: StepMoved) -> bytes:
    """What a finished step came to, as it was encoded. Raises StoreCorrupt."""
    return bytes(step.result) if step.payload is None else await get_payload(store, step.payload)


async def of_run(store: ReadStore, run: int) -> list[StepMoved]:
    """The last word on each step of a run, the latest last. Raises StoreCorrupt."""
    return list(last_words(await events(store, run_chain(run))).values())
