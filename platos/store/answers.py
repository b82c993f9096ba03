"""Answers that triage paid for, by question: the same question after a crash is not bought again."""

from __future__ import annotations

import msgspec

from platos.ports.model import ModelReply
from platos.store.sql import load
from platos.store.store import ReadStore
from platos.store.tx import Tx

__all__ = ["find", "keep"]

SQL = load("answers")

_decode = msgspec.json.Decoder(ModelReply).decode


def keep(tx: Tx, reply: ModelReply, question: str) -> None:
    """Keep a reply under its question's digest."""
    tx.execute(SQL.keep, question=question, reply=msgspec.json.encode(reply))


async def find(store: ReadStore, question: str) -> ModelReply | None:
    """The reply to a question that was asked before, or None."""
    row = await store.one(SQL.find, question=question)
    return _decode(row[0]) if row else None
