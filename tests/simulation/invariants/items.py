"""What a source told is stored, once for each content; every item is dismissed, in a run, or waits with a reason."""

from __future__ import annotations

from collections import Counter
from typing import Any

from platos.core.event import RunOpened
from platos.core.item import ItemState
from platos.core.verdict import Decision
from tests.simulation.record import Record

__all__ = ["check_items", "check_told"]

Told = tuple[str, str, str, str]
"""A specialist, a source's name, an item's id and its text."""


def check_items(record: Record) -> int:
    """One row for each content; one run for each signal; a verdict for each end. How many items there are.

    No two things out there have the same text.
    """
    found = record.items()
    contents = Counter((row["specialist"], row["source"], item.text) for row, item in found)
    assert not contents or max(contents.values()) == 1, f"stored twice: {contents.most_common(1)}"
    taken = {number: event.run for event in record.events(RunOpened) for number in event.items}
    assert len(taken) == sum(len(event.items) for event in record.events(RunOpened)), "two runs took one item"
    verdicts = _last_verdicts(record)
    for row, item in found:
        assert row["digest"] == item.digest(), f"i{row['number']} has another item's digest"
        assert row["run"] == taken.get(row["number"]), f"i{row['number']} is in r{row['run']}, which did not take it"
        _check_state(row, verdicts.get(row["number"]))
    return len(found)


def _last_verdicts(record: Record) -> dict[int, dict[str, Any]]:
    ordered = sorted(record.rows("verdicts"), key=lambda row: (row["at"], row["position"]))
    return {row["item"]: row for row in ordered}


def _check_state(row: dict[str, Any], verdict: dict[str, Any] | None) -> None:
    """Asked when all is at rest."""
    name, state = f"i{row['number']}", ItemState(row["state"])
    assert state is not ItemState.NEW, f"{name} was never judged"
    assert state is not ItemState.SIGNAL or row["run"] is not None, f"{name} is a signal, and nobody took it"
    if state in (ItemState.DISMISSED, ItemState.WAITING):
        assert verdict, f"{name} is {state}, and nobody judged it"
        assert verdict["reason"], f"{name} is {state} without a reason"
        expected = Decision.DISMISS if state is ItemState.DISMISSED else Decision.WAIT
        assert verdict["decision"] == expected, f"{name} is {state}, and its last verdict is {verdict['decision']}"


def check_told(record: Record, there: set[Told], gone: set[tuple[str, str, str]]) -> None:
    """What the sources hold now is stored as it is; what they have no more is withdrawn."""
    found = record.items()
    stored = {(row["specialist"], row["source"], item.id, item.text): row for row, item in found}
    for told in sorted(there):
        assert told in stored, f"lost: {told}"
        assert stored[told]["withdrawn"] is None, f"withdrawn, and its source has it: {told}"
    for row, item in found:
        lost = (row["specialist"], row["source"], item.id) in gone
        assert not lost or row["withdrawn"] is not None, (
            f"i{row['number']} is not withdrawn, and its source has it no more"
        )
