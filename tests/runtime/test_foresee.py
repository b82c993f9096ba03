"""What a run may cost at worst, against what a run really does when everything goes wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from platos.core.budget import Budget, Cap
from platos.core.instant import DAY
from platos.core.item import Item
from platos.core.money import NANO, Price, Usage, worst_case
from platos.core.plan import FanOut, Loop, Node, Plan, Single
from platos.core.role import Role
from platos.core.schedule import Schedule
from platos.core.specialist import PartSpec, Specialist
from platos.errors import TimedOut
from platos.ports.model import ModelReply, ModelRequest
from platos.runtime.foresee import Foreseen, Priced, Shaped, foresee
from platos.runtime.foresee.nodes import REPLIES
from platos.runtime.measures.accounts import AccountState
from platos.runtime.net import MOST_REPLANS
from platos.runtime.node import answers
from platos.store import accounts
from platos.testing.model import Scripted
from platos.testing.workspace import SimulatedWorkspace

DRAFT, READ, CRITIC = (Single(name=each, actor=each) for each in ("draft", "read", "critic"))
LARGE = Budget(day=Cap(usd=NANO), triage_day=Cap(usd=NANO), run=Cap(usd=10**6 * NANO))
ITEMS = [Item(id="a", text="An advisory.")]
ATTEMPTS = 4


class Unpriced(Scripted):
    """A model of which nobody knows the price."""

    def price(self, name: str) -> Price | None:
        return None


def described(budget: Budget = LARGE, models: Sequence[str] = ("m",)) -> Specialist:
    spec = PartSpec(part="rules", name="rules")
    return Specialist(
        name="watch",
        owner="ana",
        schedule=Schedule(cron="0 0 1 1 *"),
        sources=(spec,),
        triage=(spec,),
        planner=spec,
        models={"frontier": tuple(models)},
        scope="Watch.",
        budget=budget,
    )


def foreseen(
    root: Node,
    items: Sequence[Item] = ITEMS,
    *,
    budget: Budget = LARGE,
    calls: int | None = 1,
    stretch: int = 0,
    models: Sequence[Scripted] = (Scripted([]),),
    standing: Sequence[AccountState] = (),
) -> Foreseen:
    names = [f"m{number}" for number in range(len(models))]
    listed = [Priced(name, model, model.price(name)) for name, model in zip(names, models, strict=True)]
    declared = {name: Role(actor=name, calls=calls, stretch=stretch) for name in ("draft", "read", "critic")}
    plan = Plan(root=root, why="there is one", by="test")
    return foresee(described(budget, names), Shaped(plan, None), items, declared, {"frontier": listed}, standing)


def account(name: str, cap: int, spent: int = 0, **values: Any) -> AccountState:
    fixed = {"window": "2026-11-21", "unit": "usd", "held": 0, "told": 0, "ends": "", "frozen": ""}
    return AccountState(account=f"{name}/2026-11-21", root=name, spent=spent, cap=cap, **{**fixed, **values})


# -- against what really happens


class Stubborn(Scripted):
    """A model that is silent until an attempt's last round, and then says what nobody can read; both in the dark.

    Of two, the first stays silent, so that the second is asked as often as it ever can be.
    """

    def __init__(self, asked: Counter[str], *, silent: bool) -> None:
        super().__init__([])
        self._asked, self._silent = asked, silent

    async def complete(self, request: ModelRequest, alive: Callable[[], None]) -> ModelReply:
        self._asked[request.model] += 1
        if self._silent or self._asked[request.model] % ATTEMPTS:
            raise TimedOut("no answer", where=request.model, sent=True)
        return ModelReply(text="no", usage=Usage(input=1, output=1), served=request.model)


@pytest.mark.parametrize("names", [["b"], ["a", "b"]], ids=["one model", "two models"])
async def test_a_run_in_which_everything_goes_wrong_makes_exactly_the_attempts_that_were_foreseen(
    simulate: Callable[..., SimulatedWorkspace], names: list[str]
) -> None:
    asked: Counter[str] = Counter()
    models = {name: Stubborn(asked, silent=name == "a") for name in names}
    simulated = simulate(
        models={"small": "offline", "frontier": names},
        tools=[],
        done_when=[],
        budget={"day": 1_000, "run": 1_000, "item": 1_000},
        settings="[budget]\nday = 1000\n",
        parts={("model", name): model for name, model in models.items()},
    )
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(2 * DAY)
        calls = await accounts.calls_of_run(simulated.store, 1)
    [node] = foreseen(DRAFT, models=list(models.values())).nodes
    assert len(calls) == asked.total() == node.attempts
    assert asked == {name: place * REPLIES * ATTEMPTS for place, name in enumerate(names, start=1)}
    assert node.worst_nano is not None
    assert sum(call.charged for call in calls) <= node.worst_nano


def test_as_many_replies_are_reckoned_with_as_the_runtime_asks_for() -> None:
    assert 1 + answers._REPAIRS == REPLIES


# -- nodes


def test_the_worst_of_a_node_is_its_acts_and_attempts_at_the_dearest() -> None:
    [node] = foreseen(DRAFT).nodes
    assert (node.acts, node.calls, node.attempts) == (1, 1, REPLIES * ATTEMPTS)
    assert node.worst_nano == REPLIES * ATTEMPTS * node.attempt_nano
    assert node.at_once_nano == node.attempt_nano


def test_a_longer_item_costs_more_and_by_its_bound() -> None:
    short, long = (foreseen(DRAFT, [Item(id="a", text="x" * size)]).nodes[0] for size in (10, 1_010))
    price = Scripted([]).price("m")
    assert price is not None
    assert long.attempt_nano - short.attempt_nano == worst_case(price, 1_000, 0)


def test_what_is_read_in_stretches_is_a_call_for_each_that_is_as_long_as_the_longest() -> None:
    [node] = foreseen(DRAFT, [Item(id="a", text="x" * 1_010)], stretch=500).nodes
    [short] = foreseen(DRAFT, [Item(id="a", text="x" * 500)]).nodes
    assert (node.acts, node.calls, node.attempt_nano) == (1, 3, short.attempt_nano)
    assert node.worst_nano == 3 * REPLIES * ATTEMPTS * node.attempt_nano
    assert node.at_once_nano == 3 * node.attempt_nano


def test_of_items_of_several_lengths_each_is_reckoned_by_its_own_stretches() -> None:
    items = [Item(id="a", text="x" * size) for size in (10, 1_010)]
    [node] = foreseen(FanOut(name="each", body=READ), items, stretch=500).nodes
    one, other = (foreseen(READ, [item], stretch=500).nodes[0] for item in items)
    assert (node.acts, node.calls) == (2, 3)
    assert one.at_once_nano is not None
    assert other.at_once_nano is not None
    assert node.at_once_nano == one.at_once_nano + other.at_once_nano


def test_a_node_acts_for_each_item_and_round() -> None:
    loop = Loop(name="until", body=READ, until=CRITIC, rounds=3)
    found = foreseen(FanOut(name="each", body=loop), ITEMS * 2)
    assert [(node.path, node.acts) for node in found.nodes] == [("each/until/read", 6), ("each/until/critic", 6)]
    assert found.at_once_nano == 2 * sum(node.attempt_nano for node in found.nodes)


def test_a_plan_may_be_made_anew() -> None:
    found = foreseen(DRAFT)
    assert found.plans == 1 + MOST_REPLANS
    assert found.worst_nano == found.plans * (found.nodes[0].worst_nano or 0)


def test_a_critic_reads_what_was_made_too() -> None:
    read, critic = foreseen(Loop(name="until", body=READ, until=CRITIC)).nodes
    assert critic.attempt_nano > read.attempt_nano


def test_an_actor_that_asks_nobody_costs_nothing() -> None:
    found = foreseen(DRAFT, calls=0)
    assert (found.worst_nano, found.at_once_nano, found.at_most_nano) == (0, 0, 0)


def test_a_model_without_a_price_is_never_called_and_the_next_stands_in() -> None:
    found = foreseen(DRAFT, models=[Unpriced([]), Scripted([])])
    assert found.unpriced == ("m0",)
    assert found.nodes[0].attempts == 2 * REPLIES * ATTEMPTS


# -- bounds


def test_where_an_actor_does_not_say_how_often_it_asks_the_runs_cap_bounds_it() -> None:
    found = foreseen(DRAFT, calls=None)
    assert (found.worst_nano, found.nodes[0].worst_nano) == (None, None)
    assert (found.at_most_nano, found.because) == (LARGE.run.usd, "the run's cap")


@pytest.mark.parametrize(
    ("caps", "at_most", "because"),
    [
        ({"run": Cap(usd=1_000)}, 1_000, "the run's cap"),
        ({"run": Cap(), "item": Cap(usd=1_000)}, 2_000, "the caps of its 2 items"),
        ({"run": Cap(usd=3_000), "item": Cap(usd=1_000)}, 2_000, "the caps of its 2 items"),
        ({"run": Cap(usd=0)}, 0, "the run's cap"),
    ],
)
def test_the_smallest_cap_is_what_holds(caps: dict[str, Cap], at_most: int, because: str) -> None:
    budget = Budget(day=Cap(), triage_day=Cap(), run=caps["run"], item=caps.get("item", Cap()))
    found = foreseen(DRAFT, ITEMS * 2, budget=budget)
    assert (found.at_most_nano, found.because) == (at_most, because)


def test_the_sum_is_the_answer_where_it_is_smaller_than_every_cap() -> None:
    found = foreseen(DRAFT)
    assert (found.at_most_nano, found.because) == (found.worst_nano, "the sum of all calls at worst")


def test_caps_on_calls_and_tokens_bound_money_too() -> None:
    of_calls = Budget(day=Cap(), triage_day=Cap(), run=Cap(calls=2))
    found = foreseen(DRAFT, budget=of_calls)
    assert found.at_most_nano == 2 * found.nodes[0].attempt_nano
    of_tokens = Budget(day=Cap(), triage_day=Cap(), run=Cap(tokens=1_000))
    assert foreseen(DRAFT, budget=of_tokens).at_most_nano == 4 * NANO // 1_000  # the dearest token costs $4 a million


def test_what_is_left_of_the_day_bounds_today_and_not_the_run() -> None:
    found = foreseen(DRAFT, standing=[account("all", 10_000), account("specialist/watch", 5_000, 4_000, held=500)])
    assert (found.today_nano, found.today_because) == (500, "what is left of specialist/watch/2026-11-21")
    assert found.at_most_nano == found.worst_nano


def test_the_envelope_of_triage_bounds_no_run() -> None:
    assert foreseen(DRAFT, standing=[account("triage/watch", 1)]).today_nano == foreseen(DRAFT).today_nano


def test_on_a_frozen_account_nothing_is_spent_now() -> None:
    found = foreseen(DRAFT, standing=[account("specialist/watch", 5_000, frozen="somebody wondered")])
    assert (found.today_nano, found.frozen) == (0, ("specialist/watch",))


def test_a_frozen_envelope_of_triage_stops_no_run() -> None:
    found = foreseen(DRAFT, standing=[account("triage/watch", 5_000, frozen="somebody wondered")])
    assert (found.today_nano, found.frozen) == (found.worst_nano, ())
