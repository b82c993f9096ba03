"""A process that lives through the morning of a workspace, and can be told to die in the middle of it.

`child.py WORKSPACE` makes the workspace where it is not there, runs some minutes on the virtual clock, answers the gate
and ends; it prints how many transactions it made. `--kill before:N` or `after:N` ends it by SIGKILL around the N-th.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import Any

import anyio

from platos.app import load_app
from platos.clock import VirtualClock
from platos.config.scaffold import init_workspace, offer_models
from platos.core.approval import GateState
from platos.core.event import StepMoved
from platos.core.instant import HOUR, MINUTE
from platos.runtime.engine import Engine
from platos.store import ReadStore, Store, gates, steps

MORNING = 1_790_000_000_000_000
FACT = "The advisory says that service {n} of the cluster is affected and must be updated by its owner today. "


class Killer:
    """Counts the transactions of this process, and ends it around one of them."""

    def __init__(self, kill: str) -> None:
        self.count = 0
        when, _, number = kill.partition(":")
        self._when, self._number = when, int(number or 0)
        self._transact = Store.transact

    def watch(self) -> None:
        """Stand between the runtime and the store."""
        killer = self

        async def transact(store: Store, *asked: Any) -> Any:
            killer.count += 1
            number = killer.count
            killer.strike("before", number)
            answer = await killer._transact(store, *asked)
            killer.strike("after", number)
            return answer

        setattr(Store, transact.__name__, transact)

    def strike(self, when: str, number: int) -> None:
        if (when, number) == (self._when, self._number):
            os.kill(os.getpid(), signal.SIGKILL)


def forget_checkpoints() -> None:
    """Planted: a store that does not give back what steps came to."""

    async def nothing(store: ReadStore, run: int) -> list[StepMoved]:
        return []

    steps.of_run = nothing


def make_workspace(root: Path) -> None:
    """Three new items; two are signals, one of them long: a branch for each, and a critic in each branch."""
    init_workspace(root, models=offer_models({}, False))
    long = "\n".join(FACT.format(n=n) for n in range(60))
    (root / "inbox" / "advisory-cluster.txt").write_text(f"Advisory: the cluster\n\n{long}\n")


async def live(engine: Engine, until: int) -> None:
    """Until nothing is left to do: what waits for a person is approved."""
    await engine.live(until)
    await engine.rest()
    for gate in await gates.open_gates(engine.store):
        await engine.decide(gate.id, GateState.APPROVED, by="person:ana")
    await engine.rest()


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--hour", type=int, default=0)
    parser.add_argument("--kill", default="")
    parser.add_argument("--forget", action="store_true")
    asked = parser.parse_args()
    if not asked.workspace.exists():
        make_workspace(asked.workspace)
    if asked.forget:
        forget_checkpoints()
    killer = Killer(asked.kill)
    killer.watch()
    app = load_app(asked.workspace, environ={}, clock=VirtualClock(MORNING + asked.hour * HOUR))
    async with app.engine("crash") as engine:
        await live(engine, app.clock.now() + 20 * MINUTE)
    sys.stdout.write(f"{killer.count}\n")


if __name__ == "__main__":
    anyio.run(main)
