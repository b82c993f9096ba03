"""Answers that triage paid for, by question: the same question after a crash is not bought again."""

from __future__ import annotations

import msgspec

from platos.core.instant import Instant
from platos.ports.model import ModelReply
from platos.store.checksum import checksum
from platos.store.sql import load
from platos.store.store import ReadStore
from platos.store.tx import Tx

__all__ = ["find", "keep"]

SQL = load("answers")

_decode = msgspec.json.Decoder(ModelReply).decode


def keep(tx: Tx, reply: ModelReply, question: str, made: Instant) -> None:
    """Keep a reply under its question's digest."""
    content = msgspec.json.encode(reply)
    tx.execute(SQL.keep, question=question, reply=content, made=made, checksum=checksum(question, content, made))


async def find(store: ReadStore, question: str) -> ModelReply | None:
    """The reply to a question that was asked before, or None."""
    row = await store.one(SQL.find, question=question)
    return _decode(row[0]) if row else None
