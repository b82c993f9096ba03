"""The slots that wake-ups claim, one by one and together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from platos.core.instant import Instant
from platos.store import Tx, quiet, specialists

__all__ = ["claims"]

_DUE = "SELECT due FROM specialists WHERE id = :row"


@contextmanager
def claims(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Instant]]:
    """The slots that are really claimed in the block, as they are."""
    claimed: list[Instant] = []
    advance, advance_quietly = specialists.advance, quiet.advance

    def advancing(tx: Tx, name: str, *, slot: Instant, **rest: Any) -> bool:
        mine = advance(tx, name, slot=slot, **rest)
        claimed.extend([slot] if mine else [])
        return mine

    def advancing_quietly(tx: Tx, brought: Sequence[quiet.Quiet]) -> None:
        for each in brought:
            before = tx.one(_DUE, row=each.claim.row)
            advance_quietly(tx, [each])
            claimed.extend([each.slot] if tx.one(_DUE, row=each.claim.row) != before else [])

    with monkeypatch.context() as patch:
        patch.setattr(specialists, "advance", advancing)
        patch.setattr(quiet, "advance", advancing_quietly)
        yield claimed
