"""`platos check`: the contract of a specialist on one page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, cast

import msgspec
import typer

from platos.app import App
from platos.cli._autopilots import autopilot_lines
from platos.cli._context import load, run_async, show
from platos.cli._contract_form import Caps, Contract, Retry, ToolTold
from platos.cli._contract_people import told_lines
from platos.cli._contract_text import render_contract
from platos.cli._models import tell_models
from platos.core.drawing import draw
from platos.core.instant import span_text
from platos.core.plan import Plan
from platos.core.policy import HOUSE, Entry, RiskTier, otherwise, permit
from platos.core.specialist import PartSpec, Specialist, Wanted
from platos.core.state import State
from platos.errors import NotFound
from platos.ports.planner import Settled
from platos.ports.tool import Tool, is_remote
from platos.store import read_store

__all__ = ["check"]


_CHECKPOINTS = (
    "the plan before it runs; each step, model answer and tool receipt as it comes; each node's hand-off. "
    "After a crash a finished step is read back and not done again"
)


def check(
    ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME", help="The specialist.", show_default=False)]
) -> None:
    """Show the contract of a specialist on one page.

    When it wakes, what it reads, may do and may spend, who is asked, what is kept and what it must prove.

    Example: platos check advisories
    """
    show(ctx, run_async(_contract, load(ctx), name), render_contract)


async def _contract(app: App, name: str) -> Contract:
    definition = await app.offload(app.definitions.load, name)
    try:
        async with read_store(app.workspace.state) as store:
            standing = await autopilot_lines(store, name)
    except NotFound:
        standing = ()
    return await app.offload(_read, app, definition, standing)


def _read(app: App, its: Specialist, autopilots: tuple[str, ...]) -> Contract:
    net = _settled(app, its.planner)
    return Contract(
        specialist=its.name,
        owner=its.owner,
        fallback_owner=its.fallback_owner,
        schedule=its.schedule.words(),
        catch_up=f"{its.schedule.catch_up}, within {span_text(its.schedule.grace)}",
        sources=tuple(map(_part, its.sources)),
        triage=tuple(map(_part, its.triage)),
        planner=_part(its.planner) if net is None else its.planner.name,
        net="" if net is None else draw(net),
        actors=tuple(app.parts.names("actor")),
        models=tuple(tell_models(app, its)),
        overlap=its.overlap,
        states=tuple(State),
        retry=Retry(
            attempts=its.retry.attempts, first=span_text(its.retry.first), longest=span_text(its.retry.longest)
        ),
        checkpoints=_CHECKPOINTS,
        review=tuple(map(str, its.review)),
        autopilots=autopilots,
        budget=_caps(app, its),
        tools=tuple(_tool(app, its, spec) for spec in its.tools),
        approval_expires=span_text(its.approval_expires),
        wanted_until=tuple(_wanted_until(its)),
        told=tuple(told_lines(its, app.settings.settings.who_is_told())),
        done_when=tuple(map(str, its.done_when)),
    )


def _settled(app: App, planner: PartSpec) -> Plan | None:
    """The plan that stands in the specialist's file; None where one is made of what arrives."""
    options = app.parts.check("planner", planner.part, planner.options)
    return options.settled() if isinstance(options, Settled) else None


def _wanted_until(its: Specialist) -> Iterator[str]:
    """When its work is cancelled although nobody says so."""
    if its.valid_for:
        yield f"until {span_text(its.valid_for)} after its run was opened"
    if Wanted.LISTED in its.still_wanted:
        yield "while its source still has one of its items"


def _part(spec: PartSpec) -> str:
    """`inbox (directory: path=inbox)`."""
    options = ", ".join(f"{key}={_plain(value)}" for key, value in spec.options.items())
    named = spec.part if spec.name == spec.part else f"{spec.name}, a {spec.part}"
    return f"{named} ({options})" if options else named


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _caps(app: App, its: Specialist) -> Caps:
    common, own = app.settings.settings.budget, its.budget
    return Caps(
        everything_day=common.day,
        everything_month=common.month,
        day=own.day,
        month=own.month,
        triage_day=own.triage_day,
        wake=own.wake,
        run=own.run,
        item=own.item,
        accounts=own.accounts,
    )


def _tool(app: App, its: Specialist, spec: PartSpec) -> ToolTold:
    """What policy would answer to a node that was given the tool."""
    tool = cast("Tool", app.parts.build("tool", spec.part, spec.options))
    effect = tool.effect
    house = app.settings.settings.policy
    found = permit(
        spec.name,
        effect,
        granted=its.tool_names(),
        policy={name: otherwise(entry) for name, entry in its.policy.items()},
        part=spec.part,
        house={name: otherwise(entry) for name, entry in house.items()},
    )
    return ToolTold(
        tool=_part(spec),
        effect_class=effect,
        risk_tier=int(found.tier),
        gated=found.tier is not RiskTier.AUTO,
        rule=found.rule,
        undone_by=getattr(tool, "undone_by", ""),
        rules=tuple(_rules(tool, spec, its.policy, house)),
        denied=not found.allowed,
    )


def _rules(tool: Tool, spec: PartSpec, own: Mapping[str, Entry], house: Mapping[str, Entry]) -> Iterator[str]:
    """The rules by which it depends on the call whether somebody is asked, in their order."""
    found = [
        ("policy", own.get(spec.name, ())),
        *((HOUSE, house.get(name, ())) for name in dict.fromkeys((spec.name, spec.part))),
    ]
    fields = {} if is_remote(tool) else tool.Arguments.model_fields
    for of, entry in found:
        for place, rule in enumerate(() if isinstance(entry, int) else entry, start=1):
            odd = [term.argument for term in rule.where.terms if fields and term.argument not in fields]
            doubt = f" ({spec.name} has no argument {odd[0]}: it may be of any call)" if odd else ""
            yield f"{of}: rule {place}, {rule}{doubt}"
