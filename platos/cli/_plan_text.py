"""What is foreseen, as text."""

from __future__ import annotations

from collections.abc import Iterator

from platos.cli.output import Line, bold, one_line, red, table, yellow
from platos.core.budget import Unit
from platos.core.money import dollars
from platos.runtime.foresee import Bound, Foreseen, NodeForeseen

__all__ = ["render_chart", "render_plan"]


def render_plan(found: Foreseen) -> Iterator[Line]:
    """The plan as a tree, each node at worst, what bounds it, and the answer."""
    items = f"{len(found.items)} item{'s' * (len(found.items) != 1)}"
    yield bold(f"{found.specialist}: {items}, planned by {found.by}: {one_line(found.why, 200)}")
    yield from (f"  {line}" for line in found.tree.splitlines())
    yield bold("At worst, by the length of what each node is given")
    head = ("NODE", "ACTOR", "MODELS", "ACTS", "CALLS", "ATTEMPTS", "ONE ATTEMPT", "IN ALL")
    yield from table(head, [_node(node) for node in found.nodes])
    yield _sums(found)
    yield from (f"Not known before it runs: {each}." for each in found.assumes)
    yield bold("What holds, whatever happens")
    yield from (f"  {_bound(bound)}" for bound in found.bounds)
    yield from _too_small(found)
    yield from _refusals(found)
    yield bold(_answer(found))


def render_chart(found: Foreseen) -> Iterator[Line]:
    """The plan as a Mermaid flow chart, and nothing else."""
    yield from found.mermaid.splitlines()


def _node(node: NodeForeseen) -> tuple[str, ...]:
    if node.calls == 0:
        return (node.path, node.actor, "-", str(node.acts), "0", "-", "-", "$0.00")
    calls = "?" if node.calls is None else str(node.calls)
    whole = "?" if node.worst_nano is None else dollars(node.worst_nano)
    models = f"{node.tier}: {', '.join(node.models)}"
    return (node.path, node.actor, models, str(node.acts), calls, str(node.attempts), dollars(node.attempt_nano), whole)


def _sums(found: Foreseen) -> str:
    if found.worst_nano is None or found.at_once_nano is None:
        silent = sorted({node.actor for node in found.nodes if node.calls is None})
        return f"How often {', '.join(silent)} asks a model is not declared, so only the caps bound it."
    worst = f"{dollars(found.worst_nano)} where it is planned {found.plans} times and every attempt is paid for"
    return f"{worst}; {dollars(found.at_once_nano)} where every call is answered at once"


def _bound(bound: Bound) -> str:
    if bound.unit == Unit.USD:
        return f"{bound.name}: {dollars(bound.left)}"
    return f"{bound.name}: {bound.left:,} {bound.unit}, {dollars(bound.nano)} at most"


def _too_small(found: Foreseen) -> Iterator[Line]:
    """A cap that may end the run in the middle is better known before it begins."""
    once, most = found.at_once_nano, found.at_most_nano
    if once is not None and most is not None and once > most:
        yield yellow(f"Full answers alone may come to {dollars(once)}: answers are cut shorter, or the run stops at it")


def _refusals(found: Foreseen) -> Iterator[Line]:
    for name in found.unpriced:
        yield red(f"{name} is never called, for its price is not known")
        yield f"  next: platos prices {name}"
    for account in found.frozen:
        yield red(f"{account} is frozen, so nothing is asked")
        yield f"  next: platos status says why, platos thaw {account} ends it"


def _answer(found: Foreseen) -> str:
    most = "Nothing bounds it in the end"
    if found.at_most_nano is not None:
        most = f"At most {dollars(found.at_most_nano)}: {found.because}"
    if found.today_nano is None or found.today_nano == found.at_most_nano:
        return f"{most}."
    now = f"{dollars(found.today_nano)} of it can be spent now: {found.today_because}"
    return f"{most}. {now}; the rest waits for the next window."
