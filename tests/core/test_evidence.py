"""Which claims are cited, and what a run came to."""

from __future__ import annotations

from typing import Any

import pytest

from platos.core.effect import MOST_KEPT, EffectClass, Receipt
from platos.core.evidence import (
    Check,
    CheckResult,
    Evidence,
    EvidenceKind,
    outcome_of,
    strike_uncited,
    uncited,
)
from platos.core.handoff import Artifact, Claim
from platos.core.state import Outcome

TEXTS = {"i1": "The library\n   before 2.1 is\tvulnerable.", "i2": "Nothing to see."}


def claims_without_source(quote: str, source: str = "i1") -> int:
    claim = Claim(text="it is vulnerable", source=source, quote=quote)
    return len(uncited([Artifact(kind="report", title="t", claims=(claim,), by="assistant")], TEXTS))


def test_a_quote_that_stands_in_its_item_is_cited() -> None:
    assert claims_without_source("before 2.1") == 0


def test_line_breaks_and_spaces_make_no_difference() -> None:
    assert claims_without_source("  library before\n2.1   is vulnerable. ") == 0


def test_a_quote_in_other_words_is_uncited() -> None:
    assert claims_without_source("library before 2.2") == 1


def test_a_quote_from_another_item_is_uncited() -> None:
    assert claims_without_source("before 2.1", source="i2") == 1


def test_an_item_that_is_not_there_proves_nothing() -> None:
    assert claims_without_source("before 2.1", source="i9") == 1


@pytest.mark.parametrize("quote", ["", "  \n "])
def test_an_empty_quote_proves_nothing(quote: str) -> None:
    assert claims_without_source(quote) == 1


def test_every_uncited_claim_of_every_artifact_is_named() -> None:
    good, bad = Claim(text="a", source="i2", quote="Nothing"), Claim(text="b", source="i2", quote="Something")
    artifacts = [Artifact(kind="report", title="t", claims=claims, by="x") for claims in ((good, bad), (bad,))]
    assert uncited(artifacts, TEXTS) == [bad, bad]


def test_uncited_claims_are_struck_and_the_note_says_how_many() -> None:
    good, bad = Claim(text="a", source="i2", quote="Nothing"), Claim(text="b", source="i2", quote="Something")
    artifact = Artifact(kind="report", title="t", claims=(bad, good), by="x", note="Read once.")
    struck = strike_uncited(artifact, TEXTS)
    assert (struck.claims, struck.note) == ((good,), "Read once. 1 uncited claim struck.")


def test_an_artifact_with_nothing_uncited_is_left_as_it_is() -> None:
    claims = (Claim(text="a", source="i2", quote="Nothing"),)
    artifact = Artifact(kind="report", title="t", claims=claims, by="x")
    assert strike_uncited(artifact, TEXTS) is artifact


D, N, U = Outcome.DONE, Outcome.NOOP, Outcome.COMPLETED_UNUSABLE


@pytest.mark.parametrize(
    ("passed", "acted", "made", "outcome"),
    [
        ((), False, False, N),
        ((), True, False, D),
        ((), False, True, D),
        ((True, True), False, False, N),
        ((True, True), True, True, D),
        ((True, False), False, False, N),
        ((True, False), True, False, U),
        ((True, False), False, True, U),
        ((False,), True, True, U),
    ],
)
def test_an_outcome_follows_from_what_was_seen(
    passed: tuple[bool, ...], acted: bool, made: bool, outcome: Outcome
) -> None:
    results = [CheckResult(check=Check(name="cited"), passed=one, seen="") for one in passed]
    assert outcome_of(results, acted=acted, made=made) is outcome


@pytest.mark.parametrize(
    ("check", "text"), [(Check(name="cited"), "cited"), (Check(name="receipt", about="outbox"), "receipt: outbox")]
)
def test_a_check_is_written_as_its_owner_wrote_it(check: Check, text: str) -> None:
    assert str(check) == text


@pytest.mark.parametrize(
    ("effect", "data", "said"),
    [
        (EffectClass.READ, {"text": "Pump 3.", "bytes": 7}, "read a sheet\n\nPump 3."),
        (EffectClass.READ, {"bytes": 7}, 'read a sheet\n\n{"bytes":7}'),
        (EffectClass.READ, {"text": " ", "bytes": 7}, 'read a sheet\n\n{"bytes":7,"text":" "}'),
        (EffectClass.READ, {}, "read a sheet"),
        (EffectClass.ONCE, {"text": "Pump 3."}, "read a sheet"),
        (EffectClass.PROBED, {"text": "Pump 3."}, "read a sheet"),
        (None, {"text": "Pump 3."}, "read a sheet"),
    ],
)
def test_what_was_read_may_be_quoted_and_of_what_was_done_its_line(
    effect: EffectClass | None, data: dict[str, Any], said: str
) -> None:
    receipt = Receipt(summary="read a sheet", data=data)
    proof = Evidence(kind=EvidenceKind.RECEIPT, what="read a sheet", digest="", receipt=receipt, effect=effect)
    assert proof.full_text == said


def test_what_may_be_quoted_of_a_receipt_is_bounded() -> None:
    assert len(Receipt(summary="read", data={"text": "x" * 3 * MOST_KEPT}).full_text) == MOST_KEPT
