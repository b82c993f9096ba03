"""The tier `learned`: it dismisses by a cut that keeps a promise, and where it can promise nothing, nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random

import pytest
from msgspec import structs

from platos.core.item import Item, ItemState, StoredItem
from platos.core.lesson import Lesson, Origin, Usual
from platos.core.verdict import Decision, Verdict
from platos.testing.source import environment_in
from platos.testing.tier import ScriptedBench, check_tier
from platos.triage.learned import Learned

NOUNS = ("router", "printer", "invoice", "lunch", "parking", "meeting", "laptop", "badge", "kitchen", "window")
VERBS = ("is broken", "was moved", "will be late", "is on sale", "needs a form", "has a new owner", "is closed")


def text_of(signal: bool, chance: Random) -> str:
    about = f"the {chance.choice(NOUNS)} {chance.choice(VERBS)} since {chance.randrange(24)} o'clock"
    return f"someone stole my card and {about}" if signal else f"hello, {about}"


def item(number: int, signal: bool, chance: Random) -> StoredItem:
    made = Item(id=str(number), text=text_of(signal, chance))
    return StoredItem(number=number, specialist="s", source="mail", item=made, state=ItemState.DISMISSED, seen=number)


def lessons(count: int, *, share: float = 0.3, chance: float | None = 1.0, seed: int = 1) -> list[Lesson]:
    """Items that the tier passed up unmeasured, all of which were decided on."""
    said = Verdict(decision=Decision.UP, reason="unmeasured", confidence=0.0)
    draw = Random(seed)
    made = []
    for number in range(1, count + 1):
        signal = draw.random() < share
        made.append(
            Lesson(item=item(number, signal, draw), signal=signal, origin=Origin.DECISION, chance=chance, said=said)
        )
    return made


@pytest.fixture
def learned(tmp_path: Path) -> Learned:
    return Learned(Learned.Options(), environment_in(tmp_path))


def new_items(count: int, *, share: float = 0.3, seed: int = 2) -> tuple[list[StoredItem], list[bool]]:
    draw = Random(seed)
    truth = [draw.random() < share for _ in range(count)]
    return [item(10_000 + number, signal, draw) for number, signal in enumerate(truth)], truth


def dismissed(verdicts: Sequence[Verdict]) -> list[bool]:
    return [verdict.decision is Decision.DISMISS for verdict in verdicts]


async def test_taught_enough_it_dismisses_noise_and_keeps_its_promise(learned: Learned) -> None:
    bench = ScriptedBench(lessons=lessons(400))
    items, truth = new_items(300)
    down = dismissed(await learned.judge(items, bench))
    signals = [gone for gone, signal in zip(down, truth, strict=True) if signal]
    noise = [gone for gone, signal in zip(down, truth, strict=True) if not signal]
    assert sum(signals) / len(signals) <= 0.1
    assert sum(noise) / len(noise) > 0.8
    assert bench.standing is not None
    assert bench.standing.measured


async def test_untaught_it_passes_everything_up_and_says_so(learned: Learned) -> None:
    bench = ScriptedBench()
    items, _ = new_items(20)
    verdicts = await learned.judge(items, bench)
    assert not any(dismissed(verdicts))
    assert {verdict.reason for verdict in verdicts} == {"unmeasured: nothing was labelled yet"}
    assert bench.standing is not None
    assert not bench.standing.measured


async def test_below_the_support_of_the_promise_it_passes_everything_up_and_says_how_much_is_missing(
    learned: Learned,
) -> None:
    bench = ScriptedBench(lessons=lessons(30))
    items, _ = new_items(50)
    assert not any(dismissed(await learned.judge(items, bench)))
    assert bench.standing is not None
    assert bench.standing.support < bench.standing.needed == 36
    assert "of the 36 known signals" in bench.standing.why


async def test_labels_that_nobody_drew_promise_nothing(learned: Learned) -> None:
    bench = ScriptedBench(lessons=lessons(400, chance=None))
    items, _ = new_items(50)
    assert not any(dismissed(await learned.judge(items, bench)))


async def test_where_text_does_not_tell_it_passes_everything_up(learned: Learned) -> None:
    given = lessons(400)
    coin = Random(7)
    blind = [
        Lesson(item=each.item, signal=coin.random() < 0.3, origin=each.origin, chance=1.0, said=each.said)
        for each in given
    ]
    bench = ScriptedBench(lessons=blind)
    items, _ = new_items(200)
    assert not any(dismissed(await learned.judge(items, bench)))
    assert bench.standing is not None
    assert "does not tell signals from noise" in bench.standing.why


async def test_once_signals_look_different_it_stops_dismissing_and_says_why(learned: Learned) -> None:
    taught = lessons(400)
    bench = ScriptedBench(lessons=taught)
    await learned.judge(new_items(10)[0], bench)
    draw = Random(9)
    below = Verdict(decision=Decision.DISMISS, reason="below", confidence=0.99)
    strange = [
        Lesson(item=item(500 + n, False, draw), signal=True, origin=Origin.PERSON, chance=0.05, said=below)
        for n in range(45)
    ]
    later = ScriptedBench(lessons=[*taught, *strange])
    later.memory.update(bench.memory)
    verdicts = await learned.judge(new_items(50)[0], later)
    assert not any(dismissed(verdicts))
    assert "audits find more signals among what is dismissed than was promised" in verdicts[0].reason


async def test_items_that_waited_and_are_judged_again_are_watched_once(learned: Learned) -> None:
    bench = ScriptedBench(lessons=lessons(400))
    items, _ = new_items(40)
    await learned.judge(items, bench)
    once = bench.memory["watch"]
    await learned.judge(items[10:30], bench)
    assert bench.memory["watch"] == once
    await learned.judge([structs.replace(items[0], number=99_999)], bench)
    assert bench.memory["watch"] != once


async def test_it_learns_from_no_label_twice_and_anew_once_there_are_enough_new_ones(learned: Learned) -> None:
    bench = ScriptedBench(lessons=lessons(100))
    await learned.judge(new_items(1)[0], bench)
    first = dict(bench.memory)
    again = ScriptedBench(lessons=lessons(104))
    again.memory.update(first)
    await learned.judge(new_items(1)[0], again)
    assert again.memory["mind"] == first["mind"]
    more = ScriptedBench(lessons=lessons(120))
    more.memory.update(first)
    await learned.judge(new_items(1)[0], more)
    assert more.memory["mind"] != first["mind"]


async def test_what_later_tiers_said_teaches_only_where_the_owner_says_so(tmp_path: Path) -> None:
    said = [Usual(item=each.item, signal=each.signal) for each in lessons(300, seed=5)]
    minds = []
    for teacher in ("people", "ladder"):
        tier = Learned(Learned.Options.model_validate({"teacher": teacher}), environment_in(tmp_path))
        bench = ScriptedBench(lessons=lessons(12), usual=said)
        await tier.judge(new_items(1)[0], bench)
        assert bench.standing is not None
        assert (bench.standing.measured, bench.standing.labels) == (False, 12)
        minds.append(bench.memory["mind"])
    assert minds[0] != minds[1]


async def test_it_chooses_what_it_is_least_sure_of_and_nothing_twice(learned: Learned) -> None:
    bench = ScriptedBench(lessons=lessons(60))
    pool, _ = new_items(200)
    chosen = await learned.choose(pool, bench, 10)
    assert len(set(chosen)) == len(chosen) == 10


async def test_it_chooses_before_it_has_any_label(learned: Learned) -> None:
    pool, _ = new_items(50)
    assert len(set(await learned.choose(pool, ScriptedBench(), 5))) == 5
    assert await learned.choose([], ScriptedBench(), 5) == []


async def test_it_keeps_the_contract_of_a_tier(tmp_path: Path) -> None:
    taught = lessons(400)
    items, _ = new_items(12)
    verdicts = await check_tier(
        partial(Learned, Learned.Options(), environment_in(tmp_path)), items, lambda: ScriptedBench(lessons=taught)
    )
    assert {verdict.decision for verdict in verdicts} == {Decision.DISMISS, Decision.UP}


def test_naming_it_loads_none_of_what_it_computes_with() -> None:
    code = "import sys, platos.triage.learned; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
