"""Crowds of senders, actors that dawdle, crash and are stopped, on virtual time, in orders that a seed draws."""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platos.errors import Broken, TimedOut
from platos.runtime.live.mailbox import Mailbox
from platos.runtime.live.patience import Patience
from platos.runtime.live.supervisor import Hooks, Ref, supervision
from tests.simulation.loop import Deadlock, SimulatedLoop, run

SECONDS = (0.0, 0.5, 1.0, 2.0)
Letter = tuple[int, int]
"""Who sent it, and the how manieth of this sender it is."""


class Crowd:
    """Five senders to one actor, drawn by the loop's seed; and what became of each letter."""

    def __init__(self, loop: SimulatedLoop) -> None:
        self.chance = loop.chance
        self.bound, self.crashes = self.chance.randint(1, 4), self.chance.randint(1, 3)
        self.within, self.times = self.chance.choice((3.0, 60.0)), list[float]()
        self.begun: list[Letter] = []
        self.crashed: Counter[Letter] = Counter()
        self.left: dict[Letter, str] = {}
        self.most = 0
        self.ended = self.over = self.past = False

    async def live(self) -> None:
        """From the first letter to the end of the last sender."""
        async with supervision(crashes=self.crashes, within=self.within) as supervisor:
            self.actor: Ref[Letter, Letter] = supervisor.start(
                "actor", self.behave, hooks=Hooks(stopped=self.end), bound=self.bound
            )
            async with anyio.create_task_group() as senders:
                for sender in range(5):
                    senders.start_soon(self.send, sender)
                if self.chance.random() < 0.3:
                    senders.start_soon(self.stop)
            await anyio.sleep(1_000)  # until the actor has worked on what it was told
            assert not self.actor.awake
            assert not [task.name for task in anyio.get_running_tasks() if task.name in ("actor", "patience")]
            self.over = self.ended

    async def behave(self, letter: Letter) -> Letter:
        self.most = max(self.most, len(self.actor._mailbox))
        self.past = self.past or self.at_limit()
        self.begun.append(letter)
        await anyio.sleep(self.chance.choice(SECONDS))
        if self.chance.random() < 0.15:
            self.crashed[letter] += 1
            self.times.append(anyio.current_time())
            raise ZeroDivisionError(letter)
        return letter

    def at_limit(self) -> bool:
        """Did it crash too often in too short a time?"""
        spans = zip(self.times, self.times[self.crashes - 1 :], strict=False)
        return any(last - first <= self.within for first, last in spans)

    async def stop(self) -> None:
        await anyio.sleep(self.chance.choice(SECONDS) * 3)
        self.end()  # the hook is not called where it has not started
        self.actor.stop()

    def end(self) -> None:
        self.ended = True

    async def send(self, sender: int) -> None:
        for number in range(6):
            await anyio.sleep(self.chance.choice(SECONDS))
            letter = (sender, number)
            self.left[letter] = "cancelled"
            with anyio.move_on_after(self.chance.choice((1.0, math.inf, math.inf, math.inf))):
                try:
                    await self.leave(letter)
                except TimedOut:
                    self.left[letter] = "timed out"
                except Broken:
                    self.left[letter] = "refused"

    async def leave(self, letter: Letter) -> None:
        if self.chance.random() < 0.4:
            await self.actor.tell(letter)
            self.left[letter] = "told"
        else:
            assert await self.actor.ask(letter, timeout=self.chance.choice((None, 1.0, 5.0))) == letter
            self.left[letter] = "answered"

    def check(self) -> None:
        """The rules that hold in every order."""
        assert self.most <= self.bound, "the mailbox grew past its bound"
        first = list(OrderedDict.fromkeys(self.begun))
        for sender in range(5):
            of_sender = [letter for letter in first if letter[0] == sender]
            assert of_sender == sorted(of_sender), "a sender's letters were begun in another order"
        times = Counter(self.begun)
        for letter, became in self.left.items():
            if became == "answered":
                assert times[letter] == self.crashed[letter] + 1, "it was answered, and not begun once a crash"
            elif became == "told" and not self.over:
                assert times[letter] == self.crashed[letter] + 1, "it was told, and is lost"
            assert times[letter] <= self.crashed[letter] + 1, "it was begun again without a crash"
        assert self.over or not self.at_limit(), "it crashed up to its limit, and lives"
        assert not self.past, "it was started again past its limit"


def live(seed: int) -> Crowd:
    """A crowd that has lived. Raises AssertionError; Deadlock where somebody hangs for ever."""
    loop = SimulatedLoop(seed)
    crowd = Crowd(loop)
    run(loop, crowd.live())
    crowd.check()
    return crowd


def live_all(seeds: int) -> list[Crowd]:
    return [live(seed) for seed in range(seeds)]


@given(st.integers(0, 2**32))
@settings(max_examples=60)
def test_no_letter_is_lost_overtaken_or_left_without_an_answer_in_any_order(seed: int) -> None:
    live(seed)


def test_crowds_see_all_that_can_become_of_a_letter() -> None:
    seen = {became for crowd in live_all(20) for became in crowd.left.values()}
    assert seen == {"told", "answered", "timed out", "cancelled", "refused"}


def newest_first(box: Mailbox[Any]) -> Any:
    return box._messages.pop() if box._messages else None


def without_bound(box: Mailbox[Any], message: Any) -> bool:
    box._messages.append(message)
    return True


def into_the_void(box: Mailbox[Any]) -> list[Any]:
    box._messages.clear()
    return []


def drops_when_full(put: Any) -> Callable[..., Any]:
    async def dropped(box: Mailbox[Any], message: Any) -> None:
        if len(box) < box._bound:
            await put(box, message)

    return dropped


def without_limit(actor: Any, crash: BaseException) -> None:
    pass


def half_told(actor: Any, why: str) -> None:
    actor._ended = why


@pytest.mark.parametrize(
    ("of", "name", "bug"),
    [
        (Mailbox, "take", newest_first),
        (Mailbox, "post", without_bound),
        (Mailbox, "empty", into_the_void),
        (Mailbox, "put", drops_when_full(Mailbox.put)),
        (Ref, "_crashed", without_limit),
        (Ref, "end", half_told),
    ],
)
def test_a_planted_bug_is_caught(of: type, name: str, bug: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of, name, bug)
    with pytest.raises((AssertionError, Deadlock)):
        live_all(30)


def limits_of_asks() -> list[tuple[float, float]]:
    """The limits of five asks that nobody answers, with how long each took, as they end."""
    ended: list[tuple[float, float]] = []

    async def hang(message: float) -> None:
        await anyio.Event().wait()  # a sleep for ever is a timer, and no deadlock

    async def ask(actor: Ref[float, None], limit: float) -> None:
        began = anyio.current_time()
        with pytest.raises(TimedOut):
            await actor.ask(limit, timeout=limit)
        ended.append((limit, anyio.current_time() - began))

    async def crowd() -> None:
        async with supervision(crashes=3) as supervisor:
            actor = supervisor.start("hanging", hang)
            async with anyio.create_task_group() as askers:
                for limit in (60.0, 3_600.0, 0.5, 0.0, 7.0):
                    askers.start_soon(ask, actor, limit)

    run(SimulatedLoop(1), crowd())
    return ended


def test_each_ask_ends_at_its_own_limit_whatever_the_order_in_which_they_began() -> None:
    ended = limits_of_asks()
    assert [limit for limit, _ in ended] == [0.0, 0.5, 7.0, 60.0, 3_600.0]
    assert all(waited == pytest.approx(limit, abs=1e-3) for limit, waited in ended)


def test_a_timer_that_forgets_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Patience, "_let_expire", lambda patience, now: patience._due.clear())
    with pytest.raises(Deadlock):
        limits_of_asks()


@pytest.mark.parametrize(("pause", "answer"), [(10.1, "answered"), (9.9, "crashed 3 times")])
def test_so_many_crashes_within_so_long_end_an_actor_and_further_apart_do_not(pause: float, answer: str) -> None:
    starts: list[int] = []

    async def sometimes(message: int) -> str:
        starts.append(message)
        if len(starts) < 10:
            await anyio.sleep(pause)
            raise ZeroDivisionError
        return "answered"

    async def ask() -> str:
        async with supervision(crashes=3, within=20.0) as supervisor:
            try:
                return await supervisor.start("sometimes", sometimes).ask(1)
            except Broken as broken:
                return broken.what

    assert answer in run(SimulatedLoop(1), ask())
