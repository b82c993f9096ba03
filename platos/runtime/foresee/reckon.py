"""The reckoning: what a plan comes to, and what bounds it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from platos.core.drawing import draw, mermaid
from platos.core.item import Item
from platos.core.money import Nano
from platos.core.plan import FanOut, actors_in, walk
from platos.core.role import Role
from platos.core.specialist import Specialist
from platos.core.visits import CLAIMS
from platos.runtime.foresee.bounds import bounds_of, least
from platos.runtime.foresee.nodes import nodes_of, planner_of
from platos.runtime.foresee.shape import Shaped
from platos.runtime.foresee.told import Foreseen, NodeForeseen, Priced, Reckoned
from platos.runtime.measures.accounts import AccountState
from platos.runtime.net import MOST_REPLANS

__all__ = ["foresee"]

_PAY_FOR_RUNS = ("all", "named", "specialist")


def foresee(
    its: Specialist,
    shaped: Shaped,
    handed_in: Sequence[Item],
    roles: Mapping[str, Role],
    models: Mapping[str, Sequence[Priced]],
    accounts: Sequence[AccountState],
) -> Foreseen:
    """What the plan comes to. `roles` are by actor, `models` by tier, `accounts` those that stand and may pay."""
    paying = [each for each in accounts if each.root.partition("/")[0] in _PAY_FOR_RUNS]
    texts = {f"i{number}": item.full_text for number, item in enumerate(handed_in, start=1)}
    of = Reckoned(its, shaped.plan, texts, roles, models)
    first = () if shaped.asked is None else (planner_of(of, shaped.asked),)
    nodes = (*first, *nodes_of(of))
    found = _nodes_alone(of, handed_in, nodes, paying)
    bounds = tuple(bounds_of(of, nodes, paying))
    lasting = least(found.worst_nano, (bound for bound in bounds if not bound.window))
    today = least(lasting.nano, bounds, lasting.because)
    return msgspec.structs.replace(
        found,
        bounds=bounds,
        at_most_nano=lasting.nano,
        because=lasting.because,
        today_nano=today.nano,
        today_because=today.because,
    )


def _nodes_alone(
    of: Reckoned, handed_in: Sequence[Item], nodes: tuple[NodeForeseen, ...], paying: Iterable[AccountState]
) -> Foreseen:
    """What the nodes come to, with nothing that bounds them."""
    plans = 1 + MOST_REPLANS
    return Foreseen(
        specialist=of.its.name,
        items=tuple(item.title or item.id for item in handed_in),
        by=of.plan.by,
        why=of.plan.why,
        tree=draw(of.plan),
        mermaid=mermaid(of.plan),
        assumes=tuple(_assumes(of)),
        plans=plans,
        nodes=nodes,
        worst_nano=_sum(None if node.worst_nano is None else plans * node.worst_nano for node in nodes),
        at_once_nano=_sum(node.at_once_nano for node in nodes),
        unpriced=tuple(sorted({each.name for tier in of.models.values() for each in tier if each.price is None})),
        frozen=tuple(sorted({each.root for each in paying if each.frozen})),
    )


def _assumes(of: Reckoned) -> Iterator[str]:
    """Claims and helpers are not there before the nodes that make them have lived."""
    if any(isinstance(node, FanOut) and node.over == "claims" for node, _, _ in walk(of.plan.root)):
        yield f"a branch a claim: {CLAIMS} claims a hand-off are reckoned with, and there may be more"
    acting = [node for node in actors_in(of.plan) if of.role(node).calls_of(node.tools) is None]
    silent = sorted({node.actor for node in acting})
    if silent:
        yield f"helpers that {', '.join(silent)} may ask for are not in it"


def _sum(amounts: Iterable[Nano | None]) -> Nano | None:
    found = list(amounts)
    return None if None in found else sum(amount for amount in found if amount is not None)
