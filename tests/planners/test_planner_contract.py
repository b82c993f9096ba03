"""Planner `contract`: the same six nodes for every brief, and which of them is given which tool."""

from __future__ import annotations

import pytest

from planners.contract import Contract
from platos import Brief, Extract
from platos.core.plan import actors_in
from platos.testing.planner import ROLES, briefs, check_planner

NODES = ["collect_context", "propose_change", "run_checks", "request_approval", "apply_change", "summarize_result"]


def brief(*tools: str) -> Brief:
    item = Extract(item="i1", source="inbox", kind="text", chars=40, tier="rules", confidence=1.0)
    return Brief(items=(item,), tools=tools, roles=ROLES)


async def test_it_keeps_what_every_planner_keeps() -> None:
    await check_planner(Contract())


async def test_whatever_arrives_it_is_the_same_six_nodes() -> None:
    for each in briefs():
        assert [node.name for node in actors_in(await Contract().plan(each))] == NODES


@pytest.mark.parametrize(
    ("tools", "checking", "acting"),
    [
        (("run-command", "file", "git-commit", "outbox"), ("run-command",), ("file",)),
        (("outbox", "git-commit"), (), ("git-commit",)),
        (("outbox",), (), ()),
    ],
)
async def test_only_those_who_need_a_tool_are_given_one(
    tools: tuple[str, ...], checking: tuple[str, ...], acting: tuple[str, ...]
) -> None:
    given = {node.name: node.tools for node in actors_in(await Contract().plan(brief(*tools)))}
    assert given == {
        "collect_context": (),
        "propose_change": (),
        "run_checks": checking,
        "request_approval": acting,
        "apply_change": acting,
        "summarize_result": (),
    }
