"""The planner suite, over every planner that is registered, a user's own included."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from platos.ports.part import Environment
from platos.registry import Registry
from platos.testing.planner import check_planner

OPTIONS: dict[str, dict[str, Any]] = {"fixed": {"sequence": [{"loop": "reader", "rounds": 2}, "aggregator"]}}
"""What the planners that need options are given."""

MINE = """
from platos import Plan, Single, planner

@planner("mine", version="1")
class Mine:
    async def plan(self, brief):
        return Plan(root=Single(name="draft", actor="assistant"), why="I say so", by="mine")

@planner("curious", version="1")
class Curious:
    fallback = "mine"

    async def plan_at(self, desk, brief):
        from pydantic import BaseModel

        class Word(BaseModel):
            actor: str

        def made(word):
            return Plan(root=Single(name="draft", actor=word.actor), why="it says so", by="curious")

        return await desk.ask_model("Who drafts?", [], Word, made)
"""


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    (tmp_path / "parts.py").write_text(MINE)
    return Registry([tmp_path / "parts.py"])


@pytest.fixture(params=[*Registry().names("planner"), "mine", "curious"])
def planner(request: pytest.FixtureRequest, registry: Registry, environment: Environment) -> Any:
    return registry.find("planner", request.param).build(OPTIONS.get(request.param, {}), environment)


async def test_every_registered_planner_keeps_the_contract(planner: Any) -> None:
    await check_planner(planner)
