"""A run that was planned again: what each plan did and paid is told of that plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from platos import Artifact, Brief, Context, HandOff, Plan, Single, Work
from platos.cli.story import read_story
from platos.core.instant import HOUR
from platos.core.step import StepKind
from platos.errors import BadReasoning
from platos.testing.workspace import SimulatedWorkspace

WATCH = """---
owner: ana
schedule: "*/15 * * * *"
sources: [{directory: {path: inbox}}]
triage: [{rules: {signal: [{words: [advisory]}], otherwise: dismiss}}]
models: {small: offline, frontier: offline}
planner: same
---

Report every advisory.
"""


class Said(BaseModel):
    title: str


class Wrong:
    """Asks a model, and finds the first time that it was wrong."""

    def __init__(self) -> None:
        self.acted = 0

    async def act(self, context: Context, work: Work) -> HandOff:
        self.acted += 1
        await context.ask_model("draft", "Say it.", [], Said)
        if self.acted == 1:
            raise BadReasoning("it does not hold")
        return context.hand_off(Artifact(kind="report", title="Done", claims=(), by="test"), scope=())


class Same:
    """Has the same plan each time."""

    async def plan(self, brief: Brief) -> Plan:
        return Plan(root=Single(name="work", actor="wrong"), why="there is one", by="same")


async def test_a_call_of_the_second_plan_is_not_told_of_the_first(tmp_path: Path) -> None:
    parts: dict[Any, Any] = {("actor", "wrong"): Wrong(), ("planner", "same"): Same()}
    simulated = SimulatedWorkspace(tmp_path, {"watch": WATCH}, parts=parts)
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(HOUR)
        story = await read_story(simulated.store, 1)
    asked = [(step.revision, [call.call for call in step.calls]) for step in story.steps if step.kind is StepKind.MODEL]
    assert asked == [(1, [1]), (2, [2])]
