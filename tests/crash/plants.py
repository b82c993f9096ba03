"""Planted bugs: what a life of the reference workflow can be told to do wrong, so that a check is seen to notice."""

from __future__ import annotations

import fcntl
import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from platos.core.effect import EffectClass, Recovery, recovery_of
from platos.core.event import AnyEvent, StepMoved
from platos.core.step import StepKey
from platos.runtime import meter
from platos.runtime.effects import call as effects
from platos.store import Store, steps
from platos.store.database import NAME, connect_read_only
from platos.store.writer import Committer

__all__ = ["PLANTS"]


def forget_checkpoints(workspace: Path) -> None:
    """A store that does not give back what steps came to."""

    def nothing(told: Iterable[AnyEvent]) -> dict[StepKey, StepMoved]:
        return {}

    steps.last_words = nothing


def settle_apart(workspace: Path) -> None:
    """A meter that settles in one transaction and keeps the answer in another."""
    transact = Store.transact

    async def apart(store: Store, function: Any, *arguments: Any) -> Any:
        if function is not meter._settle:
            return await transact(store, function, *arguments)
        answered, keep, extra = arguments
        bought, told = await transact(store, function, answered, _keep_nothing, extra)
        kept: Any = await transact(store, keep, bought.reply, extra)
        return bought._replace(kept=kept), told

    setattr(Store, transact.__name__, apart)


def _keep_nothing(*given: Any) -> None:
    """What is kept of an answer in the transaction that pays for it."""


def send_again(workspace: Path) -> None:
    """A recovery that takes every tool for one that can be called twice."""

    def always(effect: EffectClass) -> Recovery:
        return Recovery.SEND_AGAIN

    setattr(effects, recovery_of.__name__, always)


def trust_any_epoch(workspace: Path) -> None:
    """A writer that takes whatever epoch the file has for its own."""
    original = Committer.commit

    def commit(committer: Committer, group: list[Any]) -> None:
        with closing(connect_read_only(workspace / ".platos" / NAME)) as connection:
            committer.epoch = _epoch(connection)
        original(committer, group)

    setattr(Committer, commit.__name__, commit)


def _epoch(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0])


def wait_for_a_lease(workspace: Path) -> None:
    """A lock that is believed to be free once it was so twice, a moment apart."""
    flock = fcntl.flock

    def leased(file: int, operation: int) -> None:
        flock(file, operation)
        time.sleep(0.01)
        flock(file, operation)

    setattr(fcntl, flock.__name__, leased)


PLANTS: dict[str, Callable[[Path], None]] = {
    "forget checkpoints": forget_checkpoints,
    "send again": send_again,
    "settle apart": settle_apart,
    "trust any epoch": trust_any_epoch,
    "wait for a lease": wait_for_a_lease,
}
