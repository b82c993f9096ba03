"""`wakeup.py` is the story of DESIGN section 2, and nothing else."""

from __future__ import annotations

import ast
import inspect

from platos.runtime import wakeup

STORY = ["due", "poll", "triage", "plan", "assemble", "drive", "verify", "close"]


def called(*functions: str) -> list[str]:
    """What these functions call by name, in the order in which it stands there."""
    tree = ast.parse(inspect.getsource(wakeup))
    bodies = {each.name: each for each in tree.body if isinstance(each, ast.AsyncFunctionDef)}
    calls = [node for name in functions for node in ast.walk(bodies[name]) if isinstance(node, ast.Call)]
    named = [(node.lineno, node.func.id) for node in calls if isinstance(node.func, ast.Name)]
    return [name for _, name in sorted(named)]


def test_a_wake_up_reads_as_its_story() -> None:
    first, second = called("wake_up"), called("work")
    assert first == [*STORY[:3], "work"]
    assert second == STORY[3:]


def test_what_goes_on_takes_the_same_way_without_a_slot() -> None:
    assert called("go_on") == ["triage", "work"]
