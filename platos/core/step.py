"""Steps: the named units of a run, and how a finished one is found again."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

__all__ = ["DENIED", "PLANNING", "StepKey", "StepKind", "above", "is_under", "plan_path"]

PLANNING = "plan"
"""The path of what a planner asks. No plan's root may have that name."""

DENIED = "denied "
"""How the step is named in which a node asked for a tool that it does not hold: this, and the tool's name."""

_ROUND_BRANCH_ATTEMPT = re.compile(r"\[[^\]]*\]|~\d+")


class StepKind(StrEnum):
    """What a step is: a whole node, a piece of local work, facts that were found, a model call, a tool call, a
    question to an actor, or which branches a join went on with."""

    NODE = "node"
    LOCAL = "local"
    FACTS = "facts"
    MODEL = "model"
    TOOL = "tool"
    ASK = "ask"
    JOIN = "join"


class StepKey(NamedTuple):
    """The checkpoint's key: run, plan revision, instance path, the step's name, and which one of that name it is."""

    run: int
    revision: int
    path: str
    name: str
    ordinal: int

    def __str__(self) -> str:
        again = f"#{self.ordinal}" if self.ordinal > 1 else ""
        return f"r{self.run}:{self.path}:{self.name}{again}"


def is_under(path: str, above: str) -> bool:
    """Is an instance path that of this node, or of one under it?"""
    return path.startswith(above) and path[len(above) : len(above) + 1] in ("", "/", "[", "~")


def above(path: str) -> list[str]:
    """The instance path, and those of all nodes that it may be under, the highest first: where `is_under` holds."""
    return [*(path[:at] for at, sign in enumerate(path) if sign in "/[~"), path]


def plan_path(path: str) -> str:
    """Where in its plan an instance path is: without rounds, branches and attempts."""
    return _ROUND_BRANCH_ATTEMPT.sub("", path)
