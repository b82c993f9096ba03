"""The suite over a whole team: every actor, on all that it says that it takes, made by those that make it.

async for name, checked in check_team({"reader": Reader(), "aggregator": Aggregator()}, context): ...
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

from platos.core.handoff import Artifact, Claim, HandOff, Work
from platos.core.role import ITEMS, Role
from platos.errors import Broken, PlatosError
from platos.ports.actor import Actor
from platos.ports.part import declaration_of
from platos.testing.actor import MemoryContext, check_actor, work_on

__all__ = ["check_team", "role_of"]

_LONGEST_WAY = 4


def role_of(name: str, actor: Actor) -> Role:
    """What an actor says of itself; nothing but its name where it does not declare itself."""
    said = declaration_of(type(actor))
    return Role(actor=name) if said is None else said.role


async def check_team(team: Mapping[str, Actor], context: MemoryContext) -> AsyncIterator[tuple[str, str]]:
    """Each actor that was checked, and the kind of what it was given: `items`, or what others of the team make of the
    context's items, step by step.

    `context.tools` are given to whoever may have tools, and none in a second round: an actor that cannot work without
    says so as Broken, before it asks or does anything. Raises what `check_actor` raises.
    """
    roles = {name: role_of(name, actor) for name, actor in team.items()}
    for name, actor in team.items():
        for kind in roles[name].takes or (ITEMS,):
            work = work_on(_fresh(context), *await _made(kind, roles, team, context))
            if roles[name].tools and context.tools:
                await check_actor(actor, work, _fresh(context))
            await _check_without_tools(actor, work, replace(_fresh(context), tools=()))
            yield name, kind


async def _check_without_tools(actor: Actor, work: Work, context: MemoryContext) -> None:
    try:
        await check_actor(actor, work, context)
    except Broken:
        assert not context.questions, "it asked a model before it said that it has no tool"


async def _made(
    kind: str, roles: Mapping[str, Role], team: Mapping[str, Actor], context: MemoryContext, way: int = 1
) -> list[HandOff]:
    """A hand-off of a kind, made by whoever of the team makes it; where nobody can, one that quotes the items."""
    if kind == ITEMS:
        return []
    makers = [name for name, role in roles.items() if kind in role.makes and kind not in role.takes]
    for name in sorted(makers, key=lambda each: (ITEMS not in roles[each].takes, each)):
        for needed in sorted(roles[name].takes or (ITEMS,), key=lambda each: each != ITEMS):
            if way > _LONGEST_WAY:
                break
            inputs = await _made(needed, roles, team, context, way + 1)
            bench = replace(_fresh(context), tools=context.tools if roles[name].tools else ())
            try:
                made = await team[name].act(bench, work_on(bench, *inputs))
            except PlatosError:
                continue
            if made.artifact.kind == kind:
                return [made]
    texts = {name: item.text.strip().partition("\n")[0] for name, item in context.items.items()}
    claims = tuple(Claim(text=text, source=name, quote=text) for name, text in texts.items())
    return [HandOff(artifact=Artifact(kind=kind, title=f"A {kind}", claims=claims, by="suite"), scope=tuple(texts))]


def _fresh(context: MemoryContext) -> MemoryContext:
    return replace(context.restarted(0), evidence=dict(context.evidence))
