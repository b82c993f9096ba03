"""The rule `series`: what is unusual in a series of samples, when it is told, and what is remembered."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from platos.core.instant import DAY, HOUR, MINUTE, SECOND, Instant
from platos.core.item import Item, ItemState, StoredItem
from platos.core.verdict import Decision, Verdict
from platos.testing.source import environment_in
from platos.testing.tier import ScriptedBench
from platos.triage import _rule_series
from platos.triage._memory import Box, Memory
from platos.triage._robust import median_of, score
from platos.triage.rules import Rules

MakeRules = Callable[..., Rules]
JudgeInBatches = Callable[[Rules, Sequence[StoredItem], int], Awaitable[list[Verdict]]]
START = 1_700_000_000 * SECOND
RULE = {"series": "value", "per": "host", "rest": 5}


def sample(
    number: int, value: Any, *, host: str = "a", at: Instant | None = None, seen: Instant | None = None
) -> StoredItem:
    """The sample of a minute, seen when it was taken."""
    taken = START + number * MINUTE if at is None else at
    item = Item(id=str(number), text="", ts=taken, fields={"host": host, "value": value})
    arrived = START + number * MINUTE if seen is None else seen
    return StoredItem(number=number, specialist="s", source="metrics", item=item, state=ItemState.NEW, seen=arrived)


def samples(values: Sequence[Any], first: int = 1) -> list[StoredItem]:
    return [sample(number, value) for number, value in enumerate(values, first)]


USUAL = [10, 11] * 20


def signals(verdicts: Sequence[Verdict]) -> list[int]:
    """The places of those that were let through."""
    return [place for place, verdict in enumerate(verdicts) if verdict.decision is Decision.SIGNAL]


def ruled(**more: Any) -> dict[str, Any]:
    return {"signal": [{**RULE, **more}]}


@pytest.mark.parametrize(("last", "fits"), [(40, True), (-20, True), (12, False), ("40", True), (10.5, False)])
async def test_a_sample_unlike_those_before_it_fits(make_rules: MakeRules, last: Any, fits: bool) -> None:
    verdicts = await make_rules(**ruled()).judge(samples([*USUAL, last]), ScriptedBench())
    assert signals(verdicts) == ([40] if fits else [])


async def test_the_verdict_says_how_unusual_it_is(make_rules: MakeRules) -> None:
    verdicts = await make_rules(**ruled()).judge(samples([*USUAL, 40]), ScriptedBench())
    assert verdicts[-1].reason == 'series value, zscore over 3.5: "a" is 40, 39.8 deviations from 10.5'


async def test_a_rate_is_the_change_since_the_sample_before(make_rules: MakeRules) -> None:
    climbing = [*range(40), 60]
    verdicts = await make_rules(**ruled(test="rate")).judge(samples(climbing), ScriptedBench())
    assert signals(verdicts) == [40]
    assert "a change of 21, inf deviations from 1" in verdicts[-1].reason


async def test_a_steady_climb_has_a_usual_rate(make_rules: MakeRules) -> None:
    verdicts = await make_rules(**ruled(test="rate")).judge(samples(list(range(300))), ScriptedBench())
    assert signals(verdicts) == []


async def test_the_first_samples_of_a_series_never_fit(make_rules: MakeRules) -> None:
    verdicts = await make_rules(**ruled()).judge(samples([10] * 29 + [99, 99]), ScriptedBench())
    assert signals(verdicts) == [30]


async def test_a_constant_series_fits_where_it_moves(make_rules: MakeRules) -> None:
    assert signals(await make_rules(**ruled()).judge(samples([0] * 50 + [1e-9]), ScriptedBench())) == [50]


@pytest.mark.parametrize("value", [None, "n/a", float("nan"), float("inf"), [], 10**400])
async def test_what_is_no_number_is_no_sample(make_rules: MakeRules, value: Any) -> None:
    rules, bench = make_rules(**ruled()), ScriptedBench()
    await rules.judge(samples(USUAL), bench)
    before = dict(bench.memory)
    (verdict,) = await rules.judge([sample(41, value)], bench)
    assert (verdict.decision, bench.memory) == (Decision.UP, before)


async def test_a_stretch_is_told_at_its_onset_and_again_after_each_rest(make_rules: MakeRules) -> None:
    verdicts = await make_rules(**ruled()).judge(samples([*USUAL, *[40] * 13]), ScriptedBench())
    assert signals(verdicts) == [40, 46, 52]
    assert {verdict.decision for verdict in verdicts[41:46]} == {Decision.DISMISS}
    assert "i41 of 2023-11-14T22:54:20Z was let through" in verdicts[41].reason


async def test_a_new_level_becomes_the_usual_one(make_rules: MakeRules) -> None:
    verdicts = await make_rules(**ruled(window=40)).judge(samples([*USUAL, *[40, 41] * 100]), ScriptedBench())
    assert signals(verdicts)[0] == 40
    assert max(signals(verdicts)) < 40 + 25
    back = await make_rules(**ruled(window=40)).judge(samples([*[40, 41] * 100, 10]), ScriptedBench())
    assert signals(back) == [200]


async def test_a_spike_does_not_hide_the_next_one(make_rules: MakeRules) -> None:
    values = [*USUAL, 1e6, *[10, 11] * 5, 40]
    assert signals(await make_rules(**ruled()).judge(samples(values), ScriptedBench())) == [40, 51]


async def test_each_series_has_its_own_usual(make_rules: MakeRules) -> None:
    items = [
        sample(number, value, host=host)
        for number, (host, value) in enumerate([pair for v in USUAL for pair in (("a", v), ("b", v * 100))], 1)
    ]
    more = [sample(201, 1000, host="a"), sample(202, 1000, host="b")]
    assert signals(await make_rules(**ruled()).judge([*items, *more], ScriptedBench())) == [80]


async def test_a_series_without_a_name_is_that_of_its_source(make_rules: MakeRules) -> None:
    verdicts = await make_rules(**ruled(per="absent")).judge(samples([*USUAL, 40]), ScriptedBench())
    assert '"metrics" is 40' in verdicts[-1].reason


@pytest.mark.parametrize(("value", "decision"), [(10, Decision.UP), (40, Decision.SIGNAL)])
async def test_a_late_sample_is_judged_by_the_window_and_does_not_enter_it(
    make_rules: MakeRules, value: float, decision: Decision
) -> None:
    rules, bench = make_rules(**ruled()), ScriptedBench()
    await rules.judge(samples(USUAL), bench)
    (verdict,) = await rules.judge([sample(41, value, at=START + 3 * MINUTE)], bench)
    assert verdict.decision is decision
    (held,) = [state for box in bench.memory.values() for state in _states(box)]
    assert held.measures == USUAL
    assert held.at == START + 40 * MINUTE


def _states(box: bytes) -> list[_rule_series._Samples]:
    return [state for _, state in msgspec.msgpack.decode(box, type=Box[_rule_series._Samples]).states.values()]


async def test_a_sample_from_the_far_future_does_not_make_all_others_late(make_rules: MakeRules) -> None:
    rules, bench = make_rules(**ruled(), otherwise="dismiss"), ScriptedBench()
    await rules.judge([*samples(USUAL), sample(41, 10, at=START + 900 * DAY)], bench)
    hours = [sample(number, 10 + number % 2, seen=START + number * MINUTE + HOUR) for number in range(102, 142)]
    await rules.judge(hours, bench)
    (held,) = [state for box in bench.memory.values() for state in _states(box)]
    assert held.at == hours[-1].item.ts


async def test_samples_without_times_come_in_their_turn(make_rules: MakeRules) -> None:
    items = [
        StoredItem(
            number=number,
            specialist="s",
            source="s",
            item=Item(id=str(number), text="", fields={"value": value}),
            state=ItemState.NEW,
            seen=START,
        )
        for number, value in enumerate([*USUAL, 40], 1)
    ]
    assert signals(await make_rules(**ruled()).judge(items, ScriptedBench())) == [40]


async def test_a_sample_that_waited_above_is_let_through_again(make_rules: MakeRules) -> None:
    rules, bench, items = make_rules(**ruled()), ScriptedBench(), samples([*USUAL, 40, 40])
    await rules.judge(items, bench)
    again = await rules.judge(items[40:], bench)
    assert [verdict.decision for verdict in again] == [Decision.SIGNAL, Decision.DISMISS]


async def test_two_specialists_with_the_same_rules_share_no_state(make_rules: MakeRules) -> None:
    rules = make_rules(**ruled())
    await rules.judge(samples(USUAL), ScriptedBench())
    (verdict,) = await rules.judge([sample(41, 40)], ScriptedBench())
    assert verdict.decision is Decision.UP


STREAMS = st.lists(
    st.tuples(st.integers(-3, 3), st.sampled_from("ab"), st.sampled_from([0.0, 1.0, 2.0, 50.0])), max_size=60
)


def arriving(stream: list[tuple[int, str, float]]) -> list[StoredItem]:
    """A usual beginning, then samples that come early and late."""
    begun = [sample(n, n % 3, host=host) for n in range(1, 41) for host in "ab"]
    late = [
        sample(100 + n, value, host=host, at=START + (100 + n + shift) * MINUTE)
        for n, (shift, host, value) in enumerate(stream)
    ]
    return [*begun, *late]


@given(stream=STREAMS, size=st.integers(1, 70))
async def test_verdicts_do_not_depend_on_how_samples_fall_into_batches(
    tmp_path_factory: pytest.TempPathFactory,
    judge_in_batches: JudgeInBatches,
    stream: list[tuple[int, str, float]],
    size: int,
) -> None:
    rules = Rules(Rules.Options.model_validate(ruled()), environment_in(tmp_path_factory.getbasetemp()))
    items = arriving(stream)
    assert await judge_in_batches(rules, items, size) == await judge_in_batches(rules, items, len(items))


async def test_a_memory_that_is_not_kept_would_be_caught(
    make_rules: MakeRules, judge_in_batches: JudgeInBatches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Memory, "keep", lambda self: None)
    rules, items = make_rules(**ruled()), samples([*USUAL, 40])
    assert await judge_in_batches(rules, items, 1) != await judge_in_batches(rules, items, len(items))


async def test_what_is_remembered_of_a_series_is_bounded(make_rules: MakeRules) -> None:
    noise = random.Random(7)
    values = [noise.gauss(0, 1) * (100 if number % 50 == 0 else 1) for number in range(3_000)]
    bench, rules = ScriptedBench(), make_rules(**ruled(window=100))
    await rules.judge(samples(values), bench)
    assert sum(map(len, bench.memory.values())) < 100 * 9 + 1_000


async def test_the_share_that_is_let_through_is_bounded_by_the_rest(make_rules: MakeRules) -> None:
    noise = random.Random(7)
    values = [noise.choice([0, 0, 0, 0, 0, 10 ** noise.randint(0, 9)]) for _ in range(2_000)]
    found = signals(await make_rules(**ruled(rest=24)).judge(samples(values), ScriptedBench()))
    assert 0 < len(found) <= 2_000 / 25 + 1


async def test_ordinary_noise_is_rarely_unusual(make_rules: MakeRules) -> None:
    noise = random.Random(7)
    values = [noise.gauss(100, 5) for _ in range(3_000)]
    assert len(signals(await make_rules(**ruled(rest=0)).judge(samples(values), ScriptedBench()))) < 3_000 * 0.005


@pytest.mark.parametrize(
    ("number", "others", "expected"),
    [(0, [0, 0, 0], 0.0), (1, [0, 0, 0], float("inf")), (4, [1, 2, 3, 4, 1000], 1 / 1.4826)],
)
def test_the_score_is_the_modified_z_score(number: float, others: list[float], expected: float) -> None:
    assert score(number, others)[0] == pytest.approx(expected)


def test_where_most_numbers_are_equal_the_mean_deviation_stands_in() -> None:
    assert score(2, [0] * 9 + [10])[0] == pytest.approx(2 / 1.253314)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1))
def test_the_median_has_as_many_numbers_below_as_above(numbers: list[float]) -> None:
    middle = median_of(sorted(numbers))
    assert sum(number < middle for number in numbers) <= len(numbers) / 2
    assert sum(number > middle for number in numbers) <= len(numbers) / 2


@pytest.mark.parametrize("wrong", [{"window": 29}, {"window": 2001}, {"over": 0}, {"rest": -1}, {"test": "mean"}])
def test_options_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Rules.Options.model_validate(ruled(**wrong))
