"""Planner `fixed`: the plan that the owner wrote, and what is said of one that cannot be."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from planners.fixed import Fixed
from platos import Brief, Extract
from platos.core.drawing import draw
from platos.errors import ConfigurationError
from platos.ports.part import Environment
from platos.registry import Registry
from platos.testing.planner import ROLES, check_planner

WRITTEN = """
sequence:
  - fan_out:
      loop: reader
      rounds: 2
    join: quorum
    good: 2
  - branches: [aggregator, {actor: assistant, name: second, model: small}]
    join: race
  - actor: aggregator
    name: merge
    timeout: 5m
    attempts: 2
    share: 40
  - {actor: notifier, tools: [outbox], reach: {outbox: name=weekly}, verified: true}
"""
DRAWN = """\
work: sequence
  each: fan out, one branch an item, 2 of them must be good
    until_accepted: loop, until critic accepts, 2 rounds at most
      reader: reader
      critic: critic
  branches: fan out, side by side, whichever ends first
    aggregator: aggregator
    second: assistant, small model
  merge: aggregator, 40 % of the cap, 5m at most, 2 attempts
  notifier: notifier (outbox name=weekly), only on what was accepted"""


def planner(text: str, environment: Environment) -> Any:
    return Fixed(Fixed.Options.model_validate(yaml.safe_load(text)), environment)


def brief(items: int) -> Brief:
    some = Extract(item="i1", source="inbox", kind="text", chars=9, tier="rules", confidence=1.0)
    return Brief(items=(some,) * items, tools=("outbox",), roles=ROLES)


async def test_what_is_written_is_what_is_drawn(environment: Environment) -> None:
    assert draw(await planner(WRITTEN, environment).plan(brief(3))) == DRAWN


async def test_it_keeps_what_every_planner_keeps(environment: Environment) -> None:
    await check_planner(planner("sequence: [{loop: assistant}]", environment))


async def test_of_fewer_items_than_a_join_needs_good_ones_all_must_be_good(environment: Environment) -> None:
    assert "1 of them must be good" in draw(await planner(WRITTEN, environment).plan(brief(1)))


async def test_every_node_is_found_where_it_was_written() -> None:
    options = Fixed.Options.model_validate(yaml.safe_load(WRITTEN))
    assert options.place("work/each/until_accepted/reader") == ("sequence", 0, "fan_out", "loop")
    assert options.place("work/branches/second") == ("sequence", 1, "branches", 1)
    assert options.place("nowhere") == ()


@pytest.mark.parametrize(
    ("written", "where", "what", "hint"),
    [
        ("{}", "", "says not what it is", "- reader"),
        ("{actor: reader, loop: reader}", "", "both actor and loop", "- reader"),
        ("{sequence: [reader, {actor: critic, timeot: 5m}]}", "sequence.1.timeot", "no key 'timeot'", "timeout?"),
        ("{actor: reader, timeout: soon}", "timeout", "no span of time", "timeout: 5m"),
        (f"{{actor: reader, timeout: {'9' * 400}d}}", "timeout", "no span of time", "timeout: 5m"),
        ("{actor: reader, rounds: 2}", "", "'rounds' goes with loop, not with actor", ""),
        ("{loop: reader, until: {sequence: [critic]}}", "", "the word of one actor", "until: critic"),
        ("{fan_out: reader, join: quorom}", "join", "'join' cannot be used", "quorum"),
        ("{fan_out: [reader]}", "fan_out", "'fan_out' cannot be used", "reader"),
        ("{actor: 7}", "actor", "'actor' cannot be used", "assistant"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_to_write(written: str, where: str, what: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Registry().check("planner", "fixed", yaml.safe_load(written))
    assert (refused.value.where, what in refused.value.what) == (where, True)
    assert hint in refused.value.hint
