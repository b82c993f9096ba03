"""What a workspace of the reference workflow came to, read when no process is left."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from platos.core.effect import EffectState
from platos.core.event import StepMoved
from platos.core.state import Outcome, State
from platos.store import ReadStore, accounts, effects, evidence, items, journal, read_store, runs, verdicts

__all__ = ["Story", "pages", "story_of"]

RUN = 1


class Story(NamedTuple):
    """What may not differ, however often its processes were killed: times, numbers and order may."""

    items: frozenset[tuple[str, str, bool]]
    verdicts: frozenset[tuple[str, str, str]]
    runs: tuple[tuple[State, Outcome | None], ...]
    plans: tuple[str, ...]
    successes: Counter[str]
    answered: Counter[str]
    effects: tuple[tuple[str, EffectState], ...]
    receipts: int
    pinned: frozenset[str]
    outbox: dict[str, bytes]
    held: int


async def story_of(workspace: Path) -> Story:
    async with read_store(workspace / ".platos") as store:
        stored = [await items.find(store, number) for (number,) in await store.all("SELECT number FROM items")]
        given = [(each.item.id, *answer) for each in stored for answer in await verdicts.of_item(store, each.number)]
        calls = await accounts.calls_of_run(store, RUN)
        return Story(
            items=frozenset((each.item.id, str(each.state), each.run is not None) for each in stored),
            verdicts=frozenset((item, tier, str(verdict.decision)) for item, tier, verdict, _ in given),
            runs=tuple((row.state, row.outcome) for row in await runs.latest(store, 100)),
            plans=tuple(plan.root.name for plan in await runs.plans(store, RUN)),
            successes=await _successes(store),
            answered=Counter(call.step for call in calls if call.state == "answered"),
            effects=tuple((row.tool, row.state) for row in await effects.of_run(store, RUN)),
            receipts=len(await evidence.of_run(store, RUN)),
            pinned=frozenset(_calls(workspace, "pin")),
            outbox={path.name: path.read_bytes() for path in sorted((workspace / "outbox").glob("*"))},
            held=len(await accounts.held(store)),
        )


async def _successes(store: ReadStore) -> Counter[str]:
    """How often each step came to its result, as the journal tells it."""
    told = await journal.events(store, journal.run_chain(RUN))
    return Counter(str(each.key) for each in told if isinstance(each, StepMoved) and each.state is State.SUCCESS)


def pages(workspace: Path) -> int:
    """How often the owner was really paged."""
    return len(_calls(workspace, "page"))


def _calls(workspace: Path, tool: str) -> list[str]:
    """The keys that a tool was called with; none, where it has not been."""
    world = workspace / "world" / tool
    return world.read_text().split() if world.exists() else []
