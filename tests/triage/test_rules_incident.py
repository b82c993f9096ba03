"""The rule `incident`: follow-ups join their incident, which is let through once, when its words fit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.instant import DAY, SECOND, Instant
from platos.core.item import Item, ItemState, StoredItem
from platos.core.verdict import Decision, Verdict
from platos.testing.source import environment_in
from platos.testing.tier import ScriptedBench
from platos.triage._rule_incident import _MOST_TEXT, Incident
from platos.triage.rules import Rules

MakeRules = Callable[..., Rules]
JudgeInBatches = Callable[[Rules, Sequence[StoredItem], int], Awaitable[list[Verdict]]]
START = 1_700_000_000 * SECOND
RULE: dict[str, Any] = {"incident": "number", "rule": {"words": ["Packages"]}}


def update(number: int, incident: Any, text: str, *, seen: Instant = START, **fields: Any) -> StoredItem:
    given_fields = fields if incident is None else {"number": incident, **fields}
    item = Item(id=f"{incident}-{number}", text=text, ts=seen, fields=given_fields)
    return StoredItem(number=number, specialist="s", source="status", item=item, state=ItemState.NEW, seen=seen)


def updates(*said: tuple[Any, str]) -> list[StoredItem]:
    return [update(number, incident, text) for number, (incident, text) in enumerate(said, 1)]


def decisions(verdicts: Sequence[Verdict]) -> list[Decision]:
    return [verdict.decision for verdict in verdicts]


UP, SIGNAL, DISMISS = Decision.UP, Decision.SIGNAL, Decision.DISMISS


async def test_an_incident_is_let_through_once_and_its_follow_ups_are_dismissed(make_rules: MakeRules) -> None:
    items = updates((7, "Packages is slow"), (8, "Issues is slow"), (7, "Packages is still slow"), (7, "it is over"))
    verdicts = await make_rules(signal=[RULE]).judge(items, ScriptedBench())
    assert decisions(verdicts) == [SIGNAL, UP, DISMISS, DISMISS]
    assert verdicts[0].reason == 'incident by number, words Packages: incident "7": "Packages" found'
    assert verdicts[2].reason == 'incident by number, words Packages: incident "7" was let through with i1'


async def test_an_incident_is_judged_again_when_an_update_changes_the_verdict(make_rules: MakeRules) -> None:
    items = updates((7, "Something is slow"), (7, "We look into it"), (7, "It is Packages"), (7, "Packages is well"))
    assert decisions(await make_rules(signal=[RULE]).judge(items, ScriptedBench())) == [UP, UP, SIGNAL, DISMISS]


async def test_the_words_of_all_updates_count_together(make_rules: MakeRules) -> None:
    rule = {"incident": "number", "rule": {"all": [{"words": ["Packages"]}, {"words": ["data loss"]}]}}
    items = updates((7, "Packages is slow"), (8, "data loss"), (7, "there was data loss"))
    assert decisions(await make_rules(signal=[rule]).judge(items, ScriptedBench())) == [UP, UP, SIGNAL]


async def test_the_fields_are_those_of_the_latest_update(make_rules: MakeRules) -> None:
    rule = {"incident": "number", "rule": {"field": "impact", "equals": "major"}}
    items = [update(1, 7, "", impact="minor"), update(2, 7, "", impact="major"), update(3, 7, "", impact="minor")]
    assert decisions(await make_rules(signal=[rule]).judge(items, ScriptedBench())) == [UP, SIGNAL, DISMISS]


async def test_versions_of_an_item_without_the_field_are_one_incident(make_rules: MakeRules) -> None:
    first, second = update(1, None, "Packages"), update(2, None, "Packages again")
    other_version = StoredItem(
        number=3, specialist="s", source="status", item=Item(id="None-1", text="Packages!"), state=ItemState.NEW, seen=0
    )
    verdicts = await make_rules(signal=[RULE]).judge([first, second, other_version], ScriptedBench())
    assert decisions(verdicts) == [SIGNAL, SIGNAL, DISMISS]


async def test_another_source_cannot_speak_for_an_incident(make_rules: MakeRules) -> None:
    mine = update(1, 7, "Packages is slow")
    other = StoredItem(number=2, specialist="s", source="other", item=mine.item, state=ItemState.NEW, seen=START)
    assert decisions(await make_rules(signal=[RULE]).judge([other, mine], ScriptedBench())) == [SIGNAL, SIGNAL]


async def test_an_update_that_waited_above_is_let_through_again(make_rules: MakeRules) -> None:
    rules, bench = make_rules(signal=[RULE]), ScriptedBench()
    items = updates((7, "It is slow"), (7, "Packages is slow"), (7, "Packages is well"))
    first = await rules.judge(items, bench)
    assert (await rules.judge(items[1:], bench)) == first[1:]


async def test_an_update_that_is_judged_again_is_not_counted_twice(make_rules: MakeRules) -> None:
    rule = {"incident": "number", "rule": {"pattern": r"(?s)slow.*slow"}}
    rules, bench, items = make_rules(signal=[rule]), ScriptedBench(), updates((7, "it is slow"))
    assert decisions([*await rules.judge(items, bench), *await rules.judge(items, bench)]) == [UP, UP]


@pytest.mark.parametrize(("days", "decision"), [(29, DISMISS), (31, SIGNAL)])
async def test_an_incident_that_was_long_idle_is_forgotten(
    make_rules: MakeRules, judge_in_batches: JudgeInBatches, days: int, decision: Decision
) -> None:
    items = [update(1, 7, "Packages"), update(2, 7, "Packages", seen=START + days * DAY)]
    for size in (1, 2):
        assert decisions(await judge_in_batches(make_rules(signal=[RULE]), items, size)) == [SIGNAL, decision]


async def test_what_is_forgotten_is_no_longer_kept(make_rules: MakeRules) -> None:
    rules, bench = make_rules(signal=[RULE]), ScriptedBench()
    for number in range(1, 2_000):
        await rules.judge([update(number, number, "x" * 500, seen=START + number * DAY)], bench)
    assert sum(map(len, bench.memory.values())) < 64 * 5 * 600


async def test_what_is_kept_is_bounded_however_many_incidents_there_are(make_rules: MakeRules) -> None:
    rules, bench = make_rules(signal=[RULE]), ScriptedBench()
    for start in range(0, 20_000, 500):
        await rules.judge([update(number, number, "x") for number in range(start, start + 500)], bench)
    assert sum(map(len, bench.memory.values())) < 64 * 200 * 60


async def test_the_words_of_an_incident_are_bounded(make_rules: MakeRules) -> None:
    rules, bench = make_rules(signal=[RULE]), ScriptedBench()
    await rules.judge([update(number, 7, "slow " * 1_000) for number in range(1, 50)], bench)
    assert sum(map(len, bench.memory.values())) < 2 * _MOST_TEXT


async def test_a_long_value_takes_no_more_room_than_others(make_rules: MakeRules) -> None:
    rules, bench = make_rules(signal=[RULE]), ScriptedBench()
    verdicts = await rules.judge(updates(("7" * 50_000, "Packages"), ("7" * 50_000, "more")), bench)
    assert decisions(verdicts) == [SIGNAL, DISMISS]
    assert sum(map(len, bench.memory.values())) < 1_000


STREAMS = st.lists(
    st.tuples(st.sampled_from([1, 2, "a", None]), st.sampled_from(["Packages", "quiet", "loss"]), st.integers(-20, 20)),
    max_size=30,
)


@given(stream=STREAMS, size=st.integers(1, 31))
async def test_verdicts_do_not_depend_on_how_updates_fall_into_batches(
    tmp_path_factory: pytest.TempPathFactory,
    judge_in_batches: JudgeInBatches,
    stream: list[tuple[Any, str, int]],
    size: int,
) -> None:
    rule = {"incident": "number", "rule": {"all": [{"words": ["Packages"]}, {"words": ["loss"]}]}, "days": 10}
    rules = Rules(Rules.Options.model_validate({"signal": [rule]}), environment_in(tmp_path_factory.getbasetemp()))
    items = [
        update(number, incident, text, seen=START + days * DAY)
        for number, (incident, text, days) in enumerate(stream, 1)
    ]
    assert await judge_in_batches(rules, items, size) == await judge_in_batches(rules, items, len(items) or 1)


async def test_an_incident_that_forgets_what_it_heard_would_be_caught(
    make_rules: MakeRules, judge_in_batches: JudgeInBatches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platos.triage._memory.Shelf.keep", lambda self, bench: None)
    items = updates((7, "Packages"), (7, "Packages"))
    rules = make_rules(signal=[RULE])
    assert await judge_in_batches(rules, items, 1) != await judge_in_batches(rules, items, 2)


def test_an_incident_may_hold_any_rule() -> None:
    rule = Incident.model_validate({"incident": "n", "rule": {"any": [{"not": {"words": ["a"]}}, RULE]}})
    assert rule.rendering() == "incident by n, any of (not words a; incident by number, words Packages)"
