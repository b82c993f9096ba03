"""Lives of a process with one specialist that acts: cut off where a case says, started again, at last left alone."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import anyio.lowlevel
import pytest

from platos import Artifact, Brief, Context, FanOut, HandOff, Node, Plan, Sequence, Single, Work
from platos.core.effect import EffectClass, EffectState
from platos.core.instant import HOUR, MINUTE
from platos.core.state import State
from platos.errors import BadReasoning
from platos.runtime.effects import gate as gating
from platos.runtime.effects.ledger import claim_or_ask, settle
from platos.store import Store, effects
from platos.testing.workspace import SimulatedWorkspace
from tests.effects.world import Cut, Deed, World
from tests.simulation.loop import SimulatedLoop, run

__all__ = ["POINTS", "Actor", "Knife", "Planner", "check", "live", "live_in", "specialist"]

POINTS = (
    "before the intent",
    "after the intent",
    "after the gate",
    "before the send",
    "before the reply",
    "before the receipt",
    "after the receipt",
)
"""Where a process can be cut off around an effect that somebody is asked about."""

_LIVES = 6


class Knife:
    """Cuts the process off the first time that it comes to `point`; or at a transaction or a wake-up, by number."""

    def __init__(self, world: World, point: str = "") -> None:
        self.world, self.point, self.met = world, point, False
        self.writes = 0
        self.scope: anyio.CancelScope | None = None
        world.cut = lambda: self.at("before the reply")

    def at(self, point: str) -> None:
        """Raises Cut where this is the point."""
        if point and point == self.point and not self.met:
            self.met = True
            self.fall()

    def fall(self) -> None:
        """Raises Cut: from now on nothing leaves the process."""
        self.world.dead = True
        raise Cut

    def strike(self) -> None:
        """End the life that is lived now, wherever it waits; between two lives nothing is left to end."""
        if self.scope is not None:
            self.world.dead = True
            self.scope.cancel()

    @contextmanager
    def between(self) -> Iterator[None]:
        """For as long as the block lasts, every transaction passes here."""
        transact = Store.transact

        async def passing(store: Store, function: Callable[..., Any], *arguments: Any) -> Any:
            await anyio.lowlevel.checkpoint()
            self.world.alive()
            self.at({claim_or_ask: "before the intent", settle: "before the receipt"}.get(function, ""))
            answer = await transact(store, function, *arguments)
            self.at(_written(function, answer))
            self.writes -= 1
            if self.writes == 0:
                self.fall()
            return answer

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Store, "transact", passing)
            yield


def _written(function: Callable[..., Any], answer: Any) -> str:
    """The point that a transaction leads to, once it is written."""
    if function is gating._decide:
        return "after the gate"
    if function is settle:
        return "after the receipt"
    if function is claim_or_ask:
        return {"wait": "after the intent", "dispatch": "before the send"}.get(answer.do, "")
    return ""


class Planner:
    """One node acts, or two in parallel, or two in a row; a plan made again has the same shape, and other words."""

    def __init__(self, shape: str = "single") -> None:
        self.shape = shape

    async def plan(self, brief: Brief) -> Plan:
        one = Single(name="act", actor="actor", tools=("world",))
        shapes: dict[str, Node] = {
            "single": one,
            "parallel": FanOut(name="each", body=one),
            "row": Sequence(name="row", nodes=(one, Single(name="too", actor="actor", tools=("world",)))),
        }
        return Plan(root=shapes[self.shape], why="again" if brief.again else "first", by="planner")


class Actor:
    """Has the deeds done, in words that are never the same; the first `lost` times it finds then that it goes wrong."""

    def __init__(self, deeds: int = 1, lost: int = 0) -> None:
        self.deeds, self.lost, self.said = deeds, lost, 0

    async def act(self, context: Context, work: Work) -> HandOff:
        words = await context.step("words", self._words, returns=str)
        for deed in range(self.deeds):
            await context.call_tool("world", {"about": f"deed {deed}", "words": words}, why="it is due")
        lost = await context.step("lost", self._is_lost, returns=bool)
        if lost:
            raise BadReasoning("it goes round in circles")
        made = Artifact(kind="report", title=f"Said {words}", claims=(), by=context.signature)
        return context.hand_off(made, scope=())

    def _words(self) -> str:
        self.said += 1
        return f"words {self.said}"

    def _is_lost(self) -> bool:
        self.lost -= 1
        return self.lost >= 0


def specialist(tier: int) -> str:
    """Its file; what the world is asked for has that risk tier."""
    return f"""---
owner: ana
schedule: "0 */2 * * *"
sources: [{{directory: {{path: inbox}}}}]
triage: [{{rules: {{signal: [{{words: [advisory]}}], otherwise: dismiss}}}}]
planner: planner
tools: [world]
policy: {{world: {tier}}}
retry: {{idle: 2m}}
---
Act on every advisory.
"""


def live_in(place: Path, world: World, knife: Knife, *, tier: int, planner: Planner, actor: Actor, items: int) -> Any:
    """A workspace in an empty folder there, with so many signals in its inbox."""
    folder = place / "case"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "inbox").mkdir(parents=True)
    for number in range(items):
        (folder / "inbox" / f"n{number}.txt").write_text("An advisory.")
    parts = {("tool", "world"): world, ("planner", "planner"): planner, ("actor", "actor"): actor}
    return SimulatedWorkspace(folder, {"watch": specialist(tier)}, parts=parts)  # type: ignore[arg-type]


def live(
    seed: int,
    simulated: SimulatedWorkspace,
    knife: Knife,
    doom: Callable[[SimulatedLoop, int], bool] = lambda loop, life: False,
) -> None:
    """Life after life, until one was not cut off, and then one more; what came of it is checked.

    `doom` may arrange a life's end; it says whether it did. Raises AssertionError.
    """
    loop = SimulatedLoop(seed)

    async def lives() -> Told:
        for life in range(_LIVES):
            knife.world.dead, knife.scope, cut = False, anyio.CancelScope(), True
            with knife.scope:
                doomed = doom(loop, life)
                cut = await _cut_off(_one_life(simulated))
            knife.scope = None
            if not (cut or doomed):
                break
        knife.world.dead, knife.writes, knife.point, knife.world.wire = False, 0, "", []
        await _one_life(simulated)
        await _take_up(simulated)
        async with simulated.up():
            return await _told(simulated)

    with knife.between():
        check(run(loop, lives()), knife.world)


async def _one_life(simulated: SimulatedWorkspace) -> None:
    """A few hours in which every question is answered with yes."""
    async with simulated.up() as engine:
        await engine.rest()
        for span in (5 * MINUTE, 5 * MINUTE, 2 * HOUR, 2 * HOUR):
            await simulated.live(span)
            for gate in await simulated.open_gates():
                await simulated.approve(gate)


async def _take_up(simulated: SimulatedWorkspace) -> None:
    """A person lets go on what was given up."""
    async with simulated.up() as engine:
        for each in await simulated.runs():
            if each.state is State.FAILED:
                await engine.retry(each.id, by="person:test")
        await engine.rest()
        await simulated.live(HOUR)


async def _cut_off(life: Awaitable[None]) -> bool:
    try:
        await life
    except BaseException as error:
        if not _is_cut(error):
            raise
        return True
    return False


def _is_cut(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(map(_is_cut, error.exceptions))
    return isinstance(error, Cut)


def check(told: Told, world: World) -> None:
    """Nothing was done twice, nothing in silence, nothing is said to be done that was not. Raises AssertionError."""
    for about, times in world.done.items():
        if world.effect is EffectClass.READ:
            continue
        assert times == 1, f"{about} was done {times} times"
        assert about in told.rows, f"silent: {about} was done, and the ledger has never heard of it"
        state = told.rows[about].state
        assert told.is_told(about), f"silent: {about} was done, and is {state} in the ledger"
    for about, row in told.rows.items():
        said = row.state is EffectState.DONE
        assert not said or world.done[about], f"a receipt of nothing: {about}"
        assert said or world.effect is EffectClass.ONCE, f"{about} is {row.state}, and could be known"
    outward = world.effect is not EffectClass.READ
    assert not outward or all(len(words) == 1 for words in world.asked.values()), "an act was sent in other words"


class Told(NamedTuple):
    """What the ledger says in the end: each effect by what it is about, and each run's state."""

    rows: dict[str, effects.EffectRow]
    states: dict[int, State]

    def is_told(self, about: str) -> bool:
        """A receipt, a doubt that a person is told of, or a run that is not over and will find it."""
        row = self.rows[about]
        if row.state in (EffectState.DONE, EffectState.IN_DOUBT):
            return True
        return row.state is EffectState.DISPATCHED and self.states[row.run] not in (State.SUCCESS, State.CANCELLED)


async def _told(simulated: SimulatedWorkspace) -> Told:
    found = await simulated.runs()
    rows = [row for each in found for row in await effects.of_run(simulated.store, each.id)]
    return Told(
        {Deed.model_validate_json(bytes(row.arguments)).about: row for row in rows},
        {each.id: each.state for each in found},
    )
