"""When a person is asked although policy would not have asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.item import Item, ItemState, StoredItem
from platos.core.review import MEASURES, ItemTrigger, Trigger, parse_trigger
from platos.errors import ConfigurationError

triggers = st.builds(
    Trigger,
    measure=st.sampled_from(sorted(MEASURES)),
    compare=st.sampled_from(("<", "<=", ">", ">=")),
    bound=st.integers(0, 1000).map(float),
)


@given(triggers)
def test_a_trigger_reads_back_as_written(trigger: Trigger) -> None:
    assert parse_trigger(str(trigger)) == trigger


@pytest.mark.parametrize(
    ("text", "value", "fires"),
    [
        ("confidence < 0.6", 0.59, True),
        ("confidence < 0.6", 0.6, False),
        ("confidence <= 0.6", 0.6, True),
        ("cost>0.5", 0.5, False),
        ("cost >= 0.5", 0.5, True),
        (" items > 20 ", 21, True),
    ],
)
def test_a_trigger_fires_where_its_comparison_holds(text: str, value: float, fires: bool) -> None:
    trigger = parse_trigger(text)
    assert isinstance(trigger, Trigger)
    assert trigger.fires({trigger.measure: value}) is fires


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mood < 3",
        "confidence",
        "confidence = 1",
        "cost > -1",
        "cost > 1 or 1",
        "cost > 1e3",
        "confidence=0.5",
        "customer=",
        "acme",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="not a review trigger"):
        parse_trigger(text)


def an_item(**fields: object) -> StoredItem:
    item = Item(id="a", text="An order.", kind="mail", fields=fields)
    return StoredItem(number=1, specialist="watch", source="inbox", item=item, state=ItemState.SIGNAL, seen=0)


@pytest.mark.parametrize(
    ("text", "fields", "fires"),
    [
        ("customer=acme", {"customer": "acme"}, True),
        ("customer=acme", {"customer": "ACME "}, True),
        ("customer=acme", {"customer": ["globex", "acme"]}, True),
        ("customer=acme", {"customer": "globex"}, False),
        ("customer=acme|globex", {"customer": "globex"}, True),
        ("customer=acme", {}, True),
        ("customer=acme", {"customer": None}, False),
        ("from=*@acme.example", {"from": "Ann <ann@acme.example>"}, True),
        ("from=*@acme.example", {"from": "ann@other.example"}, False),
        ("source=inbox", {"source": "elsewhere"}, True),
        ("kind=mail", {}, True),
        ("kind=text", {"kind": "text"}, False),
    ],
)
def test_a_term_fires_where_it_may_be_of_an_item(text: str, fields: dict[str, object], fires: bool) -> None:
    trigger = parse_trigger(text)
    assert isinstance(trigger, ItemTrigger)
    assert str(trigger) == text
    assert trigger.fires({}, [an_item(**fields)]) is fires


def test_one_item_of_many_is_enough_and_none_is_not() -> None:
    trigger = parse_trigger("customer=acme")
    others = [an_item(customer="globex")] * 3
    assert not trigger.fires({}, others)
    assert not trigger.fires({}, [])
    assert trigger.fires({}, [*others, an_item(customer="acme")])
