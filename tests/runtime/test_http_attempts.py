"""Over real HTTP a provider sees exactly the requests that were configured: faults, rounds and lists in combination."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from platos.core.instant import HOUR
from platos.core.state import State
from platos.runtime.node import context
from platos.store import accounts
from platos.testing.provider import (
    FakeProvider,
    Turn,
    answers,
    cuts,
    fails,
    garbles,
    hangs,
    refuses,
    repeats,
    stalls,
)
from platos.testing.workspace import SimulatedWorkspace

from .askers import ANSWER, NONSENSE, Asker
from .workers import Again, drop_one

Simulate = Callable[..., SimulatedWorkspace]
RecordCases = Callable[[str, int], None]

SLICE, WHOLE, SHARES = 16, 200, 5
STEP = 13
"""Between two seeds of the slice: any sixteen faults stand first in it."""

REPAIRS = 2
SETTINGS = """
[models."{model}"]
api_base = "{url}"
input_per_million = 1.0
output_per_million = 4.0
first_token = "{silence}"
"""
SILENCE, PATIENCE = "1500ms", "2m"


class Fault(NamedTuple):
    """What a request meets, and what follows: the model is asked `again` in the next round, or `locked`, or `lost` for
    this step; it has said something `wrong`, or `refused` to say anything; or it is `good`."""

    turn: Turn
    follows: str
    sent: bool = True


GOOD = Fault(answers(ANSWER), "good")
FAULTS = {
    "429": Fault(fails(429), "again", sent=False),
    "429 with a wish": Fault(fails(429, retry_after=30), "again", sent=False),
    "500 after the work": Fault(fails(500, worked=True), "again"),
    "503": Fault(fails(503), "again"),
    "504": Fault(fails(504, worked=True), "again"),
    "no JSON": Fault(garbles(), "again"),
    "cut": Fault(cuts(), "again"),
    "ended early": Fault(cuts(cleanly=True), "again"),
    "stalled": Fault(stalls(), "again"),
    "silent": Fault(hangs(), "again"),
    "401": Fault(fails(401), "locked", sent=False),
    "402": Fault(fails(402), "locked", sent=False),
    "no money left": Fault(fails(429, error="insufficient_quota"), "locked", sent=False),
    "400": Fault(fails(400), "lost", sent=False),
    "404": Fault(fails(404), "lost", sent=False),
    "another form": Fault(answers(NONSENSE), "wrong"),
    "no object": Fault(answers("I would rather not say."), "wrong"),
    "nothing": Fault(answers(""), "wrong"),
    "twice": Fault(repeats(ANSWER), "wrong"),
    "refused": Fault(refuses("I cannot help with that."), "refused"),
    "filtered": Fault(refuses(), "refused"),
}
SLOW = ("stalled", "silent")


class Case(NamedTuple):
    """Which faults requests meet in order, and then none; over how many models, and in how many rounds at most."""

    faults: tuple[str, ...]
    models: tuple[str, ...]
    rounds: int

    @property
    def turns(self) -> list[Turn]:
        return [*(FAULTS[name].turn for name in self.faults), GOOD.turn]


def case(seed: int) -> Case:
    """The case of that seed. Each fault stands first in some of them, in its turn."""
    chance, names = random.Random(f"attempts {seed}"), sorted(FAULTS)
    quick = [name for name in names if name not in SLOW]
    first = names[seed % len(names)]
    length = chance.choice((1, 2, 4, 8, 12))
    kind = chance.choice((quick, [name for name in quick if FAULTS[name].follows == "again"]))
    rest = tuple(chance.choice(kind) for _ in range(length - 1))
    models = tuple(f"openai/made-up-{number}" for number in range(chance.randint(1, 3)))
    return Case((first, *rest), models, chance.randint(1, 4))


class Expected:
    """What the configuration means, in the test's own words: `asked` are the models in the order of the requests."""

    def __init__(self, wanted: Case) -> None:
        self._case = wanted
        self._left: Iterator[str] = iter(wanted.faults)
        self._locked: set[str] = set()
        self.asked: list[str] = []
        self.met: list[Fault] = []
        self.state = self._question()

    def _question(self) -> State:
        """Models take turns to fill the form: one that cannot, after repairs, or will not, is followed by the next."""
        for place in range(len(self._case.models)):
            for _ in range(1 + REPAIRS):
                said = self._reply(self._case.models[place:])
                if said in ("failed", "waits"):
                    return State.FAILED if said == "failed" else State.PENDING
                if said == "good":
                    return State.SUCCESS
                if said == "refused":
                    break
        return State.FAILED

    def _reply(self, models: tuple[str, ...]) -> str:
        """One reply, of whichever model can be had, in so many rounds at most."""
        tried = 0
        while True:
            ending = ""
            for model in models:
                if model not in self._locked:
                    ending = self._ask(model)
                    if ending in ("good", "wrong", "refused"):
                        return ending
            tried += ending == "again"
            if not ending:
                return "waits"
            if ending == "lost" or tried == self._case.rounds:
                return "failed"

    def _ask(self, model: str) -> str:
        name = next(self._left, "")
        fault = FAULTS[name] if name else GOOD
        self.asked.append(model)
        self.met.append(fault)
        if fault.follows == "locked":
            self._locked.add(model)
        return fault.follows


async def check(simulate: Simulate, wanted: Case, silence: str = SILENCE) -> Counter[str]:
    """Live through a case; what it met. Raises AssertionError where the provider saw other requests than it should."""
    expected = Expected(wanted)
    async with FakeProvider(*wanted.turns) as provider:
        settings = "".join(SETTINGS.format(model=model, url=provider.url, silence=silence) for model in wanted.models)
        parts = {("actor", "worker"): Asker(), ("planner", "again"): Again()}
        simulated = simulate(
            planner="again",
            models={"small": "offline", "frontier": list(wanted.models)},
            retry={"attempts": wanted.rounds, "first": "1s", "longest": "2s"},
            tools=[],
            done_when=[],
            budget={"day": 1, "run": 1, "item": 1},
            settings=settings,
            parts=parts,
        )
        await drop_one(simulated)
        async with simulated.up() as engine:
            await engine.wake("watch", by="person:test")
            await simulated.live(HOUR)
            [run] = await simulated.runs()
            calls = await accounts.calls_of_run(simulated.store, 1)
        seen = [f"openai/{asked.body['model']}" for asked in provider.requests]
    assert seen == expected.asked, f"{wanted}: the provider saw {seen}, and should have seen {expected.asked}"
    assert [call.model for call in calls] == seen, f"{wanted}: not one reservation for each request"
    assert run.state is expected.state, f"{wanted}: {run.state}, {run.why}"
    for call, fault in zip(calls, expected.met, strict=True):
        _check_charge(wanted, call, fault)
    return Counter([*wanted.faults[: len(seen)], str(expected.state)])


def _check_charge(wanted: Case, call: accounts.Call, fault: Fault) -> None:
    """An answer costs what it used; what was sent and not answered all that was held; what was turned away nothing."""
    told = f"{wanted}: {call}"
    if fault.follows in ("good", "wrong", "refused"):
        assert call.state == "answered", told
        assert call.charged == 1_000 * call.tokens_in + 4_000 * call.tokens_out <= call.amount, told
    else:
        assert (call.state, call.charged) == (("unknown", call.amount) if fault.sent else ("failed", 0)), told


async def check_all(simulate: Simulate, seeds: range) -> Counter[str]:
    met: Counter[str] = Counter()
    for seed in seeds:
        met += await check(simulate, case(seed))
    return met


@pytest.fixture
async def warm(simulate: Simulate) -> None:
    """litellm was asked once: its first call takes seconds before anything is sent."""
    await check(simulate, Case((), ("openai/made-up-0",), 1), PATIENCE)


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("first", range(0, SLICE, 4))
async def test_a_provider_sees_exactly_the_requests_that_were_configured(
    simulate: Simulate, record_cases: RecordCases, first: int
) -> None:
    met = await check_all(simulate, range(STEP * first, STEP * (first + 4), STEP))
    assert met.total() >= 8
    record_cases("HTTP fault cases", 4)


@pytest.mark.exhaustive
@pytest.mark.usefixtures("warm")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("share", range(SHARES))
async def test_in_two_hundred_cases_a_provider_sees_exactly_the_requests_that_were_configured(
    simulate: Simulate, record_cases: RecordCases, share: int
) -> None:
    met = await check_all(simulate, range(share, WHOLE, SHARES))
    assert set(FAULTS) <= set(met), f"never met: {set(FAULTS) - set(met)}"
    assert min(met[state] for state in (State.SUCCESS, State.FAILED)) >= 5
    record_cases("HTTP fault cases", WHOLE // SHARES)


async def test_tries_that_nobody_counts_are_noticed(simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: after a failure the models begin anew, and no round is ever the last."""

    async def anew(self: context.NodeContext, step: object, failure: Exception, models: tuple[str, ...]) -> object:
        return step

    monkeypatch.setattr(context.NodeContext, "_next_attempt", anew)
    with pytest.raises((AssertionError, ExceptionGroup)):
        await check(simulate, Case(("503", "503", "429"), ("openai/made-up-0",), 2))
