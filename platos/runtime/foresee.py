"""Foresee: what a run would do and may cost at worst, before anything of it runs. Nothing is asked, stored or called.

The worst case of a node is its visits, times the model calls that its actor says it makes at most, times the attempts
at each call, times the dearest that one attempt can be. Attempts are as many as the runtime makes: for every model of
the list the answer and its repairs, each tried in as many rounds as the specialist's `retry` allows, and each attempt
sent, not answered and charged in full.

What a node is given is measured as far as it is there: the whole text of its items and the specialist's scope. For the
actor's own words, remarks and repairs there is an allowance, and a hand-off is taken to be as long as an answer can be.
That is a reckoning; what holds, whatever happens, are the caps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import anyio
import msgspec

from platos.core.budget import Cap, Unit
from platos.core.instant import SECOND
from platos.core.item import Extract, Item
from platos.core.money import Nano, Price, Rates, worst_case
from platos.core.plan import Plan, check_plan, draw
from platos.core.specialist import Specialist
from platos.core.visits import Visit, visits
from platos.errors import TimedOut
from platos.ports.model import Document, Model, ModelRequest
from platos.ports.planner import Brief, Planner
from platos.runtime.measures.accounts import AccountState
from platos.runtime.net import MOST_REPLANS
from platos.runtime.poll import HANDED_IN

__all__ = ["REPLIES", "Bound", "Foreseen", "NodeForeseen", "Priced", "foresee", "plan_for"]

REPLIES = 3
"""Answers that a model may give to one question: the first, and two repairs."""

_ALLOWED = 6_000
"""Characters for an actor's own words, the remarks of a critic, and what was wrong with an answer."""

_CHARS_A_TOKEN = 4
_PAY_FOR_RUNS = ("all", "named", "specialist")


class NodeForeseen(msgspec.Struct, frozen=True, kw_only=True):
    """A node at worst. It acts `acts` times, with `calls` model calls each time (None: its actor does not say), each
    made in at most `attempts`; one attempt costs `attempt_nano` at most. In nano-dollars; `at_once_nano` is where each
    call is answered at the first attempt, and each critic accepts."""

    path: str
    actor: str
    models: tuple[str, ...]
    acts: int
    calls: int | None
    attempts: int
    attempt_nano: Nano
    worst_nano: Nano | None
    at_once_nano: Nano | None


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """Something that bounds what the run may cost: its name, what is left of it in its unit (`usd` in nano-dollars,
    `tokens`, `calls`), and how much money that is at most. `window` tells that more may be spent when it ends."""

    name: str
    unit: str
    left: int
    nano: Nano
    window: bool


class Foreseen(msgspec.Struct, frozen=True, kw_only=True):
    """What would be planned, and what it may cost at worst, in nano-dollars.

    `worst_nano` is the sum over the nodes, for as many `plans` as there may be; None where an actor does not say how
    often it asks. `at_most_nano` is what holds: the smallest of that and of the `bounds` that no window ends, by the
    name of which `because` is; None where nothing bounds it. `today_nano` is the same with the accounts' windows.
    `unpriced` are models that are never called, `frozen` accounts on which nothing is spent.
    """

    specialist: str
    items: tuple[str, ...]
    by: str
    why: str
    tree: str
    plans: int
    nodes: tuple[NodeForeseen, ...]
    worst_nano: Nano | None
    at_once_nano: Nano | None
    unpriced: tuple[str, ...]
    frozen: tuple[str, ...]
    bounds: tuple[Bound, ...] = ()
    at_most_nano: Nano | None = None
    because: str = ""
    today_nano: Nano | None = None
    today_because: str = ""


class Priced(NamedTuple):
    """A model, and its price; None where it is not known."""

    name: str
    model: Model
    price: Price | None


class _Of(NamedTuple):
    """What is reckoned: a specialist's plan over these texts. `calls` are by actor, `models` by tier."""

    its: Specialist
    plan: Plan
    texts: Mapping[str, str]
    calls: Mapping[str, int | None]
    models: Mapping[str, Sequence[Priced]]


class _Offer(NamedTuple):
    """What one attempt of a visit can cost at most with a model, and how many attempts it may get."""

    nano: Nano
    attempts: int


async def plan_for(planner: Planner, its: Specialist, handed_in: Sequence[Item], actors: tuple[str, ...]) -> Plan:
    """The plan for these items as new ones, that triage is sure of. Raises InvalidPlan, or TimedOut."""
    extracts = tuple(_extract(number, item) for number, item in enumerate(handed_in, start=1))
    brief = Brief(items=extracts, tools=its.tool_names(), actors=actors)
    try:
        with anyio.fail_after(its.retry.idle / SECOND):
            made = await planner.plan(brief)
    except TimeoutError:
        raise TimedOut("the planner did not answer in time", where=its.planner.name) from None
    check_plan(made, actors=actors, tools=its.tool_names(), items=len(extracts))
    return made


def _extract(number: int, item: Item) -> Extract:
    return Extract(
        item=f"i{number}",
        source=HANDED_IN,
        kind=item.kind,
        chars=len(item.text),
        tier="none",
        confidence=1.0,
        ts=item.ts,
    )


def foresee(
    its: Specialist,
    plan: Plan,
    handed_in: Sequence[Item],
    calls: Mapping[str, int | None],
    models: Mapping[str, Sequence[Priced]],
    accounts: Sequence[AccountState],
) -> Foreseen:
    """What the plan comes to. `calls` are by actor, `models` by tier, `accounts` those that stand and may pay."""
    paying = [each for each in accounts if each.root.partition("/")[0] in _PAY_FOR_RUNS]
    texts = {f"i{number}": item.full_text for number, item in enumerate(handed_in, start=1)}
    of = _Of(its, plan, texts, calls, models)
    nodes = _nodes(of)
    found = _nodes_alone(of, handed_in, nodes, paying)
    bounds = tuple(_bounds(of, nodes, paying))
    lasting = _least(found.worst_nano, (bound for bound in bounds if not bound.window))
    today = _least(lasting.nano, bounds, lasting.because)
    return msgspec.structs.replace(
        found,
        bounds=bounds,
        at_most_nano=lasting.nano,
        because=lasting.because,
        today_nano=today.nano,
        today_because=today.because,
    )


def _nodes_alone(
    of: _Of, handed_in: Sequence[Item], nodes: tuple[NodeForeseen, ...], paying: Iterable[AccountState]
) -> Foreseen:
    """What the nodes come to, with nothing that bounds them."""
    plans = 1 + MOST_REPLANS
    return Foreseen(
        specialist=of.its.name,
        items=tuple(item.title or item.id for item in handed_in),
        by=of.plan.by,
        why=of.plan.why,
        tree=draw(of.plan),
        plans=plans,
        nodes=nodes,
        worst_nano=_sum(None if node.worst_nano is None else plans * node.worst_nano for node in nodes),
        at_once_nano=_sum(node.at_once_nano for node in nodes),
        unpriced=tuple(sorted({each.name for tier in of.models.values() for each in tier if each.price is None})),
        frozen=tuple(sorted({each.root for each in paying if each.frozen})),
    )


# -- nodes


def _nodes(of: _Of) -> tuple[NodeForeseen, ...]:
    worst, at_once = (_by_path(visits(of.plan, list(of.texts), accepted=accepted)) for accepted in (False, True))
    return tuple(_node(of, worst[path], at_once[path]) for path in worst)


def _by_path(found: Iterable[Visit]) -> dict[str, list[Visit]]:
    by_path: dict[str, list[Visit]] = {}
    for visit in found:
        by_path.setdefault(visit.path, []).append(visit)
    return by_path


def _node(of: _Of, worst: Sequence[Visit], at_once: Sequence[Visit]) -> NodeForeseen:
    node, offers = worst[0].node, [_offers(of, visit) for visit in worst]
    calls = of.calls.get(node.actor)
    every = sum(visit.times * offer.nano * offer.attempts for visit, each in _pairs(worst, offers) for offer in each)
    once = sum(visit.times * each[0].nano for visit, each in _pairs(at_once, offers) if each)
    return NodeForeseen(
        path=worst[0].path,
        actor=node.actor,
        models=tuple(each.name for each in of.models[node.model]),
        acts=sum(visit.times for visit in worst),
        calls=calls,
        attempts=sum(offer.attempts for offer in offers[0]),
        attempt_nano=max((offer.nano for each in offers for offer in each), default=0),
        worst_nano=None if calls is None else calls * every,
        at_once_nano=None if calls is None else calls * once,
    )


def _pairs(found: Sequence[Visit], offers: Sequence[list[_Offer]]) -> Iterable[tuple[Visit, list[_Offer]]]:
    """Both lists of a node's visits stand in the same order: they differ in their rounds alone."""
    return zip(found, offers, strict=True)


def _offers(of: _Of, visit: Visit) -> list[_Offer]:
    """The models that have a price, in order. A model is asked in the place of all those before it, too."""
    rounds, request = REPLIES * of.its.retry.attempts, _request(of, visit)
    listed = enumerate(of.models[visit.node.model], start=1)
    return [_Offer(_dearest(each, request), place * rounds) for place, each in listed if each.price is not None]


def _request(of: _Of, visit: Visit) -> ModelRequest:
    """A question that is as long as what the node is given, and the allowance."""
    plain = ModelRequest(model="", instructions=of.its.scope + "x" * _ALLOWED, documents=(), answer={})
    handed_on = "x" * (plain.max_output * _CHARS_A_TOKEN)
    documents = [Document(id=item, text=of.texts[item]) for item in visit.items]
    inputs = [Document(id=f"input {number}", text=handed_on) for number in range(visit.inputs)]
    return msgspec.structs.replace(plain, documents=(*documents, *inputs))


def _dearest(priced: Priced, request: ModelRequest) -> Nano:
    assert priced.price is not None
    bound = priced.model.input_bound(msgspec.structs.replace(request, model=priced.name))
    return worst_case(priced.price, bound, request.max_output)


# -- bounds


class _Least(NamedTuple):
    nano: Nano | None
    because: str


def _least(nano: Nano | None, bounds: Iterable[Bound], because: str = "the sum of all calls at worst") -> _Least:
    """The smallest bound, and which that is; what was there before wins where it is no larger."""
    least = _Least(nano, because if nano is not None else "")
    for bound in bounds:
        if least.nano is None or bound.nano < least.nano:
            least = _Least(bound.nano, bound.name)
    return least


def _bounds(of: _Of, nodes: Iterable[NodeForeseen], paying: Iterable[AccountState]) -> Iterator[Bound]:
    """The run's own cap and its items', then the accounts whose windows are open."""
    priced = [each.price for tier in of.models.values() for each in tier if each.price is not None]
    dear = _Dear(max((node.attempt_nano for node in nodes), default=0), max(map(_per_million, priced), default=0))
    items = len(of.texts)
    of_items = "the cap of its item" if items == 1 else f"the caps of its {items} items"
    for name, cap, times in (("the run's cap", of.its.budget.run, 1), (of_items, of.its.budget.item, items)):
        for unit, most in _lines(cap):
            yield dear.bound(name, unit, most * times)
    for each in paying:
        left = 0 if each.frozen else max(0, each.cap - each.spent - each.held)
        yield dear.bound(f"what is left of {each.account}", Unit(each.unit), left, window=True)


class _Dear(NamedTuple):
    """The most that one call can cost, and a million tokens."""

    call: Nano
    million: Nano

    def bound(self, name: str, unit: Unit, left: int, *, window: bool = False) -> Bound:
        money = {Unit.USD: left, Unit.CALLS: left * self.call, Unit.TOKENS: -(-left * self.million // 1_000_000)}
        return Bound(name=name, unit=unit, left=left, nano=money[unit], window=window)


def _lines(cap: Cap) -> Iterator[tuple[Unit, int]]:
    for unit in Unit:
        most = getattr(cap, unit)
        if most is not None:
            yield unit, most


def _per_million(price: Price) -> Nano:
    """The dearest that a million tokens of any class can be."""
    rates: list[Nano] = [getattr(band.rates, name) for band in price.bands for name in Rates.__struct_fields__]
    return max(rates)


def _sum(amounts: Iterable[Nano | None]) -> Nano | None:
    found = list(amounts)
    return None if None in found else sum(amount for amount in found if amount is not None)
