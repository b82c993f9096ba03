"""Nodes at worst: visits, times calls, times attempts, times the dearest that one attempt can be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from platos.core.effect import MOST_KEPT
from platos.core.money import Nano, worst_case
from platos.core.passage import stretches
from platos.core.step import PLANNING
from platos.core.visits import Visit, visits
from platos.ports.model import Document, ModelRequest
from platos.runtime.foresee.shape import Asked
from platos.runtime.foresee.told import NodeForeseen, Priced, Reckoned

__all__ = ["REPLIES", "nodes_of", "planner_of"]

REPLIES = 3
"""Answers that a model may give to one question: the first, and two repairs."""

_ALLOWED = 6_000
"""Characters for an actor's own words, the remarks of a critic, and what was wrong with an answer."""

_CHARS_A_TOKEN = 4


class _Offer(NamedTuple):
    """What one attempt of a visit can cost at most with a model, and how many attempts it may get."""

    nano: Nano
    attempts: int


def nodes_of(of: Reckoned) -> tuple[NodeForeseen, ...]:
    """Every node that acts, in the plan's order."""
    worst, at_once = (_by_path(visits(of.plan, list(of.texts), accepted=accepted)) for accepted in (False, True))
    return tuple(_node(of, worst[path], at_once[path]) for path in worst)


def planner_of(of: Reckoned, asked: Asked) -> NodeForeseen:
    """What a planner asks before the plan is there: it takes each model in turn, in one round."""
    listed = enumerate(of.models.get(asked.tier, ()), start=1)
    offers = [
        _Offer(_dearest(each, asked.request), place * REPLIES) for place, each in listed if each.price is not None
    ]
    return NodeForeseen(
        path=PLANNING,
        actor=f"planner {of.its.planner.name}",
        tier=asked.tier,
        models=tuple(each.name for each in of.models.get(asked.tier, ())),
        acts=1,
        calls=1,
        attempts=sum(offer.attempts for offer in offers),
        attempt_nano=max((offer.nano for offer in offers), default=0),
        worst_nano=sum(offer.nano * offer.attempts for offer in offers),
        at_once_nano=offers[0].nano if offers else 0,
    )


def _by_path(found: Iterable[Visit]) -> dict[str, list[Visit]]:
    by_path: dict[str, list[Visit]] = {}
    for visit in found:
        by_path.setdefault(visit.path, []).append(visit)
    return by_path


def _node(of: Reckoned, worst: Sequence[Visit], at_once: Sequence[Visit]) -> NodeForeseen:
    """What its visits come to. Both lists stand in the same order: they differ in their rounds alone."""
    node, offers = worst[0].node, [_offers(of, visit) for visit in worst]
    said = [count for count in map(of.calls, worst) if count is not None]
    found = list(zip(worst, at_once, offers, said, strict=True)) if len(said) == len(worst) else []
    every = sum(count * visit.times * offer.nano * offer.attempts for visit, _, each, count in found for offer in each)
    once = sum(count * visit.times * each[0].nano for _, visit, each, count in found if each)
    return NodeForeseen(
        path=worst[0].path,
        actor=node.actor,
        tier=node.model,
        models=tuple(each.name for each in of.models.get(node.model, ())),
        acts=sum(visit.times for visit in worst),
        calls=max(said) if found else None,
        attempts=sum(offer.attempts for offer in offers[0]),
        attempt_nano=max((offer.nano for each in offers for offer in each), default=0),
        worst_nano=every if found else None,
        at_once_nano=once if found else None,
    )


def _offers(of: Reckoned, visit: Visit) -> list[_Offer]:
    """The models that have a price, in order. A model is asked in the place of all those before it, too."""
    rounds, request = REPLIES * of.its.retry.attempts, _request(of, visit)
    listed = enumerate(of.models.get(visit.node.model, ()), start=1)
    return [_Offer(_dearest(each, request), place * rounds) for place, each in listed if each.price is not None]


def _request(of: Reckoned, visit: Visit) -> ModelRequest:
    """A question that is as long as what the node reads at once of what it is given, what its tools answer, and the
    allowance."""
    plain = ModelRequest(model="", instructions=of.its.scope + "x" * _ALLOWED, documents=(), answer={})
    handed_on = "x" * (plain.max_output * _CHARS_A_TOKEN)
    documents = _read_at_once(of, visit)
    inputs = [Document(id=f"input {number}", text=handed_on) for number in range(visit.inputs)]
    answers = [Document(id="tools", text="x" * MOST_KEPT)] * bool(visit.node.tools)
    return msgspec.structs.replace(plain, documents=(*documents, *inputs, *answers))


def _read_at_once(of: Reckoned, visit: Visit) -> list[Document]:
    """All of its items, or the longest of their stretches."""
    stretch = of.role(visit.node).stretch
    whole = [Document(id=item, text=of.texts[item]) for item in visit.items]
    if not stretch:
        return whole
    pieces = [Document(id=each.id, text=piece) for each in whole for piece in stretches(each.text, stretch)]
    return sorted(pieces, key=lambda piece: len(piece.text.encode()))[-1:]


def _dearest(priced: Priced, request: ModelRequest) -> Nano:
    assert priced.price is not None
    bound = priced.model.input_bound(msgspec.structs.replace(request, model=priced.name))
    return worst_case(priced.price, bound, request.max_output)
