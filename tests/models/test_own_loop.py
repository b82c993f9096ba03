"""A loop of its own: what runs there, how it is cancelled from both sides, and how it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import anyio
import pytest

from platos.clock import ThreadOffload
from platos.models._own_loop import OwnLoop


@pytest.fixture
async def loop() -> AsyncIterator[OwnLoop]:
    own = OwnLoop(ThreadOffload())
    yield own
    await own.close()


async def _thread() -> int:
    return threading.get_ident()


async def test_every_call_runs_in_one_other_thread(loop: OwnLoop) -> None:
    threads = {await loop.call(_thread) for _ in range(3)}
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_an_error_comes_back(loop: OwnLoop) -> None:
    async def fail() -> None:
        raise KeyError("here")

    with pytest.raises(KeyError, match="here"):
        await loop.call(fail)


async def test_a_cancelled_caller_cancels_the_call(loop: OwnLoop) -> None:
    began, cancelled = threading.Event(), threading.Event()

    async def wait() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async with anyio.create_task_group() as group:
        group.start_soon(loop.call, wait)
        await anyio.to_thread.run_sync(began.wait)
        group.cancel_scope.cancel()
    assert await anyio.to_thread.run_sync(cancelled.wait, 10)


async def test_a_call_that_was_cancelled_over_there_is_an_error_here_and_cancels_nobody(loop: OwnLoop) -> None:
    async def cancel_itself() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    with pytest.raises(ConnectionError):
        await loop.call(cancel_itself)


async def test_closing_ends_what_is_in_flight(loop: OwnLoop) -> None:
    began = threading.Event()

    async def wait() -> None:
        began.set()
        await asyncio.Event().wait()

    async with anyio.create_task_group() as group:

        async def fly() -> None:
            with pytest.raises(ConnectionError):
                await loop.call(wait)

        group.start_soon(fly)
        await anyio.to_thread.run_sync(began.wait)
        await loop.close()


async def test_a_call_after_the_end_starts_another_loop(loop: OwnLoop) -> None:
    await loop.call(_thread)
    await loop.close()
    await loop.close()
    assert await loop.call(_thread)


async def test_nothing_is_left_of_a_closed_loop(loop: OwnLoop) -> None:
    await loop.call(_thread)
    await loop.close()
    assert [thread.name for thread in threading.enumerate() if thread.name == "models"] == []
