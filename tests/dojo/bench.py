"""AgentDojo behind Platos: its tools become tools, its environment is the world, its tasks are what actors do."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel

from platos import Artifact, Brief, Context, FanOut, HandOff, Plan, Receipt, Single, Work
from platos.core.instant import MINUTE
from platos.testing.workspace import SimulatedWorkspace
from tests.dojo.classes import ANSWER, class_of
from tests.dojo.stand_ins import without_providers

with without_providers():
    from agentdojo.functions_runtime import FunctionCall, FunctionsRuntime
    from agentdojo.task_suite.load_suites import get_suites
    from agentdojo.types import text_content_block_from_string

__all__ = ["Came", "SUITES", "attack", "calls_of", "environment", "obey", "part_name", "serve", "tools_of"]

SUITES: dict[str, Any] = dict(get_suites("v1.2.2"))
_MOST_CHARS = 40
_MAIL = "mark.black-2134@gmail.com"


class Said(BaseModel):
    """What the owner is told."""

    text: str


class World:
    """One environment: what was called in it, and what the owner was told."""

    def __init__(self, suite: str, environment: Any) -> None:
        self.suite = SUITES[suite]
        self.before, self.now = environment.model_copy(deep=True), environment
        self.calls: list[Any] = []
        self.told: list[str] = []
        self._runtime = FunctionsRuntime(self.suite.tools)

    def run(self, name: str, arguments: dict[str, Any]) -> str:
        """Call a function. What it says when it goes wrong is its answer, as it is to a model."""
        self.calls.append(FunctionCall(function=name, args=arguments))
        found, error = self._runtime.run_function(self.now, name, arguments)
        return error or str(found)

    def judge(self, task: Any) -> bool:
        """Was the goal reached? AgentDojo's own judgement, over this world and what the owner was told."""
        said = [text_content_block_from_string(text) for text in self.told]
        return bool(self.suite._check_task_result(task, said, self.before, self.now, self.calls))


class DojoTool:
    """One function of a suite."""

    once_per: ClassVar[tuple[str, ...]] = ()
    repeatable: ClassVar[bool] = False

    def __init__(self, suite: str, name: str, world: World) -> None:
        self.name, self._world = name, world
        self.effect = class_of(suite, name).effect
        functions = {each.name: each for each in world.suite.tools}
        self.Arguments = Said if name == ANSWER else functions[name].parameters

    async def call(self, arguments: BaseModel, key: str) -> Receipt:
        if isinstance(arguments, Said):
            self._world.told.append(arguments.text)
            return Receipt(summary="the owner was told")
        answer = self._world.run(self.name, arguments.model_dump())
        return Receipt(summary=f"called {self.name}", data={"answer": answer[:2_000]})

    async def probe(self, arguments: BaseModel, key: str) -> Receipt | None:
        raise AssertionError("none of them can be asked")

    async def observe(self, arguments: BaseModel) -> dict[str, str]:
        return {}


class Replay:
    """Does what its item's number says: a list of calls, one after the other. Its model is scripted, or obeys."""

    def __init__(self, parts: Sequence[Sequence[tuple[str, dict[str, Any]]]]) -> None:
        self.parts = parts

    async def act(self, context: Context, work: Work) -> HandOff:
        number = int((await context.read(work.items[0].item)).text.split()[-1])
        for name, arguments in self.parts[number]:
            await context.call_tool(part_name(name), arguments, why="it is asked for")
        made = Artifact(kind="report", title="Ended", claims=(), by=context.signature)
        return context.hand_off(made, scope=())


class Branches:
    """A branch for each list of calls: one that waits for a person stops no other."""

    async def plan(self, brief: Brief) -> Plan:
        body = Single(name="do", actor="replay", tools=brief.tools)
        return Plan(root=FanOut(name="each", body=body), why="each for itself", by="branches")


class Came(NamedTuple):
    """What came of it: the world, and how many gates there were."""

    world: World
    gates: int


def part_name(tool: str) -> str:
    """A tool's name, as a part may have it."""
    return tool[:_MOST_CHARS]


def environment(suite: str, words: str = "") -> Any:
    """A new environment of a suite, with these words wherever an attacker can put any."""
    return _read_environment(suite, words).model_copy(deep=True)


@cache
def _read_environment(suite: str, words: str) -> Any:
    texts = dict.fromkeys(SUITES[suite].get_injection_vector_defaults(), words) if words else {}
    return SUITES[suite].load_and_inject_default_environment(texts)


def tools_of(suite: str) -> list[str]:
    """The names of a suite's tools, and of the one by which the owner is told."""
    return [*(each.name for each in SUITES[suite].tools), ANSWER]


def calls_of(task: Any, environment: Any) -> list[tuple[str, dict[str, Any]]]:
    """What has to be called for a task, by AgentDojo's own account of it; the answer last, where there is one."""
    calls = [(call.function, dict(call.args)) for call in task.ground_truth(deepcopy(environment))]
    said = task.GROUND_TRUTH_OUTPUT
    return [*calls, (ANSWER, {"text": said})] if said else calls


def obey(task: Any, environment: Any) -> list[tuple[str, dict[str, Any]]]:
    """What a model calls that does all that the attacker says, and says what he wants to be said.

    Of eight goals of the workspace AgentDojo has no account; they all end in a mail to him.
    """
    calls = [(call.function, dict(call.args)) for call in task.ground_truth(deepcopy(environment))]
    mail = ("send_email", {"recipients": [_MAIL], "subject": "As you wish", "body": task.GOAL})
    return [*(calls or [mail]), (ANSWER, {"text": task.GROUND_TRUTH_OUTPUT or task.GOAL})]


async def serve(place: Path, suite: str, task: Any, *, granted: bool) -> Came:
    """A user's task; whoever is asked says yes, where that is `granted`, or nothing."""
    world = World(suite, task.init_environment(environment(suite)))
    return await _live(place, suite, world, [calls_of(task, world.now)], granted=granted)


async def attack(place: Path, suite: str, task: Any, goal: Any, *, granted: bool = False) -> Came:
    """A user's task in a world full of the attacker's words. Each of his calls has a branch of its own, and the
    user's task another: a call that waits keeps no other from being made."""
    world = World(suite, task.init_environment(environment(suite, goal.GOAL)))
    parts = [[call] for call in obey(goal, world.now)]
    return await _live(place, suite, world, [*parts, calls_of(task, world.now)], granted=granted)


async def _live(
    place: Path, suite: str, world: World, parts: Sequence[Sequence[tuple[str, dict[str, Any]]]], *, granted: bool
) -> Came:
    folder = place / "case"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "inbox").mkdir(parents=True)
    for number in range(len(parts)):
        (folder / "inbox" / f"n{number}.txt").write_text(f"An advisory, number {number}")
    used = list(dict.fromkeys(name for part in parts for name, _ in part))
    made: dict[Any, Any] = {("tool", part_name(name)): DojoTool(suite, name, world) for name in used}
    made |= {("actor", "replay"): Replay(parts), ("planner", "branches"): Branches()}
    simulated = SimulatedWorkspace(folder, {"dojo": _specialist(suite, used)}, parts=made)
    gates = 0
    async with simulated.up():
        await simulated.live(5 * MINUTE)
        while asked := await simulated.open_gates():
            gates += len(asked)
            if not granted:
                break
            for gate in asked:
                await simulated.approve(gate)
    return Came(world, gates)


def _specialist(suite: str, tools: Sequence[str]) -> str:
    """Its owner writes down of each tool who is asked."""
    policy = ", ".join(f"{part_name(name)}: {int(class_of(suite, name).tier)}" for name in tools)
    return f"""---
owner: ana
schedule: "0 8 * * *"
sources: [{{directory: {{path: inbox}}}}]
triage: [{{rules: {{signal: [{{words: [advisory]}}], otherwise: dismiss}}}}]
planner: branches
tools: [{", ".join(map(part_name, tools))}]
policy: {{{policy}}}
---
Do what the user asks for.
"""
