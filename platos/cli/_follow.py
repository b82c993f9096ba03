"""`platos show RUN --follow`: a run as it goes, read from outside. It reads alone, and looks for what is new by the
number of the journal's last entry.

On a terminal the whole net is drawn anew; elsewhere each change is a line.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import anyio
import msgspec
import typer

from platos.app import App
from platos.cli._ending import RunEnding, how_runs_stand
from platos.cli._net import At, NetNode, NetPlan, flat, net_of
from platos.cli._net_text import how, render_net
from platos.cli.output import SCHEMA, Line, Styled, clean, one_line
from platos.cli.story import large_results
from platos.core.event import AnyEvent, RunMoved
from platos.core.instant import SECOND, Instant
from platos.core.state import FINAL, State
from platos.store import ReadStore, journal, read_store, runs

__all__ = ["Change", "Seen", "changes", "follow", "look_at", "rests"]

_EVERY = 0.25
"""Seconds between two looks at the journal's last number."""


class Seen(NamedTuple):
    """A run at one look: its plans, and whether it goes on by itself now."""

    plans: tuple[NetPlan, ...]
    rests: bool


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is different since the last look: a `plan`, a `node`, helpers that were asked for (`growth`), or, at the
    end, the `run`. Money is nano-dollars."""

    what: str
    plan: int = 0
    path: str = ""
    state: str = ""
    detail: str = ""
    cost_nano: int = 0
    seconds: float = 0.0
    line: str = ""


async def follow(app: App, run: int, as_json: bool) -> RunEnding:
    """Tell how the run goes until it ends or rests; how it stands then. Raises NotFound, and StoreCorrupt."""
    on_terminal = sys.stdout.isatty() and not as_json
    before: tuple[NetPlan, ...] = ()
    with _Screen() if on_terminal else nullcontext() as screen:
        async with read_store(app.workspace.state) as store:
            async for seen in looks(store, run, always=on_terminal):
                now = app.clock.now()
                if screen is not None:
                    screen.draw(seen.plans, now)
                for change in changes(before, seen.plans, now) if screen is None else ():
                    _tell(change, as_json)
                before = seen.plans
                if seen.rests:
                    break
    [ending] = await how_runs_stand(app, [run])
    if as_json:
        _print({"what": "run", **msgspec.to_builtins(ending)})
    else:
        _lines(ending.lines())
    return ending


async def looks(store: ReadStore, run: int, *, always: bool = False) -> AsyncIterator[Seen]:
    """The run as it is, and again whenever the journal has gone on; `always` also where only time has passed."""
    name, last = (await runs.find(store, run)).name, -1
    seen: Seen | None = None
    while True:
        reached = await journal.last(store)
        if reached != last:
            seen = await look_at(store, name)
        if seen is not None and (always or reached != last):
            yield seen
        last = reached
        await anyio.sleep(_EVERY)


async def look_at(store: ReadStore, name: str) -> Seen:
    """The run as its chain tells, verified."""
    told = await journal.events(store, name)
    return Seen(net_of(told, await large_results(store, told)), rests(told))


def rests(told: Iterable[AnyEvent]) -> bool:
    """Has the run ended, or does it wait for a person or for a time? One that was not begun yet does not rest."""
    moves = [event for event in told if isinstance(event, RunMoved)]
    return bool(moves) and moves[-1].new in (*FINAL, State.NEEDS_REVIEW, State.PENDING)


def changes(before: Iterable[NetPlan], after: Iterable[NetPlan], now: Instant) -> Iterator[Change]:
    """What is different, in the order of the plans and of their trees."""
    known = {plan.revision: {node.path: node for node in flat(plan.root)} for plan in before}
    for plan in after:
        if plan.revision not in known:
            line = f"plan {plan.revision}, by {plan.by}: {plan.why}"
            yield Change(what="plan", plan=plan.revision, detail=plan.why, line=line)
        for node in flat(plan.root):
            yield from _of_node(plan.revision, node, known.get(plan.revision, {}), now)


def _of_node(plan: int, node: NetNode, known: Mapping[str, NetNode], now: Instant) -> Iterator[Change]:
    old = known.get(node.path)
    if node.asked and old is None:
        yield Change(what="growth", plan=plan, path=node.path, detail=node.asked, line=f"{node.path}: {node.asked}")
    was = At.WAITING if old is None else old.state
    if node.state is not was or (old is not None and node.detail != old.detail):
        seconds = ((node.ended or now) - node.began) / SECOND if node.began is not None else 0.0
        detail = f" ({node.detail})" if node.detail else ""
        yield Change(
            what="node",
            plan=plan,
            path=node.path,
            state=node.state,
            detail=node.detail,
            cost_nano=node.spent,
            seconds=round(max(0.0, seconds), 3),
            line=f"{node.path}: {how(node, now)}{detail}",
        )


def _tell(change: Change, as_json: bool) -> None:
    if as_json:
        _print({name: value for name, value in msgspec.to_builtins(change).items() if name != "line"})
    else:
        _lines([one_line(change.line, 200)])


def _print(values: dict[str, Any]) -> None:
    typer.echo(json.dumps({"schema": SCHEMA, **values}))


def _lines(lines: Iterable[Line]) -> None:
    for line in lines:
        typer.echo(clean(line.text if isinstance(line, Styled) else line))


class _Screen(AbstractContextManager["_Screen"]):
    """The part of the terminal that is drawn anew. What was last drawn stays there."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._live = Live(console=Console(), auto_refresh=False)

    def __enter__(self) -> _Screen:
        self._live.__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        self._live.__exit__(*raised)

    def draw(self, plans: Iterable[NetPlan], now: Instant) -> None:
        """The last plan, and of those before it why they came to nothing."""
        self._live.update(_drawing(list(plans), now, shutil.get_terminal_size().columns), refresh=True)


def _drawing(plans: list[NetPlan], now: Instant, width: int) -> Any:
    from rich.text import Text

    drawn = Text(no_wrap=True, overflow="ellipsis")
    for plan in plans[:-1]:
        drawn.append(one_line(clean(f"Plan {plan.revision} was given up: {plan.rejected}"), width) + "\n")
    for line in render_net(plans[-1], now, width) if plans else ["It is not planned yet."]:
        text, style = line if isinstance(line, Styled) else (line, {})
        drawn.append(clean(text) + "\n", style=" ".join(["bold"] * bool(style.get("bold")) + [style.get("fg", "")]))
    return drawn
