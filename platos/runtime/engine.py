"""The engine: hands work that is open to a task, one of each kind per specialist, until it is done.

Whatever waits, waits as a row with a due time; the engine sleeps until the next one, or until it is nudged.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

import anyio
from anyio.abc import TaskGroup

from platos.core.approval import GateState
from platos.core.failure import RetryPolicy
from platos.core.instant import DAY, SECOND, Instant, Span
from platos.core.item import Item, StoredItem
from platos.errors import EpochLost, PlatosError, StoreCorrupt, StoreFull
from platos.runtime import label as labelling
from platos.runtime import pause as steering
from platos.runtime import redrive
from platos.runtime import thaw as thawing
from platos.runtime.asleep import add as adding
from platos.runtime.asleep import remove as removing
from platos.runtime.asleep.add import Added
from platos.runtime.asleep.ahead import Ahead, look_ahead
from platos.runtime.asleep.quiet import Alike, gather, wake_quietly
from platos.runtime.asleep.remove import Removed
from platos.runtime.asleep.shared import Shared
from platos.runtime.audit import draw_audits
from platos.runtime.definitions import refresh, refresh_all
from platos.runtime.effects import always as standing
from platos.runtime.effects import gate as gating
from platos.runtime.effects import trust as trusting
from platos.runtime.host import Host
from platos.runtime.house import first_time, keep_house
from platos.runtime.jump import note_jumps
from platos.runtime.links import Telling
from platos.runtime.measures.counters import Counters, Live
from platos.runtime.overdue import cancel_overdue
from platos.runtime.recovery import look_again, recover
from platos.runtime.teach import Question, questions
from platos.runtime.tell import tell_people
from platos.runtime.undo import Shown, finish_undos, show_undo, undo
from platos.runtime.wake import Wake
from platos.runtime.wakeup import go_on, wake_up
from platos.store import Store, agenda, pauses, runs, specialists
from platos.store.accounts import FrozenRow
from platos.store.always import AlwaysRow
from platos.store.autopilots import AutopilotRow
from platos.store.effects import EffectRow
from platos.store.gates import GateRow
from platos.store.specialists import Place

__all__ = ["Engine"]

log = logging.getLogger("platos")

_RETRY = RetryPolicy(first=5 * SECOND)
_MOST_WAKING = 1_024
"""Wake-ups that are under way at once. Each is a task that mostly waits; what they do at once is bounded where it is
done: by threads, by connections, by the requests that one host is sent."""

_SLOW = 2 * SECOND
_MOST_SLOW = 8_192
"""One that is under way for longer than this waits for its source, or for a model. It takes nobody's place, as long as
there are not more of them than that."""


_COLLECTED_AFTER = 10_000
"""New objects after which the collector of cycles looks through them. At Python's 700, what a crowd of wake-ups holds
for a moment counts as old, and all that is old is gone through again and again: a third of the time of a million."""


@contextmanager
def _seldom_collected() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], _COLLECTED_AFTER), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


class Engine:
    """Keeps the specialists of one workspace going."""

    def __init__(self, host: Host, tasks: TaskGroup, owed: set[str], house: Instant) -> None:
        self._host, self._tasks = host, tasks
        self._owed = owed
        self._undos = True
        self._chores: set[str] = set()
        self._not_before: dict[str, Instant] = {}
        self._under_way = 0
        self._waking: dict[str, Instant] = {}
        self._going: dict[str, bool] = {}
        self._retries: dict[str, Instant] = {}
        self._house = house
        self._failures: dict[str, int] = {}
        self._nudge = anyio.Event()
        self._place = specialists.FIRST
        self._shared = Shared(host.now)

    @classmethod
    @asynccontextmanager
    async def running(cls, host: Host, version: str) -> AsyncIterator[Engine]:
        """An engine that has found what the process before it left. Its work ends with the block.

        It goes on with that when it is let live or rest: what a person bids it first is done before.
        """
        owed, house = await recover(host, version), await first_time(host)
        with _seldom_collected():
            async with anyio.create_task_group() as tasks:
                yield cls(host, tasks, owed, house)
                tasks.cancel_scope.cancel()

    @property
    def store(self) -> Store:
        """The store that this engine owns."""
        return self._host.store

    @property
    def telling(self) -> Telling | None:
        """Whom it tells what there is to tell; None where it tells nobody."""
        return self._host.telling

    @property
    def counters(self) -> Counters:
        """What is counted while it runs."""
        return self._host.counters

    def measures(self) -> Live:
        """What only the process that runs knows of how it goes."""
        return self.counters.read(self._host.now(), self.store.rollbacks, len(self._waking))

    async def live(self, until: Instant | None = None) -> None:
        """Wake whoever is due, for ever, or until a moment."""
        clock = self._host.clock
        await self._take_up()
        while until is None or clock.now() < until:
            self._nudge = anyio.Event()
            try:
                if await note_jumps(self._host):
                    self._retries = dict.fromkeys(self._retries, clock.now())
                    self._not_before.clear()
                    self._shared = Shared(self._host.now)
                due = await self._start_due()
            except StoreFull as error:
                log.warning("%s", error)
                due = clock.now() + _RETRY.first
            bound = due if until is None else min(due, until)
            await clock.wait(bound, self._nudge, self.rest)

    async def rest(self) -> None:
        """Return when nothing is under way: what is open waits for time, or for a person."""
        await self._take_up()
        while self._under_way:
            if self._nudge.is_set():
                self._nudge = anyio.Event()
            await self._nudge.wait()

    def go_on(self, name: str) -> None:
        """Let a specialist take up what it owes. Asked while it does so, it looks once more."""
        asked_before = name in self._going
        self._going[name] = True
        if not asked_before:
            self._start(name, self._go_on, Wake(self._host, name))

    async def wake(self, name: str, given: tuple[Item, ...] = (), *, by: str) -> Wake:
        """A wake-up by hand, from its poll to the rest of what it led to. Raises NotFound, or what it failed of."""
        removing.refuse_removed(await specialists.look(self._host.store, name))
        steering.refuse_paused(self._host, name)
        wake = Wake(self._host, name, given=given, by=by)
        await wake_up(wake)
        if not wake.known:
            await specialists.find(self._host.store, name)
        return wake

    async def decide(self, gate: int, state: GateState, *, by: str, reason: str = "") -> GateRow:
        """A person's answer to a gate; the run goes on. Raises NotFound, InvalidTransition or UsageError."""
        return (await self.decide_all([gate], state, by=by, reason=reason))[0]

    async def decide_all(self, numbers: Sequence[int], state: GateState, *, by: str, reason: str = "") -> list[GateRow]:
        """One answer to several gates, in one transaction. Raises as `decide` does; then none of them is answered."""
        rows = await gating.decide(self._host, numbers, state, by=by, reason=reason)
        await self._go_on_after(rows)
        return rows

    async def approve_always(
        self, gate: int, where: Sequence[str], lasts: Span, *, by: str, reason: str = ""
    ) -> tuple[GateRow, AlwaysRow]:
        """A yes to a gate that stands for calls like it. Raises as `effects.always.approve_always` does."""
        row, stands = await standing.approve_always(self._host, gate, where, lasts, by=by, reason=reason)
        await self._go_on_after([row])
        return row, stands

    async def take_back(self, number: int, *, by: str, why: str = "") -> AlwaysRow:
        """End an answer that stands. Raises NotFound or InvalidTransition."""
        return await standing.take_back(self._host, number, by=by, why=why)

    async def edit(self, gate: int, arguments: Mapping[str, Any], *, by: str, reason: str = "") -> GateRow:
        """Approve a gate's call with other arguments; the gate of these. Raises as `effects.gate.edit` does."""
        row = await gating.edit(self._host, gate, arguments, by=by, reason=reason)
        await self._go_on_after([row])
        return row

    async def label(self, item: int, *, signal: bool, by: str, why: str = "") -> StoredItem:
        """What a person says of an item; the item. Raises NotFound."""
        return await labelling.label(self._host, item, signal=signal, by=by, why=why)

    async def give_examples(self, name: str, examples: Sequence[tuple[Item, bool]], *, by: str) -> list[bool]:
        """Items to learn from, with their labels; the labels of those not known before. Raises NotFound."""
        return await labelling.give_examples(self._host, name, examples, by=by)

    async def questions(self, name: str, count: int) -> list[Question]:
        """The items that a person is best asked about next. Raises NotFound."""
        await refresh(self._host, name)
        await specialists.find(self._host.store, name)
        return await questions(self._host, name, count)

    async def pause(self, name: str, *, by: str, why: str = "") -> None:
        """No wake-up of a specialist begins, and no step; of all of them where `name` is empty. Raises NotFound."""
        await steering.pause(self._host, name, by=by, why=why)

    async def resume(self, name: str, *, by: str) -> None:
        """End a pause. Raises NotFound where there is none of that name."""
        for each in await steering.resume(self._host, name, by=by):
            self.go_on(each)
        await finish_undos(self._host)
        self.nudge()

    async def thaw(self, account: str, *, by: str) -> tuple[FrozenRow, list[str]]:
        """Let an account be spent on again; what it was frozen for, and who goes on. Raises NotFound."""
        row, names = await thawing.thaw(self._host, account, by=by)
        for each in sorted(names):
            self.go_on(each)
        return row, sorted(names)

    async def add(self, template: bytes, rows: Sequence[tuple[str, Sequence[str]]], *, by: str) -> Added:
        """Make a specialist of each row. Raises as `asleep.add.add` does; then none is made."""
        added = await adding.add(self._host, template, rows, by=by)
        self.nudge()
        return added

    async def remove(self, names: Sequence[str], template: str, *, by: str) -> Removed:
        """Let these specialists wake no more, or, where none is named, all that a template makes. Raises as
        `asleep.remove.remove` does; then none is removed."""
        every = names or await removing.those_of(self._host, template)
        return await removing.remove(self._host, every, by=by)

    async def promote(self, name: str, tool: str, where: Sequence[str], *, by: str) -> AutopilotRow:
        """Let a step act without asking, where its record has earned it. Raises NotFound or UsageError."""
        await refresh(self._host, name)
        return await trusting.promote(self._host, name, tool, where, by=by)

    async def demote(self, autopilot: int, *, by: str, why: str = "") -> AutopilotRow:
        """Let it ask again. Raises NotFound or InvalidTransition."""
        return await trusting.demote(self._host, autopilot, by=by, why=why)

    async def cancel(self, run: int, *, by: str, why: str = "") -> runs.RunRow:
        """End a run where it is; what it asked for is asked no more. Raises NotFound or InvalidTransition."""
        return await redrive.cancel(self._host, run, by=by, why=why)

    async def retry(self, run: int, *, by: str, happened: bool | None = None) -> runs.RunRow:
        """Take a run up that failed or waits. Raises NotFound, InvalidTransition or UsageError: see `redrive`."""
        row = await redrive.retry(self._host, run, by=by, happened=happened)
        self.go_on(row.specialist)
        return row

    async def show_undo(self, run: int, effect: str) -> Shown:
        """What would be done to take an effect of a run back. Raises as `platos.runtime.undo.show_undo` does."""
        return await show_undo(self._host, run, effect)

    async def undo(
        self, run: int, effect: str, shown: str, *, by: str, why: str = "", happened: bool | None = None
    ) -> EffectRow:
        """Take an effect back, as it was shown; the act that did. Raises as `platos.runtime.undo.undo` does."""
        row = await undo(self._host, run, effect, shown, by=by, why=why, happened=happened)
        self.go_on((await runs.find(self._host.store, run)).specialist)
        return row

    async def refresh(self) -> None:
        """Look at the specialists' files again."""
        try:
            await refresh_all(self._host)
        except StoreFull as error:
            log.warning("%s", error)
        self.nudge()

    def nudge(self) -> None:
        """Something may be due that was not before."""
        self._nudge.set()

    async def _go_on_after(self, rows: Sequence[GateRow]) -> None:
        for run in dict.fromkeys(row.run for row in rows):
            self.go_on((await runs.find(self._host.store, run)).specialist)

    async def _take_up(self) -> None:
        """Go on with what the process before this one left."""
        if self._undos:
            self._undos = False
            self._begin("what was to be taken back", finish_undos)
        if self._owed:
            owed, self._owed = self._owed, set()
            self._under_way += 1
            owed |= await look_again(self._host)
            self._under_way -= 1
            for name in sorted(owed):
                self.go_on(name)

    async def _start_due(self) -> Instant:
        """Start what is due and not under way; when the next is due."""
        store, now = self._host.store, self._host.now()
        for name in [name for name, when in self._retries.items() if when <= now]:
            del self._retries[name]
            self.go_on(name)
        if now >= self._house:
            self._house = now + DAY
            self._under_way += 1
            self._tasks.start_soon(self._keep_house)
        if pauses.EVERYTHING in self._host.paused:
            return self._house
        ahead = await agenda.look(store, now)
        if ahead.expiries:
            for name in sorted(await gating.expire(self._host)):
                self.go_on(name)
        if ahead.overdue:
            self._begin("work that is worth nothing any more", cancel_overdue)
        if ahead.retries:
            for name in await runs.due_now(store, now):
                if name not in self._host.paused and name not in self._retries:
                    self.go_on(name)
        if ahead.notices and self._host.telling is not None:
            self._begin("what people are told", tell_people)
        if ahead.slots:
            await self._start_slots(now)
        later = [when for when in (ahead.next, *self._not_before.values()) if when is not None and when > now]
        later += [now + _SLOW] if self._place != specialists.FIRST else []  # some were left, for want of room
        return min([self._house, *self._retries.values(), *later])

    async def _start_slots(self, now: Instant) -> None:
        """Start wake-ups, the longest waiting first, as far as there is room. Where some are left, whoever is done asks
        again, and it goes on behind those that were started."""
        if self._place == specialists.FIRST:
            self._shared = Shared(self._host.now)
        while self._has_room(now):
            after, count = self._place, _MOST_WAKING // 2
            found = await specialists.due_now(self._host.store, now, after=after, count=count)
            self._place = found[-1][0] if len(found) == count else specialists.FIRST
            due = {name: place for place, name in found if name not in self._waking and name not in self._retries}
            if due:
                self._waking.update(dict.fromkeys(due, now))
                await self._start_together(due, now, after, count)
            if self._place == specialists.FIRST:
                return

    def _has_room(self, now: Instant) -> bool:
        """May some more wake-ups begin? Those that take long do not count."""
        quick = sum(now - begun < _SLOW for begun in self._waking.values())
        return quick <= _MOST_WAKING // 2 and len(self._waking) - quick <= _MOST_SLOW

    async def _start_together(self, due: Mapping[str, Place], now: Instant, after: Place, count: int) -> None:
        """Read what they need, and start them; what could not be read, each reads for itself."""
        try:
            ahead = await look_ahead(self._host, list(due), now, after, count, self._shared)
        except (EpochLost, StoreCorrupt):
            raise
        except PlatosError as error:
            log.warning("wake-ups begin one by one: %s", error)
            ahead = {}
        groups = gather(self._host, due, ahead)
        for together in groups:
            self._under_way += 1
            self._tasks.start_soon(self._wake_together, together)
        gathered = {name for together in groups for alike in together for name in alike.members}
        for name, place in due.items():
            if name not in gathered:
                self._start_wake_up(name, place.due, ahead.get(name))

    def _start_wake_up(self, name: str, due: Instant, ahead: Ahead | None, *, begun: bool = False) -> None:
        over = partial(self._turn_over, name)
        self._start(name, wake_up, Wake(self._host, name, due, turn_over=over, ahead=ahead, begun=begun))

    async def _wake_together(self, together: Sequence[Alike]) -> None:
        """Wake those who ask the same; whoever that is not enough for wakes by itself, and fails by itself."""
        woke: set[str] = set()
        try:
            woke = await wake_quietly(self._host, together)
        except (EpochLost, StoreCorrupt):
            raise
        except Exception as error:  # noqa: BLE001 - each of them meets it again, and tells it
            log.debug("wake-ups go on one by one: %s", error)
        for name, (ahead, quiet) in [each for alike in together for each in alike.members.items()]:
            if name in woke:
                self._waking.pop(name, None)
                self._failures.pop(name, None)
            else:
                self._start_wake_up(name, quiet.claim.due, ahead, begun=True)
        self._under_way -= 1
        self.nudge()

    def _turn_over(self, name: str) -> None:
        self._waking.pop(name, None)
        self.nudge()

    def _start(self, name: str, story: Callable[[Wake], Awaitable[None]], wake: Wake) -> None:
        self._under_way += 1
        self._tasks.start_soon(self._task, name, story, wake)

    async def _task(self, name: str, story: Callable[[Wake], Awaitable[None]], wake: Wake) -> None:
        """One piece of work. Its failure is told and ends nothing else; what it left is in the store, to be retried."""
        try:
            await story(wake)
            self._failures.pop(name, None)
        except (EpochLost, StoreCorrupt):
            raise
        except PlatosError as error:
            log.warning("%s: %s", name, error)
            self._retry(name)
        except Exception:
            log.exception("%s: something broke that should not", name)
            self._retry(name)
        finally:
            self._waking.pop(name, None)
            self._under_way -= 1
            self.nudge()

    async def _keep_house(self) -> None:
        try:
            for name in sorted(await draw_audits(self._host)):
                self.go_on(name)
            await trusting.propose_earned(self._host)
            self._house = await keep_house(self._host)
        except (EpochLost, StoreCorrupt):
            raise
        except PlatosError as error:
            log.warning("%s", error)
            self._house = self._host.now() + _RETRY.longest
        finally:
            self._under_way -= 1
            self.nudge()

    def _begin(self, chore: str, work: Callable[[Host], Awaitable[None]]) -> None:
        """Something beside all wake-ups: once at a time, and after a failure not before some time is over."""
        if chore not in self._chores and self._host.now() >= self._not_before.get(chore, 0):
            self._chores.add(chore)
            self._under_way += 1
            self._tasks.start_soon(self._do, chore, work)

    async def _do(self, chore: str, work: Callable[[Host], Awaitable[None]]) -> None:
        try:
            await work(self._host)
        except (EpochLost, StoreCorrupt):
            raise
        except PlatosError as error:
            log.warning("%s: %s", chore, error)
            self._not_before[chore] = self._host.now() + _RETRY.longest
        except Exception:
            log.exception("%s: something broke that should not", chore)
            self._not_before[chore] = self._host.now() + _RETRY.longest
        finally:
            self._chores.discard(chore)
            self._under_way -= 1
            self.nudge()

    def _retry(self, name: str) -> None:
        """Look again at what a failure left, ever more patiently while it goes on failing."""
        self._failures[name] = self._failures.get(name, 0) + 1
        self._retries[name] = self._host.now() + _RETRY.delay(self._failures[name], chance=self._host.chance())

    async def _go_on(self, wake: Wake) -> None:
        """Once, and once more for each time it was asked meanwhile."""
        try:
            while self._going[wake.name]:
                self._going[wake.name] = False
                await go_on(Wake(self._host, wake.name))
        finally:
            del self._going[wake.name]
