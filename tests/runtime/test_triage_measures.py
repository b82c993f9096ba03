"""How much triage misses, by audits, and where its tiers stand with what they promised: as `platos status` reads it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from platos.cli._status_text import _triage
from platos.core.instant import DAY, HOUR
from platos.core.item import Item, ItemState, StoredItem
from platos.core.verdict import Decision, Verdict
from platos.ports.tier import Bench
from platos.runtime.measures.triage import TriageState, read_triage
from platos.store import audits
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]

QUIET_DAY = """
import sys
from pathlib import Path

import anyio

from platos.core.instant import DAY, HOUR
from platos.testing.workspace import SimulatedWorkspace

WATCH = (
    "---\\nowner: ana\\nschedule: '*/15 * * * *'\\nsources: [{directory: {path: inbox}}]\\n"
    "triage: [learned]\\n---\\nWatch.\\n"
)


async def live() -> None:
    simulated = SimulatedWorkspace(Path(sys.argv[1]), {"watch": WATCH})
    (Path(sys.argv[1]) / "inbox").mkdir()
    async with simulated.up():
        await simulated.live(DAY)
        print((await simulated.specialist("watch")).quiet, "numpy" in sys.modules)
        await simulated.drop("inbox/a.txt", "My card was stolen.")
        await simulated.live(HOUR)
        print("numpy" in sys.modules)


anyio.run(live)
"""
"""A quiet day and then an item: prints how many wake-ups were quiet, and whether numpy was loaded before and after."""


class Deaf:
    """Dismisses whatever does not shout."""

    async def judge(self, items: Sequence[StoredItem], bench: Bench) -> list[Verdict]:
        return [
            Verdict(decision=Decision.SIGNAL if each.item.text.isupper() else Decision.DISMISS, reason="its voice")
            for each in items
        ]


def deaf(simulate: Simulate, **audits: Any) -> SimulatedWorkspace:
    return simulate(triage=["deaf"], audits={"at_most": 100, **audits}, parts={("tier", "deaf"): Deaf()})


async def drop(simulated: SimulatedWorkspace, loud: int, silent: int) -> None:
    for n in range(loud):
        await simulated.drop(f"inbox/loud{n}.txt", f"FIRE {n}")
    for n in range(silent):
        await simulated.drop(f"inbox/silent{n}.txt", f"fire {n}")


async def state(simulated: SimulatedWorkspace) -> TriageState | None:
    return (await read_triage(simulated.store, simulated.clock.now())).get("watch")


async def test_of_a_specialist_that_was_never_audited_nothing_is_said(simulate: Simulate) -> None:
    simulated = deaf(simulate, share=0.0, at_least=0)
    await drop(simulated, 0, 5)
    async with simulated.up():
        await simulated.live(DAY)
        assert await state(simulated) is None


async def test_audits_that_nobody_answers_measure_nothing_and_status_says_how_to_answer_them(
    simulate: Simulate,
) -> None:
    simulated = deaf(simulate, share=1.0)
    await drop(simulated, 0, 5)
    async with simulated.up():
        await simulated.live(DAY)
        found = await state(simulated)
        assert found is not None
        assert (found.audits, found.answered, found.misses) == (5, 0, None)
        [line] = _triage("watch", found)
        assert "unmeasured, for none of 5 audits is answered; platos teach watch" in str(line)


async def test_what_is_missed_is_a_share_of_all_true_signals_with_its_interval(simulate: Simulate) -> None:
    simulated = deaf(simulate, share=1.0)
    await drop(simulated, 6, 10)
    async with simulated.up():
        await simulated.live(HOUR // 12)
        for loud in (await simulated.items("watch"))[ItemState.SIGNAL]:
            await simulated.engine.label(loud.number, signal=True, by="person:ana")
        await simulated.live(DAY)
        asked = await audits.unanswered(simulated.store, "watch", 99)
        for place, number in enumerate(asked):
            await simulated.engine.label(number, signal=place < 2, by="person:ana")
        found = await state(simulated)
        assert found is not None
        assert found.misses is not None
        assert found.misses.share == 2 / 8
        assert found.misses.low < 2 / 8 < found.misses.high
        assert found.tiers["deaf"].misses is not None
        assert "missed: 25.0%" in str(next(_triage("watch", found)))


async def test_where_a_tier_can_promise_nothing_status_says_why(simulate: Simulate) -> None:
    simulated = simulate(triage=["learned"], tools=[], done_when=[])
    async with simulated.up():
        given = [(Item(id=f"{n}", text=f"card {n} stolen" if n % 2 else f"hello {n}"), n % 2 == 1) for n in range(20)]
        await simulated.live(HOUR)
        await simulated.engine.give_examples("watch", given, by="person:ana")
        await simulated.drop("inbox/a.txt", "My card was stolen.")
        await simulated.live(HOUR)
        assert len((await simulated.items("watch"))[ItemState.SIGNAL]) == 1
        found = await state(simulated)
        assert found is not None
        standing = found.tiers["learned"].standing
        assert standing is not None
        assert (standing.measured, standing.labels, standing.needed) == (False, 20, 36)
        assert any(
            "learned: unmeasured, and passes everything up: 0 of the 36" in str(line)
            for line in _triage("watch", found)
        )


def test_on_a_quiet_day_nothing_is_loaded_of_what_it_learns_with(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", QUIET_DAY, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["96", "False", "True"]


async def test_what_was_learnt_for_a_persons_question_is_kept(simulate: Simulate) -> None:
    simulated = simulate(triage=["learned"], audits={"share": 0.0, "at_least": 0}, tools=[], done_when=[])
    await simulated.drop("inbox/a.txt", "My card was stolen.")
    async with simulated.up():
        await simulated.live(HOUR)
        given = [(Item(id=f"{n}", text=f"card {n} stolen" if n % 2 else f"hello {n}"), n % 2 == 1) for n in range(20)]
        await simulated.engine.give_examples("watch", given, by="person:ana")
        [question] = await simulated.engine.questions("watch", 5)
        assert question.why == "learned would learn from it"
        found = await state(simulated)
        assert found is not None
        standing = found.tiers["learned"].standing
        assert standing is not None
        assert standing.labels == 20
