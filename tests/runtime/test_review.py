"""Whose item it is may have a person asked although policy would not have."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from platos.core.effect import EffectClass
from platos.core.instant import MINUTE
from platos.testing.workspace import SimulatedWorkspace

from .workers import Worker, workspace


@pytest.mark.parametrize(
    ("customers", "asks"),
    [(["globex"], False), (["acme"], True), (["globex", "acme"], True), ([None], True)],
)
async def test_an_item_of_a_customer_that_the_owner_named_has_a_person_asked(
    simulate: Callable[..., SimulatedWorkspace], make_machine: Any, customers: list[str | None], asks: bool
) -> None:
    machine = make_machine(EffectClass.ONCE)
    simulated = workspace(
        simulate,
        Worker(tool="machine"),
        machine=machine,
        sources=[{"jsonl": {"path": "orders.jsonl"}}],
        review=[{"customer": "acme"}],
    )
    lines = [
        {"id": str(n), "text": "An advisory.", "fields": {"customer": customer} if customer else {}}
        for n, customer in enumerate(customers)
    ]
    await simulated.drop("orders.jsonl", "".join(f"{json.dumps(line)}\n" for line in lines))
    async with simulated.up():
        await simulated.live(15 * MINUTE)
        rules = [gate.request.rule for gate in await simulated.open_gates()]
    assert rules == ["review: customer=acme"] * asks
    assert len(machine.calls) == (not asks)
