"""`platos items` and `platos label`: what a specialist was given, what became of it, and what a person says of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import msgspec
import typer

from platos.app import App
from platos.cli._change import change, person
from platos.cli._context import load, number_of, run_async, show
from platos.cli._record import record_line
from platos.cli.output import Line, table
from platos.core.instant import iso
from platos.core.item import ItemState, StoredItem
from platos.store import ReadStore, items, labels, read_store, specialists, verdicts
from platos.store.labels import Label

__all__ = ["items_command", "label"]

_LATEST = 20
_WORDS = {True: "signal", False: "noise"}


class ItemLine(msgspec.Struct, frozen=True, kw_only=True):
    """An item in a list: the last verdict on it, and its label, `signal` or `noise`, where it has one."""

    item: str
    source: str
    id: str
    title: str
    seen: str
    state: str
    tier: str
    decision: str
    reason: str
    label: str


class ItemList(msgspec.Struct, frozen=True, kw_only=True):
    """The latest items of a specialist, oldest first."""

    specialist: str
    items: tuple[ItemLine, ...]


class Labelled(msgspec.Struct, frozen=True, kw_only=True):
    """A label that was recorded."""

    item: str
    specialist: str
    title: str
    label: str
    by: str
    why: str


def items_command(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The specialist.", show_default=False)],
    state: Annotated[ItemState | None, typer.Option("--state", help="Only items in this state.")] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Write all of them as a recording, for platos replay.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help=f"How many, the latest ones; {_LATEST} in a list.")
    ] = None,
) -> None:
    """List what a specialist was given, or write it as a recording.

    Example: platos items advisories --jsonl > recording.jsonl
    """
    app = load(ctx)
    if jsonl:
        run_async(_write, app, name, state or "", limit)
    else:
        show(ctx, run_async(_list, app, name, state or "", limit or _LATEST), _render_list)


def label(
    ctx: typer.Context,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="The item, as in i12.", show_default=False)],
    signal: Annotated[bool, typer.Option("--signal/--noise", help="What it is.", show_default=False)],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Why, for whoever asks.")] = "",
) -> None:
    """Say of an item whether it is a signal. Recordings keep it, and replays are scored by it.

    Example: platos label i12 --noise --why "we do not run that version"
    """
    labelled = run_async(_label, load(ctx), number_of(item, "i", "item"), signal, why)
    show(ctx, labelled, _render_labelled)


async def _list(app: App, name: str, state: str, limit: int) -> ItemList:
    async with read_store(app.workspace.state) as store:
        await specialists.find(store, name)
        given = await labels.of_specialist(store, name)
        found = await items.latest(store, name, limit, state=state)
        return ItemList(specialist=name, items=tuple([await _line(store, each, given) for each in found]))


async def _line(store: ReadStore, stored: StoredItem, given: dict[int, Label]) -> ItemLine:
    said = await verdicts.of_item(store, stored.number)
    tier, decision, reason = (said[-1][0], str(said[-1][1].decision), said[-1][1].reason) if said else ("", "", "")
    return ItemLine(
        item=stored.name,
        source=stored.source,
        id=stored.item.id,
        title=stored.item.title,
        seen=iso(stored.seen),
        state=stored.state,
        tier=tier,
        decision=decision,
        reason=reason,
        label=_WORDS[given[stored.number].signal] if stored.number in given else "",
    )


async def _write(app: App, name: str, state: str, limit: int | None) -> None:
    async with read_store(app.workspace.state) as store:
        await specialists.find(store, name)
        given = await labels.of_specialist(store, name)
        async for stored in _wanted(store, name, state, limit):
            typer.echo(record_line(stored, given.get(stored.number)))


async def _wanted(store: ReadStore, name: str, state: str, limit: int | None) -> AsyncIterator[StoredItem]:
    """The latest items, or all that arrived, in order of arrival: examples were handed in."""
    if limit is not None:
        for stored in await items.latest(store, name, limit, state=state):
            yield stored
        return
    async for stored in items.every(store, name):
        if state == stored.state or (not state and stored.state is not ItemState.EXAMPLE):
            yield stored


async def _label(app: App, item: int, signal: bool, why: str) -> Labelled:
    by = person()
    arguments = {"item": item, "signal": signal, "by": by, "why": why}
    answer = (await change(app, "label", arguments, typed="label")).answer
    return Labelled(**answer, label=_WORDS[signal], by=by, why=why)


def _render_list(found: ItemList) -> Iterator[Line]:
    if not found.items:
        yield "No such item. Items arrive when a wake-up finds something new; platos wake NAME looks now."
        return
    rows = [
        (each.item, each.seen, each.title or each.id, each.state, each.label, f"{each.tier}: {each.reason}")
        for each in found.items
    ]
    yield from table(("ITEM", "SEEN", "TITLE", "STATE", "LABEL", "BECAUSE"), rows)


def _render_labelled(labelled: Labelled) -> Iterator[Line]:
    yield f"{labelled.item} ({labelled.title}): {labelled.label}, says {labelled.by}"
