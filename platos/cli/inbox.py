"""`platos inbox`: what waits for a person, exactly as it would run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import typer

from platos.cli._arguments import render_argument
from platos.cli._context import locate, run_inline, show
from platos.cli._doubts import Doubt, read_doubts, render_doubt
from platos.cli._gates import Filter, OfSpecialist, OfTier, OfTool, open_gates
from platos.cli.output import Line, bold
from platos.config.workspace import Workspace
from platos.core.instant import iso
from platos.core.money import dollars
from platos.core.policy import RiskTier
from platos.errors import NotFound
from platos.store import ReadStore, accounts, gates, items, read_inline, runs
from platos.store.gates import GateRow

__all__ = ["inbox", "show_gate"]

_SHOWN = 20


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """An open gate: exactly what would run, and what there is to know before an answer."""

    gate: str
    run: str
    specialist: str
    tool: str
    arguments: dict[str, Any]
    preconditions: dict[str, str]
    preview: str
    why: str
    rule: str
    risk_tier: int
    evidence: tuple[str, ...]
    cost_nano: int
    opened: str
    expires: str


class Inbox(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for a person: questions, the first to expire before the rest, and effects of which somebody must find
    out what they did. `open` is how many questions there are in all."""

    gates: tuple[Waiting, ...]
    open: int
    doubts: tuple[Doubt, ...]


def inbox(
    ctx: typer.Context,
    specialist: OfSpecialist = "",
    tool: OfTool = "",
    tier: OfTier = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many questions at most.")] = _SHOWN,
) -> None:
    """Show what waits for your decision, exactly as it would run.

    Questions of risk tier 1 may be answered together: platos approve --tier 1 --tool NAME.

    Example: platos inbox
    """
    which = Filter(specialist, tool, tier)
    show(ctx, run_inline(_inbox, locate(ctx), which, limit), _render)


async def _inbox(workspace: Workspace, which: Filter, limit: int) -> Inbox:
    try:
        async with read_inline(workspace.state) as store:
            asked = [await _waiting(store, *each) for each in await open_gates(store, which, limit)]
            doubts = tuple(await read_doubts(store))
            return Inbox(gates=tuple(asked), open=await gates.count_open(store), doubts=doubts)
    except NotFound:
        return Inbox(gates=(), open=0, doubts=())


async def _waiting(store: ReadStore, specialist: str, gate: GateRow) -> Waiting:
    asked = gate.request
    return Waiting(
        gate=gate.name,
        run=f"r{gate.run}",
        specialist=specialist,
        tool=asked.tool,
        arguments=asked.arguments,
        preconditions=asked.preconditions,
        preview=asked.preview,
        why=asked.why,
        rule=asked.rule,
        risk_tier=asked.tier,
        evidence=tuple([await _in_a_line(store, name) for name in asked.evidence]),
        cost_nano=sum(call.charged for call in await accounts.calls_of_run(store, gate.run)),
        opened=iso(gate.opened),
        expires=iso(asked.expires),
    )


async def show_gate(store: ReadStore, gate: GateRow) -> list[Line]:
    """One gate as the inbox shows it."""
    return list(_render_gate(await _waiting(store, (await runs.find(store, gate.run)).specialist, gate)))


async def _in_a_line(store: ReadStore, name: str) -> str:
    """A piece of evidence with what it says; items are shown by their titles."""
    if not (name.startswith("i") and name[1:].isdigit()):
        return name
    stored = await items.find(store, int(name[1:]))
    return f"{name}: {stored.item.title or stored.item.id}, from {stored.source}: {stored.item.id}"


def _render(found: Inbox) -> Iterator[Line]:
    if not (found.gates or found.doubts):
        yield (
            "Nothing waits for you." if not found.open else f"Nothing of that kind waits, and {found.open:,} others do."
        )
    for doubt in found.doubts:
        yield from render_doubt(doubt)
    for gate in found.gates:
        yield from _render_gate(gate)
    left = found.open - len(found.gates)
    if found.gates and left:
        yield f"{left:,} more wait; --limit N shows more, --specialist, --tool and --tier show some of them"
    together = {(gate.specialist, gate.tool) for gate in found.gates if gate.risk_tier == RiskTier.BATCHED}
    for specialist, tool in sorted(together):
        yield f"together  platos approve --specialist {specialist} --tool {tool} --tier {int(RiskTier.BATCHED)}"


def _render_gate(gate: Waiting) -> Iterator[Line]:
    yield bold(f"{gate.gate}: {gate.specialist} ({gate.run}) wants to call {gate.tool}")
    for name, value in gate.arguments.items():
        yield from render_argument(name, value)
    if gate.preview:
        yield "  it would change:"
        yield from (f"    | {line}" for line in gate.preview.removesuffix("\n").split("\n"))
    yield f"  why       {gate.why}"
    yield f"  rule      {gate.rule}"
    for line in gate.evidence:
        yield f"  evidence  {line}"
    for name, value in gate.preconditions.items():
        yield f"  only if   {name} is still {value}"
    yield f"  cost      {dollars(gate.cost_nano)} so far"
    yield f"  expires   {gate.expires}; unanswered, it is not done and the run ends"
    yield f"  next      platos approve {gate.gate}, or platos deny {gate.gate} --reason TEXT"
    yield f"            platos edit {gate.gate} NAME=VALUE, or platos return {gate.gate} --reason TEXT"
    yield ""
