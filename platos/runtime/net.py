"""The net: a run's plan, assembled and alive. What its nodes share."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

import anyio

from platos.core.budget import run_path
from platos.core.event import StepMoved
from platos.core.failure import FailureRecord
from platos.core.handoff import HandOff, Work
from platos.core.instant import Instant
from platos.core.item import StoredItem
from platos.core.plan import Plan
from platos.core.specialist import Specialist
from platos.core.step import StepKey
from platos.runtime.connections import Connections
from platos.runtime.host import Host
from platos.runtime.meter import Purse
from platos.runtime.mint import Mint
from platos.runtime.supervisor import Supervisor
from platos.runtime.wake import Wake
from platos.store.runs import RunRow

__all__ = ["MOST_REPLANS", "Done", "Failed", "Net", "Parked", "Result", "Run", "Wait"]

MOST_REPLANS = 2
"""How often a run is planned again by itself."""


@dataclass(frozen=True)
class Run:
    """A run that is worked on: its row, the definition that it pinned, its items, and what they measure.

    `steps` are the last words on its steps so far, `wake` has it in hand.
    """

    wake: Wake
    row: RunRow
    specialist: Specialist
    plan: Plan
    items: dict[str, StoredItem]
    work: Work
    steps: dict[StepKey, StepMoved]

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

    def purse(self, tier: str, work: Work) -> Purse:
        """Who pays for a model call of this run, in a node that was given this work."""
        host, live = self.host, self.live
        about = list(dict.fromkeys(self.items[extract.item].number for extract in work.items or self.work.items))
        path = run_path(
            live.name,
            live.budget,
            host.budget,
            zone=live.schedule.zone,
            at=host.now(),
            run=self.row.id,
            items=about,
        )
        return Purse(live.name, self.row.id, tier, path, len(about), live.retry.idle)


@dataclass
class Net:
    """A run, its supervisor and its tools' connections, while it is worked on. `stop` ends it where it is; `acts` are
    held, by key, by who is in the middle of one: two branches that ask for the same act do not send it both. `mint`
    says what its nodes may call."""

    run: Run
    supervisor: Supervisor
    connections: Connections
    stop: anyio.CancelScope
    mint: Mint
    acts: defaultdict[str, anyio.Lock] = field(default_factory=lambda: defaultdict(anyio.Lock))

    @property
    def steps(self) -> dict[StepKey, StepMoved]:
        """The last word on each step of the run."""
        return self.run.steps


class Wait(NamedTuple):
    """What a parked node waits for: a gate (`g3`), the end of a `pause`, `time` with the moment, or a person to look:
    `review`, `low confidence` where a model was not sure, or `code changed` where the code is not what it was."""

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
