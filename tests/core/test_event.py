"""Every event is stored as what it is, and comes back as that."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast, get_args

import msgspec
import pytest

from platos.core.approval import GateState, Request
from platos.core.effect import EffectClass, EffectState, Receipt
from platos.core.event import (
    UPCASTERS,
    AnyEvent,
    EffectIntended,
    Event,
    EvidenceRecorded,
    ProcessStarted,
    StepMoved,
    decode_event,
    encode_event,
)
from platos.core.evidence import Check, CheckResult, Evidence, EvidenceKind
from platos.core.failure import FailureRecord
from platos.core.jump import JumpKind
from platos.core.lesson import Origin
from platos.core.money import Usage
from platos.core.plan import Plan, Single
from platos.core.policy import RiskTier
from platos.core.predicate import Predicate, Term
from platos.core.state import Outcome, State
from platos.core.step import StepKind

UNION: tuple[type[Event], ...] = get_args(AnyEvent)

REQUEST = Request(
    tool="outbox",
    contract="c0",
    arguments={"text": "hello"},
    preconditions={},
    rule="default",
    tier=RiskTier.EXPLICIT,
    expires=9,
    why="because",
)
EVIDENCE = Evidence(kind=EvidenceKind.RECEIPT, what="a file", digest="d0", receipt=Receipt(summary="written"))
VALUES: dict[str, Any] = {
    "accounts": (("all/2026-11-21", 7), ("specialist/watch", 7)),
    "arguments": msgspec.Raw(b'{"text":"hello"}'),
    "checks": (CheckResult(check=Check(name="cited"), passed=True, seen="3 of 3"),),
    "effect_class": EffectClass.PROBED,
    "evidence": EVIDENCE,
    "failure": FailureRecord(kind="timeout", what="no answer"),
    "kind": StepKind.MODEL,
    "new": State.SUCCESS,
    "old": State.RUNNING,
    "outcome": Outcome.DONE,
    "node": Single(name="read", actor="reader"),
    "plan": Plan(root=Single(name="read", actor="reader"), why="one item", by="rules"),
    "predicate": Predicate(terms=(Term(argument="name", values=("a",)),)),
    "receipt": Receipt(summary="written", data={"file": "a.md"}),
    "request": REQUEST,
    "result": msgspec.Raw(b'{"answer":42}'),
    "usage": Usage(input=7, output=5),
}
BY_TYPE: dict[str, Any] = {
    "bool": True,
    "int": 7,
    "str": "text",
    "dict[str, str]": {"file": "d0"},
    "tuple[int, ...]": (1, 2),
    "tuple[str, ...]": ("g1", "time"),
    "tuple[tuple[int, str], ...]": ((1, "d0"),),
    "GateState": GateState.APPROVED,
    "JumpKind": JumpKind.SET_BACK,
    "EffectState": EffectState.DONE,
    "Origin": Origin.DECISION,
    "State": State.RUNNING,
}


def example(kind: type[Event]) -> Event:
    """An event of that class with every field set."""
    fields = {}
    for field in msgspec.structs.fields(kind):
        written = cast("str", kind.__annotations__.get(field.name, "str" if field.name == "by" else "int"))
        plain = written.removesuffix(" | None").replace("Instant", "int").replace("Nano", "int")
        named = VALUES.get(field.name) if plain not in ("str", "int") else None
        fields[field.name] = BY_TYPE[plain] if named is None else named
    return kind(**fields)


@pytest.mark.parametrize("kind", UNION, ids=lambda kind: kind.__name__)
def test_an_event_comes_back_as_what_it_was(kind: type[Event]) -> None:
    event = example(kind)
    again = decode_event(encode_event(event))
    assert type(again) is kind
    assert encode_event(again) == encode_event(event)


@pytest.mark.parametrize("kind", UNION, ids=lambda kind: kind.__name__)
def test_every_stored_event_says_when_and_by_whom(kind: type[Event]) -> None:
    again = decode_event(encode_event(example(kind)))
    assert (again.at, again.by) == (7, "text")


def test_every_class_of_event_is_in_the_union() -> None:
    assert set(Event.__subclasses__()) == set(UNION)


def test_no_two_events_share_a_tag() -> None:
    tags = Counter(kind.__struct_config__.tag for kind in UNION)
    assert max(tags.values()) == 1


def test_where_nobody_is_named_the_runtime_did_it() -> None:
    assert decode_event(encode_event(ProcessStarted(at=1, epoch=2, version="0.1.0"))).by == "runtime"


def test_a_checkpoint_is_kept_byte_for_byte() -> None:
    step = cast("StepMoved", decode_event(encode_event(example(StepMoved))))
    assert step.result is not None
    assert bytes(step.result) == b'{"answer":42}'


def test_a_step_moved_knows_its_checkpoint_key() -> None:
    assert str(cast("StepMoved", example(StepMoved)).key) == "r7:text:text#7"


def test_evidence_comes_back_with_its_receipt() -> None:
    again = cast("EvidenceRecorded", decode_event(encode_event(example(EvidenceRecorded))))
    assert again.evidence == EVIDENCE


@pytest.mark.parametrize("stored", [b'{"type":"of_later","at":1}', b'{"at":1}', b"[]", b"not json"])
def test_what_is_no_known_event_is_never_guessed(stored: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_event(stored)


def second_version(fields: dict[str, Any]) -> dict[str, Any]:
    """The first version called a `path` a `place`."""
    return {**fields, "type": "step_moved_2", "path": fields["place"]}


def third_version(fields: dict[str, Any]) -> dict[str, Any]:
    """The second version numbered ordinals from 0."""
    return {**fields, "type": "step_moved", "ordinal": 1 + msgspec.json.decode(fields["ordinal"])}


@pytest.fixture
def old_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(UPCASTERS, "step_moved_1", second_version)
    monkeypatch.setitem(UPCASTERS, "step_moved_2", third_version)


STORED = (
    b'{"type":"step_moved_1","at":7,"run":3,"revision":1,"place":"work","name":"draft","ordinal":0,"kind":"local",'
    b'"state":"success","input":"d0","result":{"amount": 1.50, "note": "a\\u00e4"}}'
)


@pytest.mark.usefixtures("old_versions")
def test_an_event_of_an_old_version_is_brought_up_version_by_version() -> None:
    step = cast("StepMoved", decode_event(STORED))
    assert (str(step.key), step.state, step.by) == ("r3:work:draft", State.SUCCESS, "runtime")


@pytest.mark.usefixtures("old_versions")
def test_what_is_frozen_in_an_old_event_is_kept_byte_for_byte() -> None:
    step = cast("StepMoved", decode_event(STORED))
    assert bytes(step.result) == b'{"amount": 1.50, "note": "a\\u00e4"}'


def test_frozen_arguments_of_an_old_version_are_kept_byte_for_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(UPCASTERS, "effect_planned", lambda fields: {**fields, "type": "effect_intended"})
    stored = encode_event(example(EffectIntended)).replace(b'"effect_intended"', b'"effect_planned"')
    again = cast("EffectIntended", decode_event(stored))
    assert bytes(again.arguments) == b'{"text":"hello"}'


def test_an_event_of_this_version_is_not_brought_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(UPCASTERS, "process_started", lambda fields: {**fields, "epoch": 99})
    stored = encode_event(ProcessStarted(at=1, epoch=2, version="0.1.0"))
    assert cast("ProcessStarted", decode_event(stored)).epoch == 2


@pytest.mark.usefixtures("old_versions")
def test_an_old_event_that_lacks_something_is_not_guessed() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode_event(STORED.replace(b'"run":3,', b""))
