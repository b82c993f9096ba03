"""The source of the crowd: it notes every poll outside the store, and yields one item for each poll that was kept.

Where CROWD_KILLED_AT says so, its process is killed at that poll of any of them.
"""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path
from signal import SIGKILL

from pydantic import BaseModel

from platos import Environment, Item, Polled, source

POLLS = count(1)


@source("noted", version="1")
class Noted:
    """`who` polls it. Where it is `loud`, its n-th answer that is kept is item n; otherwise nothing is ever new."""

    class Options(BaseModel):
        who: str
        loud: bool

    def __init__(self, options: Options, environment: Environment) -> None:
        self._options, self._clock, self._diary = options, environment.clock, environment.workspace / "diary"

    async def poll(self, cursor: bytes | None) -> Polled:
        if str(next(POLLS)) == os.environ["CROWD_KILLED_AT"]:
            os.kill(os.getpid(), SIGKILL)
        append(self._diary, f"{self._options.who} {self._clock.now()}")
        if not self._options.loud:
            return Polled(cursor=b"0")
        number = str(int(cursor or b"0") + 1)
        return Polled(cursor=number.encode(), items=(Item(id=number, title="Note", text="Nothing of note."),))


def append(path: Path, line: str) -> None:
    """One line more, in one write: it is there whole once this returns, whatever becomes of the process."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(file, f"{line}\n".encode())
    finally:
        os.close(file)
