"""`platos decisions`: who decided what, and when: a person, the runtime by which rule, or a tier of triage, and by
which model."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

import msgspec
import typer

from platos.cli._context import locate, run_inline, show
from platos.cli.output import Line, table
from platos.config.workspace import Workspace
from platos.core.event import (
    AccountFrozen,
    AccountThawed,
    AlwaysGiven,
    AlwaysTaken,
    AnyEvent,
    BudgetRefused,
    DefinitionLoaded,
    EffectIntended,
    EffectMoved,
    GateDecided,
    GateOpened,
    ItemLabelled,
    ItemsAudited,
    ItemsTriaged,
    Paused,
    PlanMade,
    PlanRejected,
    Resumed,
    RunMoved,
)
from platos.core.instant import iso
from platos.core.state import FINAL
from platos.errors import NotFound
from platos.store import ReadStore, journal, read_inline, verdicts

__all__ = ["decisions"]

_LATEST = 30
_AFTER_AN_ANSWER = re.compile(r"g\d+ ")


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One decision: when, what, by whom (`person:NAME`, `planner:NAME`, `model:NAME, tier NAME` where a tier
    went by a model, `tier NAME`, `runtime`), and where it stands: a run, an item, a specialist."""

    at: str
    decision: str
    by: str
    source: str


class Decisions(msgspec.Struct, frozen=True, kw_only=True):
    """The latest decisions, oldest first."""

    decisions: tuple[Decision, ...]


def decisions(
    ctx: typer.Context,
    by: Annotated[
        str, typer.Option("--by", metavar="WHO", help="Only theirs: person, model, planner, tier, runtime, or a name.")
    ] = "",
    source: Annotated[str, typer.Option("--of", metavar="WHAT", help="Only of this: r3, i7, or a specialist.")] = "",
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many, the latest ones.")] = _LATEST,
) -> None:
    """List who decided what, and when, from the journal.

    Example: platos decisions --by person
    """
    show(ctx, run_inline(_decisions, locate(ctx), by, source, limit), _render)


async def _decisions(workspace: Workspace, by: str, source: str, limit: int) -> Decisions:
    found: list[Decision] = []
    try:
        async with read_inline(workspace.state) as store:
            async for chain, event in journal.backwards(store):
                told = [each async for each in _told(store, chain, event)]
                found += [each for each in told if by in ("", *_names(each.by)) and source in ("", each.source)]
                if len(found) >= limit:
                    break
    except NotFound:
        return Decisions(decisions=())
    return Decisions(decisions=tuple(found[:limit][::-1]))


def _names(by: str) -> tuple[str, ...]:
    """`person:ana` is also `person` and `ana`."""
    return (by, *by.replace(",", "").split(), *by.replace(",", "").replace(":", " ").split())


async def _told(store: ReadStore, chain: str, event: AnyEvent) -> AsyncIterator[Decision]:
    """The decisions in an entry of the journal: mostly none."""
    if isinstance(event, ItemsTriaged):
        for item in (*event.dismissed, *event.signal, *event.waiting):
            said = [each for each in await verdicts.of_item(store, item) if each[2] <= event.at]
            if said:
                tier, verdict, _ = said[-1]
                by = f"model:{verdict.model}, tier {tier}" if verdict.model else f"tier {tier}"
                yield _decision(event, f"{verdict.decision}: {verdict.reason}", f"i{item}", by=by)
        return
    words = _WORDS.get(type(event))
    what = words(event) if words else ""
    if what:
        yield _decision(event, what, chain.removeprefix("specialist:"))


def _decision(event: AnyEvent, what: str, source: str, *, by: str = "") -> Decision:
    return Decision(at=iso(event.at), decision=what, by=by or event.by, source=source)


def _because(why: str) -> str:
    return f": {why}" if why else ""


def _moved(event: Any) -> str:
    """A run's end, and whatever a person did to it; that it goes on after an answer is told by the answer."""
    if event.new not in FINAL and (event.by == "runtime" or _AFTER_AN_ANSWER.match(event.why)):
        return ""
    return f"{event.outcome or event.new}{_because(event.why)}"


_WORDS: dict[type[Any], Callable[[Any], str]] = {
    GateOpened: lambda event: f"g{event.gate} asks for {event.request.tool}: {event.request.rule}",
    GateDecided: lambda event: "" if event.state == "used" else f"g{event.gate} {event.state}{_because(event.reason)}",
    PlanMade: lambda event: f"plan {event.revision}: {event.plan.why}",
    PlanRejected: lambda event: f"plan {event.revision} rejected: {event.why}",
    RunMoved: _moved,
    EffectIntended: lambda event: f"{event.tool} may be called: {event.rule}",
    EffectMoved: lambda event: (
        f"{event.state}{_because(event.why)}" if event.state in ("in_doubt", "abandoned") else ""
    ),
    ItemLabelled: lambda event: f"i{event.item} is {'a signal' if event.signal else 'noise'}{_because(event.why)}",
    ItemsAudited: lambda event: f"{len(event.items)} items drawn to be audited",
    AlwaysGiven: lambda event: (
        f"y{event.number} stands until {iso(event.expires)}: {event.tool} with {event.predicate} asks no more"
    ),
    AlwaysTaken: lambda event: f"y{event.number} taken back{_because(event.why)}",
    Paused: lambda event: f"paused{_because(event.why)}",
    Resumed: lambda event: "resumed",
    AccountFrozen: lambda event: f"{event.account} frozen: {event.why}",
    AccountThawed: lambda event: f"{event.account} thawed",
    BudgetRefused: lambda event: f"no call for {event.step}: {event.account} would have passed its cap",
    DefinitionLoaded: lambda event: f"definition {event.definition[:8]} in force",
}


def _render(found: Decisions) -> Iterator[Line]:
    if not found.decisions:
        yield "Nothing was decided yet."
        return
    yield from table(
        ("TIME", "DECISION", "BY", "SOURCE"),
        [(each.at, each.decision, each.by, each.source) for each in found.decisions],
    )
