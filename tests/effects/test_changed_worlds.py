"""Somebody else changes the world at an await between the look at it and the act.

A tool that compares and sets then acts on nothing but what was looked at, and shown to whom was asked. One that only
re-reads has a window, which is counted here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from platos.tools import file as file_tool
from tests.effects.lines import Blind, Compared, Reread
from tests.effects.strangers import Branch, Life, Line, Place, Text, live

RecordCases = Callable[[str, int], None]
Make = Callable[[Path], Place]

COMPARED: dict[str, Make] = {"line": partial(Line, Compared), "file": Text, "git-commit": Branch}
SLICE = {
    ("line", 0): 1,
    ("file", 0): 1,
    ("git-commit", 0): 70,
    ("line", 2): 30,
    ("file", 2): 30,
    ("git-commit", 2): 200,
}
"""Of how many awaits one is taken by default, by tool and risk tier: at 0 nobody is asked, at 2 somebody is."""
SHARES = 4


class Tried(NamedTuple):
    """The awaits at which the world was changed, those of them after which it was acted in a world that nobody meant,
    and the life in which nobody changed it."""

    at: list[int]
    wrong: list[int]
    alone: Life


async def try_all(place: Path, make: Make, tier: int, every: int = 1, first: int = 1) -> Tried:
    """An await, each so many further on, and the last; nothing is wrong where nobody changes the world. What a process
    says comes in more or fewer pieces, so that the last one may not come."""
    alone = await live(place / "case", make, tier, 0)
    assert alone.done
    assert not alone.wrong
    assert alone.awaits > 1
    at = sorted({*range(first, alone.awaits + 1, every), alone.awaits})
    lives = {number: await live(place / "case", make, tier, number) for number in at}
    changed = {number: life for number, life in lives.items() if life.awaits >= number}
    assert changed, "the world was never changed"
    return Tried(list(changed), [number for number, life in changed.items() if life.wrong], alone)


@pytest.mark.parametrize(("name", "tier"), SLICE)
async def test_a_tool_that_compares_never_acts_in_a_world_that_was_changed_on_the_way(
    place: Path, record_cases: RecordCases, name: str, tier: int
) -> None:
    tried = await try_all(place, COMPARED[name], tier, SLICE[name, tier])
    assert tried.wrong == []
    record_cases("worlds changed at an await", len(tried.at))


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("name", "tier"), SLICE)
@pytest.mark.parametrize("share", range(SHARES))
async def test_a_tool_that_compares_never_acts_in_a_world_that_was_changed_at_any_await(
    place: Path, record_cases: RecordCases, name: str, tier: int, share: int
) -> None:
    tried = await try_all(place, COMPARED[name], tier, SHARES, share + 1)
    assert tried.wrong == []
    record_cases("worlds changed at an await", len(tried.at))


async def test_what_a_tool_that_only_reads_again_does_not_see_is_changed_at_the_last_awaits_before_the_act(
    place: Path, record_cases: RecordCases
) -> None:
    tried = await try_all(place, partial(Line, Reread), 0)
    assert tried.wrong, "where nothing compares, something goes unseen"
    assert tried.wrong == tried.at[-len(tried.wrong) :], "once it is not seen, it is seen no more"
    line = Line(Reread, place)
    await live(place / "case", lambda _: line, 0, -1)
    record_cases("awaits in which a tool that re-reads sees nothing", len(tried.wrong))
    record_cases("their time in µs", round(line.tool.unseen * 1e6))


async def test_where_somebody_is_asked_no_more_of_a_changed_world_goes_unseen(
    place: Path, record_cases: RecordCases
) -> None:
    """What was approved is compared with what is read again: only what follows that goes unseen."""
    alone = await try_all(place, partial(Line, Reread), 0)
    asked = await live(place / "case", partial(Line, Reread), 2, 0)
    window = len(alone.wrong)
    for number in (1, asked.awaits // 2, asked.awaits - window - 1, asked.awaits - window):
        assert not (await live(place / "case", partial(Line, Reread), 2, number)).wrong
    assert (await live(place / "case", partial(Line, Reread), 2, asked.awaits)).wrong
    record_cases("worlds changed at an await", 5)


async def test_a_tool_that_says_that_it_compares_and_does_not_is_caught(place: Path) -> None:
    """Planted."""
    assert (await try_all(place, partial(Line, Blind), 0)).wrong


@pytest.fixture
def _nothing_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_tool, "_compare", lambda where, world, stands: None)


@pytest.mark.usefixtures("_nothing_is_compared")
async def test_a_file_that_is_written_without_comparing_is_caught(place: Path) -> None:
    """Planted."""
    assert (await try_all(place, Text, 0)).wrong
