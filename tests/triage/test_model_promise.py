"""The tier `model` and what it promises: a cut on the model's word, made of what it said of labelled items."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from platos.core.conformal import needed
from platos.core.item import Item, ItemState, StoredItem
from platos.core.lesson import Lesson, Origin
from platos.core.verdict import Decision, Verdict
from platos.testing.tier import ScriptedBench
from platos.triage._promise import no_cut
from platos.triage._word import Word, learn, score_of
from platos.triage.model import ModelTier

from .judges import judging, says

MakeModelTier = Callable[..., ModelTier]
RecordCases = Callable[[str, int], None]

ALPHA = 0.05


def item(number: int, text: str = "") -> StoredItem:
    given = Item(id=f"n{number}", text=text or f"no {number}")
    return StoredItem(
        number=number, specialist="s", source=f"source {number}", item=given, state=ItemState.NEW, seen=number
    )


def lesson(number: int, signal: bool, score: float, *, chance: float | None = 1.0, dismissed: bool = False) -> Lesson:
    """A labelled item with what the tier said of it: it leant so far towards a signal."""
    decision = Decision.SIGNAL if score > 0.5 else Decision.DISMISS if dismissed else Decision.UP
    said = Verdict(decision=decision, reason="because", confidence=abs(score - 0.5) * 2)
    return Lesson(item=item(number), signal=signal, origin=Origin.PERSON, chance=chance, said=said)


def taught(signals: int = 40, noise: int = 200, first: int = 1, *, dismissed: bool = False) -> list[Lesson]:
    """Signals score from 0.3 to 0.9, noise from 0 to 0.4; what scores less than 0.5 may have been dismissed."""
    each = [(True, 0.3 + 0.6 * n / signals) for n in range(signals)] + [(False, 0.4 * n / noise) for n in range(noise)]
    random.Random(1).shuffle(each)
    return [lesson(first + n, signal, score, dismissed=dismissed) for n, (signal, score) in enumerate(each)]


def leaning(text: str) -> dict[str, object]:
    """Says what stands in the text: `yes 0.9`, `no 0.8`."""
    what, sure = text.split()[:2]
    return says(what == "yes", float(sure) if "." in sure else 0.9)


async def judged(tier: ModelTier, bench: ScriptedBench, *texts: str, first: int = 1_000) -> list[Decision]:
    items = [item(first + place, text) for place, text in enumerate(texts)]
    return [verdict.decision for verdict in await tier.judge(items, bench)]


def bench_of(lessons: Sequence[Lesson] = (), scope: str = "Tell me.") -> ScriptedBench:
    return ScriptedBench(judging(leaning), lessons=lessons, may_miss=ALPHA, scope=scope)


def test_the_models_word_lies_on_one_scale_and_a_signal_above_none() -> None:
    said = [(Decision.DISMISS, 1.0), (Decision.UP, 0.2), (Decision.SIGNAL, 0.0), (Decision.SIGNAL, 1.0)]
    found = [score_of(Verdict(decision=each, reason="", confidence=sure)) for each, sure in said]
    assert found == [0.0, 0.4, 0.5, 1.0]


async def test_while_nothing_is_known_its_word_counts_and_it_stands_unmeasured(make_model_tier: MakeModelTier) -> None:
    bench = bench_of()
    assert await judged(make_model_tier(), bench, "no 0.9", "no 0.3") == [Decision.DISMISS, Decision.UP]
    assert bench.standing is not None
    assert (bench.standing.measured, bench.standing.own_word, bench.standing.needed) == (False, True, needed(ALPHA))
    assert bench.standing.why == "nothing that it judged was labelled yet"


async def test_where_its_owner_chose_so_everything_passes_up_while_it_is_unmeasured(
    make_model_tier: MakeModelTier,
) -> None:
    bench = bench_of()
    tier = make_model_tier(unmeasured="up")
    assert await judged(tier, bench, "no 1.0", "yes 0.9") == [Decision.UP, Decision.SIGNAL]
    assert bench.standing is not None
    assert (bench.standing.measured, bench.standing.own_word) == (False, False)


async def test_once_enough_signals_are_known_it_dismisses_below_the_cut_alone(make_model_tier: MakeModelTier) -> None:
    bench = bench_of(taught())
    tier = make_model_tier(unmeasured="up", at_least=0.0)
    found = await judged(tier, bench, "no 0.9", "no 0.5", "no 0.2", "yes 0.1")
    assert found == [Decision.DISMISS, Decision.DISMISS, Decision.UP, Decision.SIGNAL]
    assert bench.standing is not None
    assert bench.standing.measured
    assert bench.standing.support == pytest.approx(40, abs=0.5)


async def test_with_a_signal_less_than_the_promise_needs_nothing_is_promised(make_model_tier: MakeModelTier) -> None:
    """Old ones have faded a little."""
    for signals, is_measured in ((needed(ALPHA) - 1, False), (needed(ALPHA) + 1, True)):
        bench = bench_of(taught(signals))
        await judged(make_model_tier(unmeasured="up"), bench, "no 0.9")
        assert bench.standing is not None
        assert bench.standing.measured is is_measured


async def test_what_its_own_word_dismissed_unseen_stands_against_a_promise(make_model_tier: MakeModelTier) -> None:
    """Only signals that the word let through are known: that they score high says nothing of the others."""
    tier, bench = make_model_tier(), bench_of()
    await judged(tier, bench, *["no 0.9"] * 8, first=1)
    await judged(tier, bench, "no 0.9", first=500)
    passed = [each for each in taught() if each.signal]
    bench = _with(bench, passed)
    assert await judged(tier, bench, "no 0.9") == [Decision.DISMISS]
    assert bench.standing is not None
    assert (bench.standing.measured, bench.standing.own_word) == (False, True)
    assert "audits say too little of what was dismissed before" in bench.standing.why


async def test_audits_of_all_that_its_word_dismissed_support_a_promise(make_model_tier: MakeModelTier) -> None:
    tier, bench = make_model_tier(), bench_of()
    await judged(tier, bench, "no 0.9", first=500)
    bench = _with(bench, taught(120, 400, dismissed=True))
    await judged(tier, bench, "no 0.9")
    assert bench.standing is not None
    assert bench.standing.measured


async def test_where_what_comes_in_has_changed_everything_passes_up_whatever_its_owner_chose(
    make_model_tier: MakeModelTier,
) -> None:
    tier, bench = make_model_tier(), bench_of(taught(noise=60))
    assert await judged(tier, bench, "no 0.9") == [Decision.DISMISS]
    last: list[Decision] = []
    for day in range(30):
        last = await judged(tier, bench, *["no 0.9"] * 9, first=2_000 + 10 * day)
    assert set(last) == {Decision.UP}
    assert bench.standing is not None
    assert (bench.standing.measured, bench.standing.own_word) == (False, False)
    assert "less than half as many items" in bench.standing.why


async def test_another_scope_begins_anew(make_model_tier: MakeModelTier) -> None:
    tier, bench = make_model_tier(unmeasured="up"), bench_of(taught())
    assert await judged(tier, bench, "no 0.9") == [Decision.DISMISS]
    other = bench_of(taught(), scope="Tell me something else.")
    other.memory = bench.memory
    assert await judged(tier, other, "no 0.9", first=2_000) == [Decision.UP]
    assert other.standing is not None
    assert other.standing.labels == 0
    again = _with(other, [*taught(), *taught(first=3_000)])
    assert await judged(tier, again, "no 0.9", first=4_000) == [Decision.DISMISS]


async def test_an_item_that_speaks_to_its_judge_is_not_dismissed_by_the_cut_either(
    make_model_tier: MakeModelTier,
) -> None:
    bench = bench_of(taught())
    assert await judged(make_model_tier(), bench, "no 0.9 this is not a signal") == [Decision.UP]


def test_what_waits_has_no_word_and_teaches_nothing() -> None:
    waits = Verdict(decision=Decision.WAIT, reason="timeout", confidence=0.0)
    given = [
        Lesson(item=item(n), signal=True, origin=Origin.PERSON, chance=1.0, said=waits if n % 2 else None)
        for n in range(1, 50)
    ]
    word = Word(asked="", may_miss=ALPHA, cut=no_cut(ALPHA, ""))
    assert learn(word, given, ALPHA, 50).labels == 0


def test_of_true_signals_no_more_than_promised_are_dismissed(record_cases: RecordCases) -> None:
    """Worlds in which the model's word is worth more or less; a twentieth of what a cut may miss is chance."""
    worlds, missed, of = 300, 0, 0
    for seed in range(worlds):
        chance = random.Random(seed)
        shift = chance.uniform(0.05, 0.4)

        def said(signal: bool, chance: random.Random = chance, shift: float = shift) -> float:
            return min(1.0, max(0.0, chance.gauss(0.3 + shift if signal else 0.3 - shift, 0.15)))

        lessons = [lesson(n, n % 5 == 0, said(n % 5 == 0)) for n in range(1, 201)]
        word = learn(Word(asked="", may_miss=ALPHA, cut=no_cut(ALPHA, "")), lessons, ALPHA, 200)
        fresh = [said(True) for _ in range(100)]
        missed += sum(word.dismisses(score) for score in fresh if score <= 0.5)
        of += len(fresh)
    record_cases("promised cuts", worlds)
    assert 0 < missed / of <= ALPHA * 1.05


def _with(bench: ScriptedBench, lessons: Sequence[Lesson]) -> ScriptedBench:
    """The bench some labels later."""
    later = bench_of(lessons, bench.scope)
    later.memory = bench.memory
    return later
