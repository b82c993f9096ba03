"""How a command changes something: through the process that owns the workspace, else by owning it for a moment."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import anyio

from platos import errors
from platos.app import App
from platos.runtime.commands import commands_of
from platos.runtime.control import ask, socket_path

__all__ = ["Changed", "change", "is_up", "person"]

_CLASSES = {name: cls for name, cls in vars(errors).items() if isinstance(cls, type)}


class Changed(NamedTuple):
    """What a command answered. `by_up` tells that `platos up` did it, and goes on with what became possible."""

    answer: Any
    by_up: bool


async def change(app: App, command: str, arguments: Mapping[str, Any], *, typed: str) -> Changed:
    """Let a command of the runtime act, here or where `platos up` runs; `typed` is what others see holding the lock.

    Raises whatever the command raises, Unreachable, or a StoreError.
    """
    folder = app.workspace.state
    answer = await ask(folder, command, arguments) if await is_up(folder) else None
    if answer is not None:
        if answer.error is not None:
            raise _error(answer.error)
        return Changed(answer.result, by_up=True)
    async with app.engine(typed) as engine:
        result = await commands_of(engine)[command](arguments)
        await engine.rest()
    return Changed(result, by_up=False)


async def is_up(folder: Path) -> bool:
    """Does `platos up` answer on the control socket of a state folder?"""
    try:
        stream = await anyio.connect_unix(socket_path(folder))
    except (OSError, errors.ConfigurationError):
        return False
    await stream.aclose()
    return True


def person() -> str:
    """Who types, as the journal names them. The system says it: an environment variable could say anything."""
    user = os.getuid()
    try:
        return f"person:{pwd.getpwuid(user).pw_name}"
    except KeyError:
        return f"person:{user}"


def _error(told: Mapping[str, Any]) -> errors.PlatosError:
    """An error of the other process, as its own class again."""
    cls = _CLASSES.get(told["error"], errors.PlatosError)
    error = cls(told["what"], where=told["where"], expected=told["expected"], hint=told["hint"])
    assert isinstance(error, errors.PlatosError)
    return error
