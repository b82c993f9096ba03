"""The net: a run's plan, assembled and alive. What its nodes share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import anyio

from platos.core.budget import node_path, run_path
from platos.core.event import PlanGrown, StepMoved
from platos.core.failure import FailureRecord
from platos.core.handoff import HandOff, Work
from platos.core.instant import Instant
from platos.core.item import StoredItem
from platos.core.plan import Node, Plan, walk
from platos.core.specialist import Specialist
from platos.core.step import StepKey, above
from platos.runtime.connections import Connections
from platos.runtime.host import Host
from platos.runtime.live.supervisor import Supervisor
from platos.runtime.meter import Purse
from platos.runtime.node.mint import Mint
from platos.runtime.wake import Wake
from platos.store.runs import RunRow

__all__ = ["MOST_REPLANS", "Done", "Failed", "Go", "Net", "Parked", "Result", "Run", "Steps", "Wait", "purse_of"]

MOST_REPLANS = 2
"""How often a run is planned again by itself."""


class Steps(dict[StepKey, StepMoved]):
    """The last word on each step of a run. None is ever taken out."""

    def __init__(self, known: Mapping[StepKey, StepMoved]) -> None:
        super().__init__()
        self._at: defaultdict[str, list[StepKey]] = defaultdict(list)
        for key, step in known.items():
            self[key] = step

    def __setitem__(self, key: StepKey, step: StepMoved) -> None:
        if key not in self:
            self._at[key.path].append(key)
        super().__setitem__(key, step)

    def at(self, path: str) -> Sequence[StepKey]:
        """The steps of the node at this instance path, of every revision."""
        return self._at.get(path, ())


@dataclass(frozen=True)
class Run:
    """A run that is worked on: its row, the definition that it pinned, its items, and what they measure.

    `steps` are the last words on its steps so far, `grown` what its nodes added to the plan, by instance path,
    `last_words` those that are committed with its end; `wake` has it in hand.
    """

    wake: Wake
    row: RunRow
    specialist: Specialist
    plan: Plan
    items: dict[str, StoredItem]
    work: Work
    steps: Steps
    grown: dict[str, PlanGrown] = field(default_factory=dict)
    last_words: list[StepMoved] = field(default_factory=list)

    @property
    def host(self) -> Host:
        return self.wake.host

    @property
    def last_plan(self) -> bool:
        """Is this the last plan that there may be? Those that people asked for do not count."""
        return self.row.revision - len(self.work.wishes) > MOST_REPLANS

    @property
    def chain(self) -> str:
        return self.row.name

    @property
    def live(self) -> Specialist:
        """The definition in force, for policy and caps."""
        return self.host.live(self.specialist)

    def purse(self, tier: str, work: Work, shares: Mapping[str, int]) -> Purse:
        """Who pays for a model call of this run, in a node that was given this work. `shares` are those of the node and
        of all above it, in percent of the run's cap, by instance path."""
        about = list(dict.fromkeys(self.items[extract.item].number for extract in work.items or self.work.items))
        purse = purse_of(self.host, self.live, self.row.id, tier, about)
        of_nodes = node_path(self.row.id, self.row.revision, self.live.budget.run, shares)
        return purse._replace(path=(*purse.path, *of_nodes))


def purse_of(host: Host, live: Specialist, run: int, tier: str, about: Sequence[int]) -> Purse:
    """Who pays for a model call of a run about these items, outside of any node with a share."""
    path = run_path(live.name, live.budget, host.budget, zone=live.schedule.zone, at=host.now(), run=run, items=about)
    return Purse(live.name, run, tier, path, len(about), live.retry.idle)


class Living(Protocol):
    """An actor at work."""

    path: str

    def end(self) -> None: ...


Go = Callable[["Net", Node, str, Work], Awaitable["Result"]]


@dataclass
class Net:
    """A run, its supervisor and its tools' connections, while it is worked on. `stop` ends it where it is; `acts` are
    held, by key, by who is in the middle of one: two branches that ask for the same act do not send it both. `go` takes
    a node to its result, `mint` says what nodes may call.

    `lives` are the actors that are at work, by instance path, `ended` the nodes that nobody wants to go on, `shares`
    what nodes may spend of the run's cap, `acted` which nodes have acted.
    """

    run: Run
    supervisor: Supervisor
    connections: Connections
    stop: anyio.CancelScope
    go: Go
    mint: Mint
    acts: defaultdict[str, anyio.Lock] = field(default_factory=lambda: defaultdict(anyio.Lock))
    lives: dict[str, Living] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    shares: dict[str, int] = field(default_factory=dict)
    acted: set[str] = field(default_factory=set)

    @property
    def steps(self) -> Steps:
        """The last word on each step of the run."""
        return self.run.steps

    @property
    def nodes(self) -> int:
        """How many nodes are written down: the plan's, and those that were added."""
        roots = [self.run.plan.root, *(each.node for each in self.run.grown.values())]
        return sum(1 for root in roots for _ in walk(root))

    def shares_of(self, path: str) -> dict[str, int]:
        """The shares of a node and of all above it."""
        return {each: self.shares[each] for each in above(path) if each in self.shares}

    def end_under(self, paths: Collection[str]) -> None:
        """Nobody wants these nodes to go on: they and all under them end at their next step, or where they can be cut
        off."""
        self.ended.update(paths)
        for life in list(self.lives.values()):
            if not self.ended.isdisjoint(above(life.path)):
                life.end()

    def is_ended(self, path: str) -> bool:
        return bool(self.ended) and not self.ended.isdisjoint(above(path))


class Wait(NamedTuple):
    """What a parked node waits for: a gate (`g3`), the end of a `pause`, `time` with the moment, or a person to look:
    `review`, `low confidence` where a model was not sure, or `code changed` where the code is not what it was. One that
    was `ended` waits for nothing: another branch was enough."""

    where: str
    what: str
    why: str
    due: Instant | None = None


class Done(NamedTuple):
    """A node came to its end; what it hands on."""

    hand_offs: tuple[HandOff, ...]


class Parked(NamedTuple):
    """A node cannot go on by itself now. It holds no task."""

    waits: tuple[Wait, ...]


class Failed(NamedTuple):
    """A node gave up."""

    where: str
    failure: FailureRecord


Result = Done | Parked | Failed
