"""The names and digests of items, hand-offs, steps and specialists."""

from __future__ import annotations

from typing import Any

import pytest

from platos.core.budget import Budget, Cap
from platos.core.evidence import Check
from platos.core.handoff import Artifact, Claim
from platos.core.item import Item, ItemState, StoredItem
from platos.core.money import NANO
from platos.core.schedule import Schedule
from platos.core.specialist import PartSpec, Specialist
from platos.core.step import StepKey
from platos.core.verdict import Decision, Verdict

ITEM: dict[str, Any] = {"id": "a.md", "text": "hello", "title": "t", "kind": "text", "ts": 1, "fields": {"from": "x"}}
SPECIALIST = Specialist(
    name="watch",
    owner="ada",
    schedule=Schedule(cron="0 8 * * *"),
    sources=(PartSpec(part="directory", name="inbox"),),
    triage=(PartSpec(part="rules", name="rules"),),
    planner=PartSpec(part="rules", name="rules"),
    models={"frontier": ("offline",)},
    scope="Tell me.",
    budget=Budget(day=Cap(usd=NANO), triage_day=Cap(usd=NANO), run=Cap(usd=NANO)),
    tools=(PartSpec(part="outbox", name="outbox"), PartSpec(part="outbox", name="archive")),
)


@pytest.mark.parametrize(
    "change", [{"id": "b.md"}, {"text": "hello!"}, {"title": "u"}, {"kind": "mail"}, {"fields": {"from": "y"}}]
)
def test_an_item_with_other_content_has_another_digest(change: dict[str, Any]) -> None:
    assert Item(**ITEM | change).digest() != Item(**ITEM).digest()


def test_an_item_that_was_only_touched_has_not_changed() -> None:
    assert Item(**ITEM | {"ts": 2}).digest() == Item(**ITEM).digest()


@pytest.mark.parametrize(
    ("title", "text", "read"),
    [("t", "hello\n", "t\n\nhello"), ("t", "# t\n\nhello", "# t\n\nhello"), ("", "hello", "hello"), ("t", "", "t")],
)
def test_an_item_is_read_under_its_title_once(title: str, text: str, read: str) -> None:
    assert Item(id="a.md", text=text, title=title).full_text == read


def test_a_stored_item_is_called_by_its_number() -> None:
    stored = StoredItem(number=12, specialist="watch", source="in", item=Item(**ITEM), state=ItemState.NEW, seen=1)
    assert stored.name == "i12"


def test_an_artifact_is_named_by_its_content() -> None:
    one, same, other = (
        Artifact(kind="report", title="t", claims=(Claim(text=text),), by="assistant, offline")
        for text in ("a", "a", "b")
    )
    assert one.id == same.id != other.id


@pytest.mark.parametrize(("ordinal", "text"), [(1, "r3:all/read:ask"), (2, "r3:all/read:ask#2")])
def test_a_step_key_is_short_for_people(ordinal: int, text: str) -> None:
    assert str(StepKey(3, 1, "all/read", "ask", ordinal)) == text


def test_a_definition_that_was_edited_has_another_digest() -> None:
    edited = Specialist(**{name: getattr(SPECIALIST, name) for name in SPECIALIST.__struct_fields__} | {"scope": "?"})
    assert edited.digest != SPECIALIST.digest


def test_a_definition_names_its_tools_as_its_owner_does() -> None:
    assert SPECIALIST.tool_names() == ("outbox", "archive")


def test_a_verdict_costs_nothing_and_is_sure_unless_it_says_otherwise() -> None:
    verdict = Verdict(decision=Decision.DISMISS, reason="an advert")
    assert (verdict.confidence, verdict.cost) == (1.0, 0)


def test_a_condition_is_plain_data() -> None:
    assert Check(name="cited") == Check(name="cited", about="")
