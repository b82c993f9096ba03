"""What an approval is bound to, and what it is not."""

from __future__ import annotations

from typing import Any

import pytest

from platos.core.approval import Request
from platos.core.policy import RiskTier

FIELDS: dict[str, Any] = {
    "tool": "outbox",
    "contract": "c0",
    "arguments": {"text": "hello"},
    "preconditions": {"file": "d0"},
    "rule": "default",
    "tier": RiskTier.EXPLICIT,
    "expires": 1,
    "why": "because",
    "evidence": (),
    "preview": "+hello",
}
BOUND: dict[str, Any] = {
    "tool": "mail",
    "contract": "c1",
    "arguments": {"text": "hello!"},
    "preconditions": {"file": "d1"},
    "rule": "policy",
    "tier": RiskTier.BATCHED,
    "expires": 2,
}
INFORMS: dict[str, Any] = {"why": "for another reason", "evidence": ("e7",), "preview": "-hello"}


def test_every_field_of_a_request_is_either_bound_or_only_informs() -> None:
    assert set(BOUND) | set(INFORMS) == set(Request.__struct_fields__)


@pytest.mark.parametrize("field", BOUND)
def test_a_change_of_what_was_approved_voids_the_approval(field: str) -> None:
    assert Request(**FIELDS | {field: BOUND[field]}).digest != Request(**FIELDS).digest


@pytest.mark.parametrize("field", INFORMS)
def test_a_change_of_what_only_informs_does_not(field: str) -> None:
    assert Request(**FIELDS | {field: INFORMS[field]}).digest == Request(**FIELDS).digest
