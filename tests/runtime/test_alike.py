"""Those who ask one source the same wake as one; what is left behind is what each would have left by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from platos.clock import VirtualClock
from platos.config.template import read_template
from platos.core.instant import MINUTE
from platos.core.item import Item, Problem
from platos.errors import Unavailable
from platos.ports.source import Polled
from platos.runtime import engine as engines
from platos.runtime.asleep.quiet import Alike, gather
from platos.runtime.wake import Wake
from platos.runtime.wakeup import wake_up
from platos.testing.workspace import START, SimulatedWorkspace

Describe = Callable[..., str]
MakeFolder = Callable[[], Path]
Rows = list[tuple[Any, ...]]

QUARTER = 15 * MINUTE
NAMES = ("ana", "bo", "cy", "di", "eve")
LEFT = {
    "specialists": "SELECT * FROM specialists ORDER BY name",
    "cursors": "SELECT s.name, c.source, c.position, c.failures, c.problem, c.checksum FROM cursors c "
    "JOIN specialists s ON s.id = c.specialist ORDER BY 1, 2",
    "occurrences": "SELECT * FROM occurrences ORDER BY specialist, slot, outcome",
    "items": "SELECT specialist, source, id, digest, state, seen, withdrawn FROM items ORDER BY 1, 2, 3, 4",
    "chains": "SELECT c.name, count(*) FROM chains c JOIN journal j ON j.chain = c.id GROUP BY c.name ORDER BY 1",
}
"""All that wake-ups leave. Items are numbered as they come, and those who wake at one moment have no order."""

NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
"""A life takes a second: what it is that breaks is said by the difference."""

HAPPENS = st.lists(st.sampled_from(["nothing", "nothing", "touched", "item", "failure", "problem"]), max_size=8)
ACTS = st.lists(
    st.tuples(st.integers(0, 7), st.sampled_from(["pause", "resume", "wake", "sleep"]), st.sampled_from(NAMES)),
    max_size=4,
)


class Fickle:
    """A source in which something happens each quarter of an hour, and then nothing more. Its cursor is how much."""

    def __init__(self, happens: list[str]) -> None:
        self.happens, self.polls = happens, 0
        self.clock: VirtualClock | None = None

    async def poll(self, cursor: bytes | None) -> Polled:
        assert self.clock is not None
        self.polls += 1
        so_far = self.happens[: (self.clock.now() - START) // QUARTER]
        read = int(cursor or b"0")
        if so_far and so_far[-1] == "failure":
            raise Unavailable("nobody listens")
        new = [number for number, what in enumerate(so_far, 1) if what == "item" and number > read]
        reached = max((number for number, what in enumerate(so_far, 1) if what in ("item", "touched")), default=0)
        problem = bool(so_far) and so_far[-1] == "problem"
        return Polled(
            cursor=str(reached).encode(),
            items=tuple(Item(id=str(number), text="A newsletter.") for number in new),
            problems=(Problem(where="page", why="it is garbled"),) if problem else (),
        )


class Life(NamedTuple):
    """What happens in a life of some hours."""

    happens: list[str]
    acts: list[tuple[int, str, str]]


async def live_through(folder: Path, describe: Describe, life: Life) -> dict[str, Rows]:
    """What it leaves. Some have a file, some are of a template, and one wakes half as often."""
    source = Fickle(life.happens)
    own = {name: describe(sources=["fickle"]) for name in NAMES[:2]}
    own["cy"] = describe(sources=["fickle"], schedule={"cron": "*/30 * * * *", "catch_up": "all"})
    simulated = SimulatedWorkspace(folder, own, parts={("source", "fickle"): source})
    source.clock = simulated.clock
    template = await simulated.drop("template.md", describe(sources=["fickle"], jitter="5m"))
    async with simulated.up() as engine:
        content = await engine._host.offload(read_template, template, {})
        await engine.add(content.content, [("di", ()), ("eve", ())], by="person:test")
        for stage in range(10):
            for _, act, name in [each for each in life.acts if each[0] == stage]:
                await do(simulated, act, name)
            await simulated.live(QUARTER)
        return {table: await simulated.store.all(query) for table, query in LEFT.items()}


async def do(simulated: SimulatedWorkspace, act: str, name: str) -> None:
    engine = simulated.engine
    if act == "pause" and name not in engine._host.paused:
        await engine.pause(name, by="person:test")
    elif act == "resume" and name in engine._host.paused:
        await engine.resume(name, by="person:test")
    elif act == "wake" and name not in engine._host.paused:
        await engine.wake(name, by="person:test")
    elif act == "sleep":
        simulated.clock.suspend(2 * QUARTER + MINUTE)


def one_by_one(*_: Any) -> list[list[Alike]]:
    return []


def left_by(make_folder: MakeFolder, describe: Describe, life: Life, how: Callable[..., Any]) -> dict[str, Rows]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "gather", how)
        return anyio.run(live_through, make_folder(), describe, life)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, phases=NO_SHRINKING)
@given(happens=HAPPENS, acts=ACTS)
def test_together_leaves_what_one_by_one_leaves(
    make_folder: MakeFolder,
    describe: Describe,
    record_cases: Callable[[str, int], None],
    happens: list[str],
    acts: list[tuple[int, str, str]],
) -> None:
    life = Life(happens, acts)
    together, alone = (left_by(make_folder, describe, life, how) for how in (gather, one_by_one))
    assert together == alone
    record_cases("lives, together and one by one", 1)


def _too_far(host: Any, due: Any, ahead: Any) -> list[list[Alike]]:
    """Planted: who wakes together skips a slot."""
    groups = gather(host, due, ahead)
    for alike in (each for group in groups for each in group):
        for name, (its, quiet) in alike.members.items():
            alike.members[name] = its, quiet._replace(upcoming=quiet.upcoming + QUARTER)
    return groups


def test_a_group_that_leaves_something_else_is_noticed(make_folder: MakeFolder, describe: Describe) -> None:
    life = Life(["nothing"], [])
    assert left_by(make_folder, describe, life, _too_far) != left_by(make_folder, describe, life, one_by_one)


def test_those_who_wake_together_have_no_task_each(
    make_folder: MakeFolder, describe: Describe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for the first look of those who find the same, none of them takes a turn."""
    turns: list[str] = []

    async def counted(wake: Wake) -> None:
        turns.append(wake.name)
        await wake_up(wake)

    monkeypatch.setattr(engines, "wake_up", counted)
    left = left_by(make_folder, describe, Life(["nothing", "item"], []), gather)
    assert sorted(turns) == sorted(NAMES)
    assert sum(row[9] for row in left["specialists"]) > len(turns)
