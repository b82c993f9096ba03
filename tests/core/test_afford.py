"""What can be afforded, beside a search that tries every length of answer."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from platos.core import afford as affording
from platos.core.afford import Choice, Offer, afford, lines, shortest
from platos.core.money import Band, Price, Rates

ITEMS = ("item/1/2026-03", "item/2/2026-03", "item/3/2026-03")
OTHERS = ("all/2026-03-02", "specialist/ana/2026-03", "run/7")
UNITS = ("", ":tokens", ":calls")
rates = st.integers(0, 9_000_000_000)
whole_rates = st.builds(
    Rates, input=rates, cached=rates, stored=rates, stored_long=rates, output=rates, reasoning=rates
)
bands = st.builds(Band, rates=whole_rates, above=st.sampled_from([0, 40, 200]), service=st.sampled_from(["", "fast"]))
prices = st.builds(
    lambda first, more: Price(bands=(Band(rates=first), *more), source="list"), whole_rates, st.lists(bands, max_size=2)
)
offers = st.lists(
    st.builds(Offer, st.sampled_from(["a", "b", "c"]), prices, st.integers(0, 300)), min_size=1, max_size=3
)


@st.composite
def paths(draw: st.DrawFn) -> tuple[dict[str, int], int]:
    """How much room some accounts have, and between how many items a call is shared."""
    items = draw(st.integers(0, len(ITEMS)))
    names = [root + unit for root in (*OTHERS, *ITEMS[:items]) for unit in draw(st.sets(st.sampled_from(UNITS)))]
    room = {"": st.integers(-1_000, 3_000_000), "tokens": st.integers(-10, 700), "calls": st.integers(-1, 3)}
    return {name: draw(room[name.partition(":")[2]]) for name in names}, items


def cost(offer: Offer, output: int) -> int:
    """The most that a call may cost, added up in fractions."""
    reached = [band.rates for band in offer.price.bands if band.above < max(1, offer.input_bound)]
    read = max(max(each.input, each.cached, each.stored) for each in reached)
    written = max(max(each.output, each.reasoning) for each in reached)
    return ceil(Fraction(offer.input_bound * read + output * written, 10**6))


def need(name: str, offer: Offer, output: int, items: int) -> int:
    """What one account bears of a call."""
    _, _, unit = name.partition(":")
    if unit == "calls":
        return 1
    whole = offer.input_bound + output if unit == "tokens" else cost(offer, output)
    return ceil(Fraction(whole, items)) if name.startswith("item/") else whole


def fits(offer: Offer, output: int, rooms: dict[str, int], items: int) -> bool:
    return all(need(name, offer, output, items) <= room for name, room in rooms.items())


@given(offers, st.integers(1, 400), paths())
@example([Offer("a", Price.flat(input=0, output=0, source="free", free=True), 5)], 8, ({"run/7": 0}, 0))
def test_it_is_the_first_offer_that_fits_with_the_longest_answer_that_fits(
    offered: list[Offer], wanted: int, path: tuple[dict[str, int], int]
) -> None:
    check_choice(offered, wanted, *path)


def check_choice(offered: list[Offer], wanted: int, rooms: dict[str, int], items: int) -> None:
    """Is what is chosen what should be?"""
    choice = afford(offered, wanted, rooms, items)
    right = next((each for each in offered if fits(each, shortest(wanted), rooms, items)), None)
    if right is None:
        assert choice is None
    else:
        most = max(each for each in range(shortest(wanted), wanted + 1) if fits(right, each, rooms, items))
        assert choice == Choice(right, most, cost(right, most))


@given(offers, st.integers(1, 400), paths())
def test_what_is_held_fits_into_the_room_of_every_account(
    offered: list[Offer], wanted: int, path: tuple[dict[str, int], int]
) -> None:
    rooms, items = path
    choice = afford(offered, wanted, rooms, items)
    if choice is not None:
        held = lines(choice, list(rooms), items)
        assert [name for name, _ in held] == list(rooms)
        assert all(0 <= amount <= rooms[name] for name, amount in held)


@given(offers, st.integers(1, 400), paths(), st.integers(1, 1_000))
def test_more_room_never_affords_less(
    offered: list[Offer], wanted: int, path: tuple[dict[str, int], int], more: int
) -> None:
    rooms, items = path
    before = afford(offered[:1], wanted, rooms, items)
    after = afford(offered[:1], wanted, {name: room + more for name, room in rooms.items()}, items)
    assert before is None or (after is not None and after.max_output >= before.max_output)


@given(st.integers(1, 100_000))
def test_the_shortest_answer_is_a_quarter_and_never_nothing(wanted: int) -> None:
    assert 1 <= shortest(wanted) <= wanted
    assert shortest(wanted) * 4 <= max(wanted, 4)


PENNY = Offer("a", Price.flat(input=10, output=1_000_001, source="list"), 3)


def test_a_worst_case_that_is_rounded_down_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: a call holds a little less than it may cost."""
    check_choice([PENNY], 9, {"run/7": 100}, 0)
    monkeypatch.setattr(affording, "worst_case", lambda price, read, written: cost(PENNY, written) - 1)
    with pytest.raises(AssertionError):
        check_choice([PENNY], 9, {"run/7": 100}, 0)


def test_a_room_that_items_do_not_share_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: an item is asked to bear all of a call that is about three."""
    rooms = dict.fromkeys(ITEMS, 4)
    check_choice([PENNY], 9, rooms, 3)
    monkeypatch.setattr(affording, "_bearers", lambda name, items: 1)
    with pytest.raises(AssertionError):
        check_choice([PENNY], 9, rooms, 3)
