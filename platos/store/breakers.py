"""Breakers: models that are not called until somebody closes them, and why."""

from __future__ import annotations

from typing import NamedTuple

from platos.core.instant import Instant
from platos.core.notice import MatterKind
from platos.store import matters
from platos.store.checksum import checksum
from platos.store.sql import load
from platos.store.store import ReadStore
from platos.store.tx import Tx

__all__ = ["BreakerRow", "causes", "close_breaker", "every", "open_breaker"]

SQL = load("breakers")


class BreakerRow(NamedTuple):
    """An open breaker."""

    model: str
    cause: str
    since: Instant


def open_breaker(tx: Tx, model: str, cause: str, since: Instant) -> None:
    """Call the model no more."""
    if tx.execute(SQL.open, model=model, cause=cause, since=since, checksum=checksum(model, cause, since)):
        matters.arise(tx, MatterKind.BREAKER, model, since)


def close_breaker(tx: Tx, model: str) -> bool:
    """Call it again; False where nothing was open."""
    matters.settle(tx, MatterKind.BREAKER, model)
    return tx.execute(SQL.close, model=model) == 1


def causes(tx: Tx) -> dict[str, str]:
    """The models that are not called, and why, inside a transaction."""
    return {model: cause for model, cause, _ in tx.all(SQL.all)}


async def every(store: ReadStore) -> list[BreakerRow]:
    """The open ones."""
    return [BreakerRow(*row) for row in await store.all(SQL.all)]
