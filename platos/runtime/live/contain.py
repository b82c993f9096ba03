"""Containment: what an actor does to the task that it lives in is its own failure, and the task goes on."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable
from typing import TypeVar

import anyio
from anyio.lowlevel import checkpoint

from platos.errors import Broken

__all__ = ["contain"]

R = TypeVar("R")


async def contain(name: str, act: Awaitable[R]) -> R:
    """What comes of it, in a task of a task group, which has the actor's name meanwhile: whoever else ends such a task
    cancels a scope around it.

    Raises Broken for a cancellation or a GeneratorExit that came from inside.
    """
    task = asyncio.current_task()
    assert task is not None
    before, its_name = task.cancelling(), task.get_name()
    task.set_name(name)
    try:
        return await act
    except asyncio.CancelledError as leaked:
        if _ends():
            raise
        raise Broken(f"it leaked {type(leaked).__name__}", where=name) from None
    except GeneratorExit:
        if not _is_current(task):
            raise
        raise Broken("it leaked a GeneratorExit", where=name) from None
    finally:
        task.set_name(its_name)
        if task.cancelling() > before and not _ends():
            await _forget(task, before)


def _ends() -> bool:
    """Is a scope around the current task cancelled?"""
    return anyio.current_effective_deadline() == -math.inf


def _is_current(task: asyncio.Task[object]) -> bool:
    """Does it run? A task that is thrown away while it waits is closed from elsewhere, and can wait no more."""
    try:
        return asyncio.current_task() is task
    except RuntimeError:
        return False


async def _forget(task: asyncio.Task[object], before: int) -> None:
    """Let the task's own cancellation reach it, and go on."""
    try:
        await checkpoint()
    except asyncio.CancelledError:
        if _ends():
            raise
    while task.cancelling() > before:
        task.uncancel()
