"""`platos wake`: a wake-up by hand, with work handed in, and what it led to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import Annotated, Any

import msgspec
import typer

from platos.app import App
from platos.cli._change import change, person
from platos.cli._context import load, run_async, show
from platos.cli._ending import RunEnding, how_runs_stand
from platos.cli._handed_in import read_item
from platos.cli.exits import ExitCode, worst
from platos.cli.output import Line
from platos.core.event import BudgetRefused, ItemsArrived
from platos.core.item import Item
from platos.core.verdict import Decision
from platos.store import journal, read_store, verdicts

__all__ = ["wake"]


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """An item on which triage could not come to an answer yet, and why."""

    item: str
    why: str


class Woken(msgspec.Struct, frozen=True, kw_only=True):
    """What a wake-up came to. `refused`: the budget did not allow a call that triage wanted to make."""

    specialist: str
    items: tuple[str, ...]
    signals: tuple[str, ...]
    waiting: tuple[Waiting, ...]
    refused: bool
    runs: tuple[RunEnding, ...]


def wake(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The specialist.", show_default=False)],
    given: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="FILE|-", help="Work to hand in, - for stdin. May be repeated."),
    ] = None,
) -> None:
    """Wake a specialist now, and hand in work if you like.

    Its sources are polled as on any other wake-up; each file handed in is one more item.

    Example: platos wake advisories --input advisory.txt
    """
    items = [read_item(path) for path in given or []]
    woken = run_async(_wake, load(ctx), name, items)
    show(ctx, woken, _render)
    raise typer.Exit(_code(woken))


async def _wake(app: App, name: str, items: list[Item]) -> Woken:
    arguments = {"name": name, "items": msgspec.to_builtins(items), "by": person()}
    done: dict[str, Any] = (await change(app, "wake", arguments, typed="wake")).answer
    runs = await how_runs_stand(app, [int(run["run"][1:]) for run in done["runs"]])
    waiting = await _waiting(app, done["items"])
    return Woken(
        specialist=done["specialist"],
        items=tuple(done["items"]),
        signals=tuple(done["signals"]),
        waiting=tuple(waiting),
        refused=bool(waiting) and await _was_refused(app, name),
        runs=tuple(runs),
    )


async def _waiting(app: App, names: list[str]) -> list[Waiting]:
    """The new items that triage had to leave."""
    found = []
    async with read_store(app.workspace.state) as store:
        for name in names:
            answers = await verdicts.of_item(store, int(name[1:]))
            if answers and answers[-1][1].decision is Decision.WAIT:
                found.append(Waiting(item=name, why=answers[-1][1].reason))
    return found


async def _was_refused(app: App, name: str) -> bool:
    """Did the budget refuse something since the last items arrived?"""
    async with read_store(app.workspace.state) as store:
        told = await journal.events(store, journal.specialist_chain(name))
    since = takewhile(lambda event: not isinstance(event, ItemsArrived), reversed(told))
    return any(isinstance(event, BudgetRefused) for event in since)


def _code(woken: Woken) -> ExitCode:
    """Items that wait for a model wait for money, or for somebody who mends something: neither is a failed run."""
    waits = ExitCode.BUDGET if woken.refused else ExitCode.UNREACHABLE
    return worst([*(waits for _ in woken.waiting), *(run.code for run in woken.runs)])


def _render(woken: Woken) -> Iterator[Line]:
    new, signals = len(woken.items), len(woken.signals)
    yield f"{woken.specialist}: {new} new item{'s' * (new != 1)}, {signals} signal{'s' * (signals != 1)}"
    for each in woken.waiting:
        yield f"{each.item} waits: {each.why}"
    for run in woken.runs:
        yield from run.lines()
