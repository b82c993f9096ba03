"""Steps: the last word on each, found in the journal."""

from __future__ import annotations

import msgspec

from platos.core.event import StepMoved, decode_event
from platos.core.state import arrive
from platos.errors import InvalidTransition
from platos.store.journal import put_payload, run_chain
from platos.store.sql import load
from platos.store.store import ReadStore
from platos.store.tx import Tx, projects

__all__ = ["of_node", "of_run", "put"]

SQL = load("steps")

_INLINE = 16_384
"""Results up to this many bytes stand in the journal itself; larger ones are payloads, stored once."""


@projects(StepMoved)
def _moved(tx: Tx, seq: int, event: StepMoved) -> None:
    arrive(event.old, event.state, of=str(event.key))
    changed = tx.execute(
        SQL.put,
        run=event.run,
        revision=event.revision,
        path=event.path,
        name=event.name,
        ordinal=event.ordinal,
        kind=event.kind,
        state=event.state,
        attempt=event.attempt,
        event=seq,
        old=event.old,
    )
    if not changed:
        raise InvalidTransition(f"the step is not {event.old}", where=str(event.key))


def put(tx: Tx, moved: StepMoved) -> StepMoved:
    """Record a step's new state; a large result goes where large contents are. The event as it was recorded."""
    if len(moved.result) > _INLINE:
        payload = put_payload(tx, bytes(moved.result))
        moved = msgspec.structs.replace(moved, result=msgspec.Raw(b"null"), payload=payload)
    tx.record(run_chain(moved.run), moved)
    return moved


async def of_node(store: ReadStore, run: int, revision: int, path: str) -> list[StepMoved]:
    """The last word on each step of a node."""
    return [_step(row[0]) for row in await store.all(SQL.of_node, run=run, revision=revision, path=path)]


async def of_run(store: ReadStore, run: int) -> list[StepMoved]:
    """The last word on each step of a run, the latest last."""
    return [_step(row[0]) for row in await store.all(SQL.of_run, run=run)]


def _step(body: bytes) -> StepMoved:
    event = decode_event(body)
    assert isinstance(event, StepMoved)
    return event
