"""`platos plan`: how work would be done, and what it may cost at worst. Nothing runs, nothing is asked or stored."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, cast

import anyio
import typer

from platos.app import App
from platos.cli._context import load, run_async, show
from platos.cli._handed_in import read_item
from platos.cli._models import model_part
from platos.cli._plan_text import render_chart, render_plan
from platos.cli.exits import ExitCode
from platos.core.item import Item
from platos.core.specialist import Specialist
from platos.errors import NotFound
from platos.ports.planner import AskingPlanner, Planner
from platos.runtime.foresee import Foreseen, Priced, foresee, plan_for
from platos.runtime.measures.accounts import AccountState, in_force, read_accounts, untouched
from platos.runtime.planning.make_plan import windows
from platos.store import read_store

__all__ = ["plan"]


def plan(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The specialist.", show_default=False)],
    given: Annotated[
        list[str],
        typer.Option("--input", metavar="FILE|-", help="Work, - for stdin. May be repeated.", show_default=False),
    ],
    chart: Annotated[bool, typer.Option("--mermaid", help="Only the net, as a Mermaid chart.")] = False,
) -> None:
    """Say how work would be done, and what it may cost at worst.

    The specialist's planner shapes it as if triage let it through; nothing runs, no model is asked, nothing is kept.

    Example: platos plan advisories --input advisory.txt
    """
    foreseen = run_async(_plan, load(ctx), name, [read_item(path) for path in given])
    show(ctx, foreseen, render_chart if chart else render_plan)
    if foreseen.unpriced:
        raise typer.Exit(ExitCode.CONFIGURATION)


async def _plan(app: App, name: str, items: Sequence[Item]) -> Foreseen:
    its = await app.offload(app.definitions.load, name)
    roles = await app.offload(app.parts.roles)
    models = await app.offload(_models, app, its)
    parts = {each.name: each.model for tier in models.values() for each in tier}
    try:
        window = windows(its, parts.__getitem__)
        shaped = await plan_for(partial(_planner, app, its), its, items, roles, window)
        return await app.offload(foresee, its, shaped, items, roles, models, await _accounts(app, its))
    finally:
        with anyio.CancelScope(shield=True):
            for each in (each for tier in models.values() for each in tier):
                await each.model.close()


def _planner(app: App, its: Specialist, name: str) -> Planner | AskingPlanner:
    """A planner by its name; the specialist's own as it configured it."""
    options = its.planner.options if name == its.planner.part else {}
    return cast(Planner | AskingPlanner, app.parts.build("planner", name, options))


def _models(app: App, its: Specialist) -> dict[str, list[Priced]]:
    """The models of each tier, with their prices."""
    return {tier: [_priced(app, model) for model in models] for tier, models in its.models.items()}


def _priced(app: App, name: str) -> Priced:
    part = model_part(app, name)
    return Priced(name, part, part.price(name))


async def _accounts(app: App, its: Specialist) -> tuple[AccountState, ...]:
    """The accounts that pay for what the specialist asks now."""
    paying = in_force([its], app.settings.settings.common_budget(), app.clock.now())
    try:
        async with read_store(app.workspace.state) as store:
            return await read_accounts(store, paying)
    except NotFound:
        return untouched(paying)
