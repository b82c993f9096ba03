"""An explanation as it is told, and as text: a line a slot, and under it what went on around it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from platos.cli.output import Line, bold, one_line

__all__ = ["ExplanationTold", "ItemTold", "SlotTold", "render_explanation"]

_MARGIN = "    "


class ItemTold(msgspec.Struct, frozen=True, kw_only=True):
    """An item that arrived, what triage said of it, and the run that took it."""

    item: str
    source: str
    title: str
    state: str
    run: str


class SlotTold(msgspec.Struct, frozen=True, kw_only=True):
    """A slot, what became of it, why, and what went on around it. `triage` counts the items by what was said of them.

    `fate` is `ran`, `late`, `quiet`, `by hand`, `coalesced`, `skipped`, `gone`, `not yet known`, `due`, `paused`,
    `upcoming` or `unknown`.
    """

    at: str
    local: str
    fate: str
    why: str
    around: tuple[str, ...]
    started: str
    ended: str
    items: tuple[ItemTold, ...]
    triage: dict[str, int]
    runs: tuple[str, ...]


class ExplanationTold(msgspec.Struct, frozen=True, kw_only=True):
    """The slots that were asked about, oldest first, and those ahead; `detailed` where one was asked about."""

    specialist: str
    schedule: str
    zone: str
    detailed: bool
    slots: tuple[SlotTold, ...]
    ahead: tuple[SlotTold, ...]


def render_explanation(told: ExplanationTold) -> Iterator[Line]:
    """The slots under their schedule. What went on around several slots in a row is told once."""
    yield bold(f"{told.specialist}: {told.schedule}")
    if not told.slots:
        yield "  No slot has come yet."
    before: tuple[str, ...] = ()
    for slot in (*told.slots, *told.ahead):
        yield f"  {slot.local}  {slot.fate:<13}  {_why(slot)}".rstrip()
        yield from (f"{_MARGIN}{one_line(each, 200)}" for each in slot.around if each not in before)
        before = slot.around
        if told.detailed:
            yield from _detail(slot)


def _why(slot: SlotTold) -> str:
    triage = ", ".join(f"{count} {state}" for state, count in slot.triage.items())
    runs = f"taken by {', '.join(slot.runs)}" if slot.runs else ""
    return "; ".join(part for part in (one_line(slot.why, 200), triage, runs) if part)


def _detail(slot: SlotTold) -> Iterator[Line]:
    if slot.started:
        yield f"{_MARGIN}handled from {slot.started} to {slot.ended}"
    for item in slot.items:
        run = f", taken by {item.run}" if item.run else ""
        yield f"{_MARGIN}{item.item}  {one_line(item.title)}  (from {item.source}): {item.state}{run}"
