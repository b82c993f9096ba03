"""Work that a process left half done, and the fresh one that takes it up: the same for every contender."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence

__all__ = ["ARRIVALS", "ROWS", "begin", "die", "in_lives"]

ROWS = 5
"""How long the journal of each run is when its process is killed."""


Life = Callable[..., Awaitable[None]]


class _Arrivals:
    """Runs that have come to the step at which the first process dies. There they wait, in the second as well."""

    def __init__(self) -> None:
        self._came = 0
        self._changed = asyncio.Event()

    def count(self) -> None:
        """This run is there."""
        self._came += 1
        self._changed.set()

    async def arrive(self) -> None:
        """This run is there, and stays."""
        self.count()
        await asyncio.get_running_loop().create_future()

    async def all(self, runs: int) -> None:
        """Wait until so many are there."""
        while self._came < runs:
            self._changed.clear()
            await self._changed.wait()


ARRIVALS = _Arrivals()


def die() -> None:
    """The process is gone, whatever it was doing."""
    os.kill(os.getpid(), signal.SIGKILL)


def in_lives(*lives: Life, story: Callable[[], None] | None = None) -> None:
    """Live these one after the other, or as the story says, each in a fresh process, which dies."""
    named = {life.__name__: life for life in lives}
    if sys.argv[1:2] and sys.argv[1] in named:
        asyncio.run(_live(named[sys.argv[1]], sys.argv[2:]))
    elif story:
        story()
    else:
        for name in named:
            begin(name)


def begin(life: str, *arguments: str) -> None:
    """One of this script's lives, to its end."""
    ended = subprocess.run([sys.executable, sys.argv[0], life, *arguments], check=False)
    assert ended.returncode == -signal.SIGKILL, f"{life} was to be killed, and ended with {ended.returncode}"


async def _live(life: Life, arguments: Sequence[str]) -> None:
    await life(*arguments)
    die()
