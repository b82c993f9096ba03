"""A journal of another version: what was stored is brought up, and what nobody knows is never guessed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from platos.core.event import UPCASTERS, StepMoved, encode_event
from platos.core.instant import MINUTE
from platos.core.state import State
from platos.errors import StoreCorrupt, Unavailable
from platos.runtime.one_error import one_error
from platos.store import journal, read_store, tx
from platos.testing.workspace import SimulatedWorkspace

from .workers import Worker, drop_one, workspace

Simulate = Callable[..., SimulatedWorkspace]


def as_it_was(event: Any) -> bytes:
    """An event as an old version wrote it: steps had another tag, and called their path a place."""
    body: bytes = encode_event(event)
    if isinstance(event, StepMoved):
        body = body.replace(b'"type":"step_moved"', b'"type":"step_moved_1"').replace(b'"path":', b'"place":')
    return body


@pytest.fixture
def old(simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> Callable[[Worker], Any]:
    """A workspace in which an old version has begun a run."""

    async def make(worker: Worker) -> SimulatedWorkspace:
        simulated = workspace(simulate, worker)
        await drop_one(simulated)
        with monkeypatch.context() as before:
            before.setattr(tx, "encode_event", as_it_was)
            async with simulated.up() as engine:
                await engine.wake("watch", by="person:ana")
        return simulated

    return make


async def a_minute(simulated: SimulatedWorkspace) -> None:
    with one_error():
        async with simulated.up():
            await simulated.live(MINUTE)


async def of_the_run(simulated: SimulatedWorkspace) -> list[Any]:
    async with read_store(simulated.workspace.state) as store:
        return await journal.chain(store, "r1")


async def test_a_run_of_an_old_version_goes_on_from_its_checkpoints(old: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Worker("one", "two", troubles={"two": [Unavailable("nobody listens")]})
    simulated = await old(worker)
    monkeypatch.setitem(UPCASTERS, "step_moved_1", lambda fields: {**fields, "type": "step_moved_2"})
    monkeypatch.setitem(
        UPCASTERS, "step_moved_2", lambda fields: {**fields, "type": "step_moved", "path": fields["place"]}
    )
    async with simulated.up():
        await simulated.live(MINUTE)
        assert (await simulated.runs())[0].state is State.SUCCESS
    assert worker.tried == {"one": 1, "two": 2}


async def test_an_event_that_nobody_knows_ends_the_process_before_its_run_is_touched(old: Any) -> None:
    simulated = await old(Worker("one", "two", troubles={"two": [Unavailable("nobody listens")]}))
    before = await of_the_run(simulated)
    with pytest.raises(StoreCorrupt, match=r"the journal's chain r1 cannot be read: .*step_moved_1"):
        await a_minute(simulated)
    assert await of_the_run(simulated) == before
