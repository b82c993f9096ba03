"""`platos inbox`, `approve` and `deny`: what waits for a person, exactly as it would run, and the answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import typer

from platos.app import App
from platos.cli._arguments import render_argument
from platos.cli._change import change, person
from platos.cli._context import load, number_of, run_async, show
from platos.cli._doubts import Doubt, read_doubts, render_doubt
from platos.cli._ending import RunEnding, how_runs_stand
from platos.cli.exits import ExitCode
from platos.cli.output import Line, bold
from platos.core.approval import GateState
from platos.core.instant import iso
from platos.core.money import dollars
from platos.errors import NotFound
from platos.store import ReadStore, accounts, gates, items, read_store, runs

__all__ = ["approve", "deny", "inbox", "show_gate"]

Gate = Annotated[str, typer.Argument(metavar="GATE", help="The gate, as in g3.", show_default=False)]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the journal and for whoever asks.")]


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """An open gate: exactly what would run, and what there is to know before an answer."""

    gate: str
    run: str
    specialist: str
    tool: str
    arguments: dict[str, Any]
    preconditions: dict[str, str]
    why: str
    rule: str
    risk_tier: int
    evidence: tuple[str, ...]
    cost_nano: int
    opened: str
    expires: str


class Inbox(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for a person, oldest first: questions, and effects of which somebody must find out what they did."""

    gates: tuple[Waiting, ...]
    doubts: tuple[Doubt, ...]


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """The answer that was recorded, and how the run stands. `by_up`: `platos up` goes on with it."""

    gate: str
    state: str
    by: str
    by_up: bool
    run: RunEnding


def inbox(ctx: typer.Context) -> None:
    """Show what waits for your decision, exactly as it would run.

    Example: platos inbox
    """
    show(ctx, run_async(_inbox, load(ctx)), _render_inbox)


def approve(ctx: typer.Context, gate: Gate, reason: Reason = "") -> None:
    """Say yes to what a gate shows.

    Where platos up does not run, the run goes on here, to its end or to the next question.

    Example: platos approve g3
    """
    _decide(ctx, gate, GateState.APPROVED, reason)


def deny(ctx: typer.Context, gate: Gate, reason: Reason = "") -> None:
    """Say no to what a gate shows.

    Example: platos deny g3 --reason "wrong version"
    """
    _decide(ctx, gate, GateState.DENIED, reason)


def _decide(ctx: typer.Context, gate: str, state: GateState, reason: str) -> None:
    number = number_of(gate, "g", "gate")
    decided = run_async(_answer, load(ctx), number, state, reason)
    show(ctx, decided, _render_decided)
    raise typer.Exit(ExitCode.OK if decided.by_up else decided.run.code)


async def _answer(app: App, gate: int, state: GateState, reason: str) -> Decided:
    by = person()
    arguments = {"gate": gate, "state": state.value, "by": by, "reason": reason}
    done = await change(app, "decide", arguments, typed="approve" if state is GateState.APPROVED else "deny")
    [run] = await how_runs_stand(app, [int(done.answer["run"][1:])])
    return Decided(gate=f"g{gate}", state=state.value, by=by, by_up=done.by_up, run=run)


def _render_decided(decided: Decided) -> Iterator[Line]:
    yield f"{decided.gate}: {decided.state} by {decided.by}"
    if decided.by_up:
        yield f"{decided.run.run} goes on in platos up"
        yield f"  next: platos show {decided.run.run}"
    else:
        yield from decided.run.lines()


async def _inbox(app: App) -> Inbox:
    try:
        async with read_store(app.workspace.state) as store:
            asked = [await _waiting(store, gate) for gate in await gates.open_gates(store)]
            return Inbox(gates=tuple(asked), doubts=tuple(await read_doubts(store)))
    except NotFound:
        return Inbox(gates=(), doubts=())


async def _waiting(store: ReadStore, gate: gates.GateRow) -> Waiting:
    row, asked = await runs.find(store, gate.run), gate.request
    return Waiting(
        gate=gate.name,
        run=row.name,
        specialist=row.specialist,
        tool=asked.tool,
        arguments=asked.arguments,
        preconditions=asked.preconditions,
        why=asked.why,
        rule=asked.rule,
        risk_tier=asked.tier,
        evidence=tuple([await _in_a_line(store, name) for name in asked.evidence]),
        cost_nano=sum(call.charged for call in await accounts.calls_of_run(store, row.id)),
        opened=iso(gate.opened),
        expires=iso(asked.expires),
    )


async def show_gate(store: ReadStore, gate: gates.GateRow) -> list[Line]:
    """One gate as the inbox shows it."""
    return list(_render_inbox(Inbox(gates=(await _waiting(store, gate),), doubts=())))


async def _in_a_line(store: ReadStore, name: str) -> str:
    """A piece of evidence with what it says; items are shown by their titles."""
    if not (name.startswith("i") and name[1:].isdigit()):
        return name
    stored = await items.find(store, int(name[1:]))
    return f"{name}: {stored.item.title or stored.item.id}, from {stored.source}: {stored.item.id}"


def _render_inbox(found: Inbox) -> Iterator[Line]:
    if not (found.gates or found.doubts):
        yield "Nothing waits for you."
    for doubt in found.doubts:
        yield from render_doubt(doubt)
    for gate in found.gates:
        yield bold(f"{gate.gate}: {gate.specialist} ({gate.run}) wants to call {gate.tool}")
        for name, value in gate.arguments.items():
            yield from render_argument(name, value)
        yield f"  why       {gate.why}"
        yield f"  rule      {gate.rule}"
        for line in gate.evidence:
            yield f"  evidence  {line}"
        for name, value in gate.preconditions.items():
            yield f"  only if   {name} is still {value}"
        yield f"  cost      {dollars(gate.cost_nano)} so far"
        yield f"  expires   {gate.expires}; unanswered, it is not done and the run ends"
        yield f"  next      platos approve {gate.gate}, or platos deny {gate.gate} --reason TEXT"
        yield ""
