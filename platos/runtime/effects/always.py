"""Always: a person's yes at a gate that stands, for calls like it, until it expires or is taken back.

Whether one covers a call is looked at in the transaction that claims it for dispatch, by what would be sent and by the
time it is then: it needs no timer. It only takes the place of whom policy alone would have asked: what a rule denies, a
review trigger asks about or a critic rejected is not its to let pass. No person decides then, so nothing is learnt.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from platos.core.approval import GateState
from platos.core.effect import Contract
from platos.core.instant import DAY, Instant, Span, iso
from platos.core.predicate import Predicate, parse_predicate
from platos.errors import InvalidTransition, UsageError
from platos.runtime.effects import gate as gating
from platos.runtime.host import Host
from platos.store import Tx, always, gates, runs
from platos.store.always import AlwaysRow

__all__ = ["LONGEST", "approve_always", "standing_for", "take_back"]

log = logging.getLogger("platos")

LONGEST: Span = 90 * DAY
"""How long an answer may stand."""


def standing_for(tx: Tx, specialist: str, contract: Contract, arguments: Mapping[str, Any], now: Instant) -> str:
    """The rule of the answer that stands and covers a call; empty where none does."""
    for row in always.of_tool(tx, specialist, contract.name):
        if row.stands(now) and row.contract == contract.digest and row.where.covers(arguments):
            return f"always {row.name} by {row.by} until {iso(row.expires)}: {row.where}"
    return ""


async def approve_always(
    host: Host, number: int, where: Iterable[str], lasts: Span, *, by: str, reason: str = ""
) -> tuple[gates.GateRow, AlwaysRow]:
    """Approve what a gate shows, and let the yes stand for calls of its tool that a predicate covers, for so long.

    Raises NotFound, InvalidTransition, or UsageError where the predicate cannot be read, says nothing or does not cover
    the gate's own call, or where the time is none.
    """
    predicate = parse_predicate(where)
    if not predicate.terms:
        raise UsageError("nothing says which calls", expected="a term, as in recipient=*@example.com")
    if not 0 < lasts <= LONGEST:
        raise UsageError("an answer cannot stand that long", expected="a time of at most 90d, as in 30d")
    gate, row = await host.store.transact(_approve, number, predicate, lasts, by, reason, host.now())
    log.info(
        "%s: %s with %s asks no more until %s: platos always", row.specialist, row.tool, row.where, iso(row.expires)
    )
    return gate, row


async def take_back(host: Host, number: int, *, by: str, why: str) -> AlwaysRow:
    """From here on it is asked again. Raises NotFound, or InvalidTransition where it stands no more."""
    return await host.store.transact(_take_back, number, why or "no reason given", by, host.now())


def _approve(
    tx: Tx, number: int, where: Predicate, lasts: Span, by: str, reason: str, now: Instant
) -> tuple[gates.GateRow, AlwaysRow]:
    asked = gates.get(tx, number).request
    if not where.covers(asked.arguments):
        raise UsageError(
            f"{where} does not cover what {gates.get(tx, number).name} asks for",
            expected="terms that hold of its arguments",
            hint="platos inbox shows them",
        )
    gate = gating.approve(tx, number, by=by, reason=reason, now=now)
    assert gate.state is GateState.APPROVED
    specialist = runs.specialist_of(tx, gate.run)
    return gate, always.give(tx, specialist, gate, where, expires=now + lasts, by=by, now=now)


def _take_back(tx: Tx, number: int, why: str, by: str, now: Instant) -> AlwaysRow:
    row = always.get(tx, number)
    if not row.stands(now):
        ended = "it was taken back" if row.ended is not None else "it has expired"
        raise InvalidTransition(ended, where=row.name, expected="an answer that stands")
    always.take(tx, row, why, by, now)
    return always.get(tx, number)
