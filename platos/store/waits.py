"""Waits of runs after the clock was set back: a try that is due in a far future, and was meant for soon, is due now."""

from __future__ import annotations

from platos.core.event import ClockJumped
from platos.core.jump import JumpKind
from platos.store.sql import load
from platos.store.tx import Tx, projects

__all__: list[str] = []

SQL = load("waits")


@projects(ClockJumped)
def _follow_clock(tx: Tx, seq: int, event: ClockJumped) -> None:
    if event.what is JumpKind.SET_BACK:
        tx.execute(SQL.over, now=event.after)
