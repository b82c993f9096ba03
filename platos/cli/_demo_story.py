"""The day of the demo, told: what came, how far up the ladder it went, the work, what waits, and what it cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from rich.console import RenderableType
from rich.text import Text

from platos.cli._demo_day import MIDNIGHT, STEP, WAKES
from platos.cli._demo_facts import Arrived, Day, NodeWork, RunStory
from platos.cli._demo_page import box, columns, command, folder, heading, page, prose, rows
from platos.cli._demo_workspace import SPECIALIST
from platos.cli._list_prices import ASSUMED
from platos.cli.output import one_line
from platos.core.handoff import Artifact, Claim
from platos.core.instant import HOUR, Instant, to_datetime
from platos.core.item import StoredItem
from platos.core.money import dollars
from platos.core.verdict import Decision

__all__ = ["tell"]

_QUIET, _DISMISSED, _SIGNAL = "·", "-", "!"
_ROW = 6
_CLAIMS = 2


def tell(day: Day) -> None:
    """The day for people, on stdout."""
    console = page()
    console.print(Text(f"A day in the life of {SPECIALIST}", style="bold"))
    console.print(prose(_opening()))
    for section in (_hours(day), _inbox(day), _work(day), _waiting(day), _money(day), _next(day)):
        for part in section:
            console.print(part)


def _opening() -> str:
    date = to_datetime(MIDNIGHT).strftime("%A %d %B %Y")
    return f"{date} on the virtual clock. The offline model quotes; it does not write."


def _hours(day: Day) -> Iterator[RenderableType]:
    share = day.quiet / day.wakes
    yield heading(
        f"{day.wakes} wake-ups, {day.quiet} of them quiet ({share:.0%}): in these no model was asked anything"
    )
    yield columns(Text("\n".join(_clock(_marks(day.arrived)))), _ladder(day))
    yield prose(f"{_QUIET} nothing new   {_DISMISSED} dismissed   {_SIGNAL} a signal")


def _clock(marks: dict[Instant, str]) -> Iterator[str]:
    """Six hours a line, a mark for each wake-up."""
    for first in range(0, 24, _ROW):
        hours = range(first, first + _ROW)
        yield "  ".join(f"{hour:02} {''.join(_hour(marks, hour))}" for hour in hours)


def _marks(arrived: list[Arrived]) -> dict[Instant, str]:
    """A mark for each slot that something came in."""
    marks: dict[Instant, str] = {}
    for each in arrived:
        mark = _SIGNAL if each.is_signal else _DISMISSED
        marks[each.stored.seen] = max(mark, marks.get(each.stored.seen, mark), key=(_DISMISSED, _SIGNAL).index)
    return marks


def _hour(marks: dict[Instant, str], hour: int) -> Iterator[str]:
    start = MIDNIGHT + hour * HOUR
    return (marks.get(slot, _QUIET) for slot in range(start, start + HOUR, STEP))


def _inbox(day: Day) -> Iterator[RenderableType]:
    yield heading(f"{len(day.arrived)} things came in")
    yield rows(("seen", "", "title", "decided by", "because"), map(_arrival, day.arrived))


def _arrival(each: Arrived) -> tuple[str, ...]:
    tier, verdict = each.last
    decision = "signal" if verdict.decision is Decision.UP else str(verdict.decision)
    seen = to_datetime(each.stored.seen).strftime("%H:%M")
    return seen, each.stored.name, one_line(each.stored.item.title, 40), f"{tier}: {decision}", verdict.reason


def _ladder(day: Day) -> RenderableType:
    """The tiers, cheapest first."""
    cells = (
        (rung.tier, str(rung.saw), str(rung.dismissed), str(rung.passed), dollars(rung.cost)) for rung in day.rungs
    )
    return rows(("tier", "saw", "dismissed", "signals", "cost"), cells, right=(1, 2, 3, 4))


def _work(day: Day) -> Iterator[RenderableType]:
    for run in day.runs:
        yield heading(f"{run.row.name}: the plan, and the actors at work")
        yield prose(f"{run.why}, so:")
        yield columns(Text(run.shape), rows(("node", "calls", "made"), map(_node, run.nodes), right=(1,)))


def _node(node: NodeWork) -> tuple[str, str, str]:
    made = f"{node.made.kind}, {len(node.made.claims)} claims" if node.made else f"waits for {node.waits}"
    return node.path.partition("/")[2] or node.path, str(node.calls or ""), made


def _waiting(day: Day) -> Iterator[RenderableType]:
    stories = {run.row.id: run for run in day.runs}
    for gate in day.gates:
        yield Text()
        yield box(f"{gate.name} waits for you ({gate.request.rule})", _report(stories[gate.run]))


def _report(run: RunStory) -> Iterator[str]:
    """The report in short: of each source the first claims."""
    report = _last_made(run)
    counts = Counter(claim.source for claim in report.claims)
    yield one_line(report.title, 92)
    for item in run.about:
        title, more = one_line(item.item.title, 60), max(counts[item.name] - _CLAIMS, 0)
        yield f"{item.name}  {title} ({item.item.id})" + f" +{more}" * bool(more)
        yield from _quotes(item, report.claims)
    yield one_line(report.note, 94)


def _last_made(run: RunStory) -> Artifact:
    return next(node.made for node in reversed(run.nodes) if node.made is not None)


def _quotes(item: StoredItem, claims: tuple[Claim, ...]) -> Iterator[str]:
    mine = (claim.quote for claim in claims if claim.source == item.name)
    return (f"      “{one_line(quote, 84)}”" for quote in islice(mine, _CLAIMS))


def _money(day: Day) -> Iterator[RenderableType]:
    prices = ", ".join(sorted({each.prices for each in day.compared}))
    yield heading(f"What it cost: {dollars(day.spent)}. At list prices ({prices}) it would have cost:")
    cells = (
        (
            each.frontier,
            dollars(_cents(each.every_wake)),
            f"{dollars(_cents(each.this_day))} (with {each.small} in triage)",
            f"{each.every_wake // max(each.this_day, 1)} times less",
        )
        for each in day.compared
    )
    yield rows(("frontier model", f"all {WAKES} wakes", "this very day", ""), cells, right=(1,))
    yield prose(ASSUMED)


def _cents(amount: int) -> int:
    """To a hundredth of a cent: an estimate has no more digits than that."""
    return round(amount, -5)


def _next(day: Day) -> Iterator[RenderableType]:
    yield heading("Look further")
    shown = [(command(day.root, "show", run.row.name), "the whole story") for run in day.runs]
    open_gates = [(command(day.root, "approve", gate.name), "let it write the report") for gate in day.gates]
    inbox = (command(day.root, "inbox"), "exactly what would run")
    own = (f"{folder(day.root)}/specialists/{SPECIALIST}.md", "the specialist: edit it")
    yield rows(("", ""), [*shown, inbox, *open_gates, own])
