"""A season: up to 64 errands of several specialists ask models, for money that is short, in a process that dies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import anyio
import msgspec

from platos.clock import InlineOffload, SystemClock
from platos.core.budget import run_path, triage_path
from platos.core.instant import MINUTE, Instant
from platos.core.role import Role
from platos.core.specialist import Specialist as Defined
from platos.errors import BudgetExceeded, ConfigurationError, Failure, NotFound, StoreFull
from platos.ports.model import ModelReply, ModelRequest
from platos.runtime.host import Host
from platos.runtime.meter import Ask, Purse, complete, reserve, settle_the_lost, turn
from platos.store import Store, Tx, accounts, breakers, open_store
from platos.store.database import NAME
from tests.simulation.around import chance_of
from tests.simulation.clock import MachineClocks
from tests.simulation.faults import StoreFaults
from tests.simulation.ledger.household import ZONES, Needs, Specialist, draw_household
from tests.simulation.ledger.provider import Provider, name_of
from tests.simulation.ledger.watch import Question, Watch, call_the_accounts_witness
from tests.simulation.loop import SimulatedLoop
from tests.simulation.world import Cut, World

__all__ = ["Season"]

_FEWEST, _MOST = 8, 64
_LIVES = 4
_ENDS = ("transaction", "transaction", "await", "await")
_SPREAD = 60_000.0
"""Seconds in which all errands begin."""


class Errand(NamedTuple):
    """One task: whose it is, the run or the wake-up that it belongs to, its items, and when it begins."""

    number: int
    who: Specialist
    run: int | None
    wake: Instant
    items: tuple[int, ...]
    calls: int
    begins: float


class Parts:
    """The models, and nothing else."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def names(self, kind: str) -> list[str]:
        return list(self._provider.names) if kind == "model" else []

    def version(self, kind: str, name: str) -> str:
        return "1"

    def role(self, actor: str) -> Role:
        return Role(actor=actor)

    def roles(self) -> dict[str, Role]:
        return {}

    def build(self, kind: str, name: str, options: Any) -> Any:
        return self._provider


class Nobody:
    """There is no specialist's file."""

    def scan(self) -> dict[str, Defined | ConfigurationError]:
        return {}

    def load(self, name: str) -> Defined:
        raise NotFound("nobody is defined here", where=name)


class Season:
    """`questions` are all that were asked, by name, and `heard` is what became of each where its caller lived on."""

    def __init__(self, seed: int, loop: SimulatedLoop, folder: Path) -> None:
        self.seed, self.loop, self.state = seed, loop, folder / NAME
        self.world = world = World(loop.chance)
        self.faults = StoreFaults(world)
        self.house = draw_household(world.chance)
        self._midnight = world.chance.random() * _SPREAD
        self.clocks = MachineClocks(loop, _before_midnight(world, self._midnight))
        self.clock = SystemClock(self.clocks)
        self.provider = Provider(world)
        self.questions: dict[str, Question] = {}
        self.heard: dict[str, str] = {}
        self.watch = Watch(self.provider.tariffs, self.questions)
        self.counts: Counter[str] = Counter()
        self.lives = 0
        self.fills = seed % 2 == 1
        self._errands = {errand.number: errand for errand in self._draw_errands()}
        self._scopes: dict[int, anyio.CancelScope] = {}

    @contextmanager
    def around(self) -> Iterator[None]:
        """What must be so around the loop."""
        with self.faults.between(), chance_of(self.seed):
            yield

    async def live(self) -> None:
        """A few lives that end at any moment, one that comes to its end, and one that finds what that has left."""
        async with open_store(self.state.parent, command="season", now=self.clock.now(), inline=True) as store:
            await store.transact(call_the_accounts_witness)
        with self.watch.over(self.state):
            for _ in range(self.world.chance.randint(0, _LIVES - 1)):
                await self._one_life(doomed=True)
            await self._one_life(doomed=False)
            await self._one_life(doomed=False)

    async def _one_life(self, *, doomed: bool) -> None:
        self.lives += 1
        self.world.dead = self.world.full = False
        try:
            with anyio.CancelScope() as scope:
                if doomed:
                    self._doom(scope)
                async with open_store(self.state.parent, command="season", now=self.clock.now(), inline=True) as store:
                    await self._work(store)
                    left = [each for each in await accounts.held(store) if not self._for_the_next(each.step)]
                    assert not left, f"still held when everybody was done: {left}"
        except BaseException as error:
            if not _is_cut(error):
                raise
        finally:
            self.faults.spare()
            self.counts["crashes"] += self.world.dead

    async def _work(self, store: Store) -> None:
        host = self._host(store)
        self.counts["lost"] += await settle_the_lost(host)
        async with anyio.create_task_group() as around:
            around.start_soon(self._meddle, host)
            around.start_soon(self._cancel_some)
            around.start_soon(self._fill_the_disk)
            async with anyio.create_task_group() as tasks:
                for errand in list(self._errands.values()):
                    tasks.start_soon(self._run, host, errand)
            around.cancel_scope.cancel()

    def _for_the_next(self, name: str) -> bool:
        """Who is cancelled while the disk is full leaves its settlement to the next life."""
        return self.fills and self.heard.get(name) == "cancelled"

    def _doom(self, scope: anyio.CancelScope) -> None:
        life = self.lives

        def die() -> None:
            if self.lives == life:
                self.world.dead = True
                scope.cancel()

        match self.world.pick(_ENDS):
            case "transaction":
                self.faults.cut_in(self.world.chance.randint(1, 100), after=self.world.coin())
            case "await":
                self.loop.strike(self.world.chance.randint(1, 700), die)

    # -- what is done

    async def _run(self, host: Host, errand: Errand) -> None:
        """All questions of an errand, until it is done or cancelled. What a life did not finish, the next one does."""
        with anyio.CancelScope() as scope:
            await anyio.sleep(max(0.0, errand.begins - self.loop.time()))
            self._scopes[errand.number] = scope
            for call in range(errand.calls):
                await self._ask(host, errand, call)
        self._scopes.pop(errand.number, None)
        self._errands.pop(errand.number)

    async def _ask(self, host: Host, errand: Errand, call: int) -> None:
        cause = "first"
        for attempt in range(1, 4):
            request, models = self._request(f"e{errand.number}.{call}.{attempt}.{self.lives}")
            name = name_of(request)
            try:
                async with turn(host, models):
                    purse = self._pays(host, errand, request, models)
                    held = await reserve(host, purse, Ask(name, request, models, attempt, cause))
                    await complete(host, held, _keep, name)
            except BudgetExceeded as refusal:
                self.heard[name] = refusal.kind
                return
            except Failure as failure:
                cause = self.heard[name] = failure.kind
                await self.world.takes(30.0)
            except RuntimeError:
                self.heard[name] = "broke"
            except StoreFull:
                self.heard[name] = "full"
                await self.world.takes(300.0)
            except anyio.get_cancelled_exc_class():
                self.heard[name] = "" if self.world.dead else "cancelled"
                raise
            else:
                self.heard[name] = "answered"
                return

    def _request(self, name: str) -> tuple[ModelRequest, tuple[str, ...]]:
        """A question of some length to some of the models."""
        chance, names = self.world.chance, list(self.provider.names)
        models = tuple(chance.sample(names, chance.randint(1, len(names))))
        text = f"{name} {'x' * int(chance.expovariate(1 / 600))}"
        wanted = chance.choice((1, 3, chance.randint(4, 500), chance.randint(500, 4_000)))
        return ModelRequest(model=models[0], instructions=text, documents=(), answer={}, max_output=wanted), models

    def _pays(self, host: Host, errand: Errand, request: ModelRequest, models: tuple[str, ...]) -> Purse:
        """Who pays for a question that is about to be asked."""
        purse, name = self._purse(host, errand), name_of(request)
        bounds = {each: self.provider.input_bound(msgspec.structs.replace(request, model=each)) for each in models}
        needs = Needs({account.name: account.cap for account in purse.path}, len(errand.items))
        self.questions[name] = Question(name, bounds, request.max_output, needs, errand.who.name, self.lives)
        return purse

    def _purse(self, host: Host, errand: Errand) -> Purse:
        """Who pays, as the runtime says it and as the test does."""
        who, at = errand.who, host.now()
        common = self.house.budget
        if errand.run is None:
            day = datetime.fromtimestamp(errand.wake // 1_000_000, ZoneInfo(who.zone)).date()
            alone = f"wake/{who.name}/{day}T{errand.wake}"
            path = triage_path(who.name, who.budget, common, zone=who.zone, at=at, wake=errand.wake, items=errand.items)
        else:
            alone = f"run/{errand.run}"
            path = run_path(who.name, who.budget, common, zone=who.zone, at=at, run=errand.run, items=errand.items)
        mine = self.house.path(who, at, alone, errand.items)
        assert {each.name: each.cap for each in path} == mine, "somebody else pays"
        return Purse(
            who.name, errand.run, "triage" if errand.run is None else "small", path, len(errand.items), MINUTE * 30
        )

    # -- what happens to it

    async def _meddle(self, host: Host) -> None:
        """People change caps, thaw what is frozen and mend what is broken."""
        while True:
            await anyio.sleep(self.world.chance.expovariate(1 / 4_000))
            if not self.world.full:
                await self._meddle_once(host)

    async def _meddle_once(self, host: Host) -> None:
        match self.world.pick(("cap", "cap", "thaw", "mend")):
            case "cap":
                self.counts[f"caps {self.house.change_a_cap(self.world.chance)}"] += 1
            case "thaw":
                for row in await accounts.frozen(host.store):
                    with suppress(StoreFull):
                        await host.store.transact(accounts.thaw, row.account, "person:ana", host.now())
                        self.counts["thawed"] += 1
            case _:
                for broken in await breakers.every(host.store):
                    with suppress(StoreFull):
                        await host.store.transact(breakers.close_breaker, broken.model)

    async def _fill_the_disk(self) -> None:
        """For up to a quarter of an hour, now and then, in every other season."""
        while self.fills:
            await anyio.sleep(self.world.chance.expovariate(1 / 8_000))
            self.world.full = True
            self.counts["full disks"] += 1
            await anyio.sleep(self.world.chance.random() * 900)
            self.world.full = False

    async def _cancel_some(self) -> None:
        """Now and then somebody is cancelled, at any of the next wake-ups."""
        while True:
            await anyio.sleep(self.world.chance.expovariate(1 / 3_000))
            self.loop.strike(self.world.chance.randint(1, 60), self._cancel_one)

    def _cancel_one(self) -> None:
        if self._scopes and not self.world.dead:
            self._scopes.pop(self.world.pick(sorted(self._scopes))).cancel()

    # -- how it is drawn

    def _host(self, store: Store) -> Host:
        return Host(
            store=store,
            clock=self.clock,
            offload=InlineOffload(),
            parts=Parts(self.provider),
            definitions=Nobody(),
            chance=self.world.chance.random,
            budget=self.house.budget,
            keep_days=0,
        )

    def _draw_errands(self) -> Iterator[Errand]:
        """They come in waves, so that many ask at once."""
        chance = self.world.chance
        waves = [chance.random() * _SPREAD for _ in range(chance.randint(1, 6))]
        waves.append(max(0.0, self._midnight - chance.random() * 600))
        for number in range(chance.randint(_FEWEST, _MOST)):
            begins = chance.choice(waves) + chance.choice((0.0, chance.random() * 60))
            run = chance.choice((None, chance.randint(1, 9)))
            items = tuple(sorted(chance.sample(range(1, 13), chance.choice((0, 1, 1, 2, 5)))))
            wake = self.clock.now() + chance.randint(0, 3) * MINUTE
            yield Errand(number, chance.choice(self.house.specialists), run, wake, items, chance.randint(1, 4), begins)


def _keep(tx: Tx, reply: ModelReply, name: str, now: Instant) -> str:
    return name


def _before_midnight(world: World, seconds: float) -> Instant:
    """So long before a day ends somewhere, and in every other season a month."""
    zone = ZoneInfo(world.pick(ZONES))
    day = world.pick((1, world.chance.randint(2, 28)))
    midnight = datetime(2026, world.chance.randint(1, 12), day, tzinfo=zone)
    return int(midnight.timestamp() - seconds) * 1_000_000


def _is_cut(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(map(_is_cut, error.exceptions))
    return isinstance(error, Cut)
