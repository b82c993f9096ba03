"""A process that lives long holds no more than after its first hours: memory, open files and tasks stay as they are.

Its load is mixed, and much of it fails: sources that fail, flood or take long, a model that fails or talks nonsense,
and people who approve, deny, pause and try again, or do not answer.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import _lru_cache_wrapper
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import anyio.lowlevel
import pytest
from pydantic import TypeAdapter

from platos.core.approval import GateState
from platos.core.instant import HOUR
from platos.core.item import Item
from platos.core.state import State
from platos.errors import PlatosError, RateLimited, Unavailable
from platos.models.offline import answer_to
from platos.ports.model import ModelRequest
from platos.ports.source import Polled
from platos.runtime import house
from platos.store import tx
from platos.testing.model import Scripted
from platos.testing.workspace import SimulatedWorkspace
from tests.simulation.around import Complaints
from tests.simulation.living import a_place

RecordCases = Callable[[str, int], None]

SEED = 20261127
SLICE, WHOLE = (3, 5), (26, 74)
"""Hours until everything has been needed once, and hours after them. Once a day, all that is stored is verified."""

BLOCKS, RESIDENT = 1_000, 8_000_000
"""How much more may be held, after however many hours. A run leaves some hundred blocks where it is not let go."""

HEADS, VERIFIED = 50, 1_000
BY = "person:ana"
KINDS = ("quiet", "failing", "flooding", "slow")
EACH = 4
"""Specialists of each kind."""

SETTINGS = "[budget]\nday = 1000\n"
RULES = {"signal": [{"words": ["advisory"]}], "dismiss": [{"words": ["newsletter"]}], "otherwise": "up"}


class News:
    """A source of one kind; what there is in it at a moment is a matter of chance. `leak` is called at each poll."""

    def __init__(self, kind: str, chance: random.Random, leak: Callable[[], object]) -> None:
        self._kind, self._chance, self._leak, self._told = kind, chance, leak, 0

    async def poll(self, cursor: bytes | None) -> Polled:
        self._leak()
        if self._kind == "failing" and self._chance.random() < 0.5:
            raise self._chance.choice([Unavailable("nobody listens"), ValueError("no feed, a page")])
        if self._kind == "slow":
            for _ in range(self._chance.randint(1, 200)):
                await anyio.lowlevel.checkpoint()
        count = 20 if self._kind == "flooding" else self._chance.random() < 0.02
        return Polled(cursor=b"told", items=tuple(self._item() for _ in range(count)))

    def _item(self) -> Item:
        self._told += 1
        what = "An advisory" if self._chance.random() < 0.02 else self._chance.choice(["A newsletter", "A note"])
        return Item(id=f"n{self._told}", title=what, text=f"{what}, number {self._told}. Upgrade to version 3.")


class Mind(Scripted):
    """Answers as the offline model does, where it does not fail. Of what it was asked it keeps nothing."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__(self._say)
        self._chance = chance

    def _say(self, request: ModelRequest) -> Any:
        self.requests.clear()
        drawn = self._chance.random()
        if drawn < 0.1:
            return self._chance.choice([Unavailable("nobody listens"), RateLimited("too often", retry_after=9.0)])
        return "no JSON" if drawn < 0.15 else answer_to(request)


class Held(NamedTuple):
    """What a process holds: blocks of memory that Python has given out, memory in bytes as the system sees it, open
    files, and tasks."""

    blocks: int
    resident: int
    files: int
    tasks: int

    def check(self, now: Held) -> None:
        """Raises AssertionError where a process that went on holds more."""
        assert now.tasks <= self.tasks, f"{now.tasks} tasks, {self.tasks} before"
        assert now.files <= self.files, f"{now.files} open files, {self.files} before"
        assert now.blocks <= self.blocks + BLOCKS, f"{now.blocks - self.blocks} blocks of memory more"
        assert now.resident <= self.resident + RESIDENT, f"{now.resident - self.resident} bytes of memory more"


async def held() -> Held:
    """What is held at rest, but for what caches hold that have a bound."""
    await anyio.wait_all_tasks_blocked()
    for each in gc.get_objects():
        if isinstance(each, _lru_cache_wrapper) and each.cache_parameters()["maxsize"] is not None:
            each.cache_clear()
    gc.collect()
    return Held(sys.getallocatedblocks(), _resident(), len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks()))


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def fill_pydantic() -> None:
    """pydantic keeps some thousands of the strings that it reads: from here on, each takes the place of another."""
    chance = random.Random(SEED)
    for _ in range(30):
        TypeAdapter(list[str]).validate_json(json.dumps([f"{chance.getrandbits(60):x}" for _ in range(10_000)]))


def text_of(kind: str) -> str:
    described = {
        "owner": "ana",
        "schedule": "*/15 * * * *",
        "jitter": "14m59s",
        "sources": [kind],
        "triage": [{"rules": RULES}, "model"],
        "models": {"small": "mind", "frontier": "mind"},
        "tools": ["outbox"],
        "budget": {"day": 1_000, "run": 10, "triage_day": 100},
        "approval_expires": "3h",
        "done_when": [{"receipt": "outbox"}],
    }
    return f"---\n{json.dumps(described)}\n---\n\nReport every advisory that asks for action.\n"


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder in memory."""
    with a_place() as found:
        yield found


def _nothing() -> None:
    """Nothing is kept."""


class Office:
    """Specialists of every kind, and people who now and then answer what they are asked."""

    def __init__(self, folder: Path, leak: Callable[[], object] = _nothing) -> None:
        self.chance = random.Random(SEED)
        texts = {f"{kind}-{number}": text_of(kind) for kind in KINDS for number in range(EACH)}
        parts: dict[Any, Any] = {("source", kind): News(kind, self.chance, leak) for kind in KINDS}
        parts["model", "mind"] = Mind(self.chance)
        self.simulated = SimulatedWorkspace(folder, texts, parts=parts, settings=SETTINGS)

    async def hours(self, count: int) -> None:
        for _ in range(count):
            await self.simulated.live(HOUR)
            await self.answer()
            await self.meddle()
            await self.simulated.engine.rest()

    async def answer(self) -> None:
        """Most of what is asked, with yes or no; the rest expires."""
        for gate in await self.simulated.open_gates():
            state = self.chance.choice([GateState.APPROVED, GateState.APPROVED, GateState.DENIED, GateState.OPEN])
            if state is not GateState.OPEN:
                await self.simulated.engine.decide(gate.id, state, by=BY)

    async def meddle(self) -> None:
        engine, name = self.simulated.engine, f"{self.chance.choice(KINDS)}-{self.chance.randrange(EACH)}"
        await engine.pause(name, by=BY)
        await engine.resume(name, by=BY)
        for run in (await self.simulated.runs())[-20:]:
            if run.state in (State.FAILED, State.NEEDS_REVIEW) and self.chance.random() < 0.3:
                with suppress(PlatosError):
                    await engine.retry(run.id, by=BY)


async def stays_flat(office: Office, warm: int, hours: int) -> None:
    """Raises AssertionError where it holds more after all these hours than after the first."""
    complaints = Complaints()
    with complaints.listening():
        async with office.simulated.up():
            await office.hours(warm)
            before = await held()
            await office.hours(hours)
            before.check(await held())
            ended = [run.state for run in await office.simulated.runs()]
    assert not complaints.heard
    assert ended.count(State.SUCCESS) > hours, f"too little happened: {ended}"


@pytest.fixture(autouse=True)
def _caches_that_are_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has a bound is at it after the first hours."""
    monkeypatch.setattr(tx, "_MOST_HEADS", HEADS)
    monkeypatch.setattr(house, "_AT_ONCE", VERIFIED)
    fill_pydantic()


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize(("warm", "hours"), [SLICE, pytest.param(*WHOLE, marks=pytest.mark.exhaustive)])
async def test_under_mixed_load_a_process_holds_no_more_from_hour_to_hour(
    place: Path, record_cases: RecordCases, warm: int, hours: int
) -> None:
    await stays_flat(Office(place), warm, hours)
    record_cases("hours of mixed load", warm + hours)


@pytest.mark.parametrize("what", ["blocks", "open files", "tasks"])
async def test_what_is_not_let_go_is_noticed(place: Path, what: str) -> None:
    """Planted: each poll keeps something."""
    kept: list[Any] = []
    leaks: dict[str, Callable[[], object]] = {
        "blocks": lambda: kept.append([object() for _ in range(500)]),
        "open files": lambda: kept.append(os.dup(0)),
        "tasks": lambda: kept.append(asyncio.ensure_future(anyio.sleep_forever())),
    }
    try:
        with pytest.raises(ExceptionGroup) as noticed:
            await stays_flat(Office(place, leaks[what]), 1, 1)
    finally:
        for each in kept:
            if what == "open files":
                os.close(each)
            elif what == "tasks":
                each.cancel()
    assert noticed.group_contains(AssertionError, match=what)
