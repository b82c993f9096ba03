"""What is reckoned with, and what is told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from platos.core.money import Nano, Price
from platos.core.plan import Plan, Single
from platos.core.role import Role
from platos.core.specialist import Specialist
from platos.core.visits import Visit
from platos.ports.model import Model

__all__ = ["Bound", "Foreseen", "NodeForeseen", "Priced", "Reckoned"]


class Priced(NamedTuple):
    """A model, and its price; None where it is not known."""

    name: str
    model: Model
    price: Price | None


class Reckoned(NamedTuple):
    """What is reckoned: a specialist's plan over these texts. `roles` are by actor, `models` by tier."""

    its: Specialist
    plan: Plan
    texts: Mapping[str, str]
    roles: Mapping[str, Role]
    models: Mapping[str, Sequence[Priced]]

    def role(self, node: Single) -> Role:
        """What the node's actor says of itself."""
        return self.roles.get(node.actor, Role(actor=node.actor))

    def calls(self, visit: Visit) -> int | None:
        """How many model calls the visit makes at most, each time; None where its actor does not say."""
        return self.role(visit.node).calls_of(visit.node.tools, [self.texts[item] for item in visit.items])


class NodeForeseen(msgspec.Struct, frozen=True, kw_only=True):
    """A node at worst. It acts `acts` times, with `calls` model calls each time (None: its actor does not say), each
    made in at most `attempts`; one attempt costs `attempt_nano` at most. In nano-dollars; `at_once_nano` is where each
    call is answered at the first attempt, and each critic accepts."""

    path: str
    actor: str
    tier: str
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
    `assumes` are what of it nobody can know before it runs. `unpriced` are models that are never called, `frozen`
    accounts on which nothing is spent.
    """

    specialist: str
    items: tuple[str, ...]
    by: str
    why: str
    tree: str
    mermaid: str
    plans: int
    nodes: tuple[NodeForeseen, ...]
    worst_nano: Nano | None
    at_once_nano: Nano | None
    unpriced: tuple[str, ...]
    frozen: tuple[str, ...]
    assumes: tuple[str, ...] = ()
    bounds: tuple[Bound, ...] = ()
    at_most_nano: Nano | None = None
    because: str = ""
    today_nano: Nano | None = None
    today_because: str = ""
