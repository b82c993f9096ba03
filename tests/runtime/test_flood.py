"""A flood: more items in one wake-up than triage may spend on. What it cannot judge waits, and is judged in turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from platos.core.instant import DAY, HOUR
from platos.core.item import Item
from platos.core.verdict import Decision
from platos.ports.model import ModelReply, ModelRequest
from platos.ports.source import Polled
from platos.runtime import triage as judging
from platos.store import accounts
from platos.testing.model import Scripted
from platos.testing.workspace import SimulatedWorkspace
from tests.simulation.living import a_place

Describe = Callable[..., str]
RecordCases = Callable[[str, int], None]

SLICE, WHOLE = 2_000, 100_000
ALONE = {"model": {"batch": 1}}
"""One question for each item: a square that money stops would be asked about again."""

DAYS = 5
"""The envelope is such that the flood takes so many days; the last of them is not full."""

COST = 146_000
"""What a verdict costs, and a little more, in nano-dollars."""

WASTE = 1_000
"""A day's last batches may come to nothing: so many items more than one are looked at and wait again, in a day."""

NO = '{"signal": false, "confidence": 0.9, "reason": "It is not asked for."}'


class Flood:
    """A source that has so much all at once, and then nothing."""

    def __init__(self, count: int) -> None:
        self.count = count

    async def poll(self, cursor: bytes | None) -> Polled:
        found = () if cursor else tuple(Item(id=f"n{n}", title=f"Note {n}", text="") for n in range(self.count))
        return Polled(cursor=b"all", items=found)


class Judge(Scripted):
    """Says no. `asked` counts the questions about each item."""

    def __init__(self) -> None:
        super().__init__(lambda request: NO)
        self.asked: Counter[str] = Counter()

    async def complete(self, request: ModelRequest, alive: Callable[[], None]) -> ModelReply:
        reply = await super().complete(request, alive)
        self.asked.update(document.id for document in request.documents)
        self.requests.clear()
        return reply


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder in memory."""
    with a_place() as found:
        yield found


class Deluge:
    """A specialist with so many items, whose triage may judge a part of them a day."""

    def __init__(self, folder: Path, describe: Describe, count: int) -> None:
        self.count, self.judge = count, Judge()
        self.envelope = count * COST // DAYS
        budget = {"triage_day": f"{self.envelope / 1e9:.9f}", "day": 1_000}
        models = {"small": "scripted", "frontier": "offline"}
        changes: dict[str, Any] = {"schedule": "0 * * * *", "sources": ["flood"], "triage": [ALONE]}
        text = describe(**changes, models=models, budget=budget)
        parts: dict[Any, Any] = {("source", "flood"): Flood(count), ("model", "scripted"): self.judge}
        self.simulated = SimulatedWorkspace(folder, {"watch": text}, parts=parts, settings="[budget]\nday = 1000\n")

    async def states(self) -> dict[str, int]:
        rows = await self.simulated.store.all("SELECT state, count(*) FROM items GROUP BY state")
        return {state: count for state, count in rows}  # noqa: C416

    async def verdicts(self) -> dict[str, int]:
        rows = await self.simulated.store.all("SELECT decision, count(*) FROM verdicts GROUP BY decision")
        return {decision: count for decision, count in rows}  # noqa: C416

    async def check_day(self, day: int) -> None:
        """Whatever was judged was judged once, all that was not waits, and the envelope held."""
        states, verdicts = await self.states(), await self.verdicts()
        judged = states.get("dismissed", 0)
        assert judged + states.get("waiting", 0) == self.count, f"items were lost: {states}"
        assert len(self.judge.asked) == judged, "what was asked about is not what was judged"
        assert set(self.judge.asked.values()) == {1}, "an item was asked about twice"
        assert verdicts[Decision.DISMISS] == judged
        assert verdicts.get(Decision.WAIT, 0) <= self.count + WASTE * day, "what waits is written again and again"
        for row in await accounts.every(self.simulated.store):
            if row.name.startswith("triage/"):
                assert row.spent <= row.cap
                assert row.reserved == row.excess == 0


async def lived_through(deluge: Deluge) -> None:
    """Day after day until all is judged; on each but the last, the envelope is used up."""
    async with deluge.simulated.up():
        await deluge.simulated.live(2 * HOUR)
        for day in range(1, DAYS + 1):
            await deluge.check_day(day)
            judged = len(deluge.judge.asked)
            full = judged < deluge.count
            assert full == (day < DAYS), f"{judged} of {deluge.count} were judged by day {day}"
            assert not full or judged > 0.95 * day * deluge.count / DAYS
            await deluge.simulated.live(DAY)
        assert await deluge.states() == {"dismissed": deluge.count}


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("count", [SLICE, pytest.param(WHOLE, marks=pytest.mark.exhaustive)])
async def test_a_flood_stops_at_the_envelope_and_each_item_is_judged_once_in_the_days_that_follow(
    place: Path, describe: Describe, record_cases: RecordCases, count: int
) -> None:
    await lived_through(Deluge(place, describe, count))
    record_cases("items of a flood", count)


async def test_a_flood_that_is_forgotten_is_noticed(
    place: Path, describe: Describe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: what has to wait is dismissed."""
    monkeypatch.setitem(judging._STATES, Decision.WAIT, judging._STATES[Decision.DISMISS])
    with pytest.raises(ExceptionGroup) as noticed:
        await lived_through(Deluge(place, describe, 600))
    assert noticed.group_contains(AssertionError, match="what was asked about is not what was judged")
