"""What the tests of triage share: tiers, made of what a specialist would write."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from platos.core.item import StoredItem
from platos.core.verdict import Verdict
from platos.testing.source import environment_in
from platos.testing.tier import ScriptedBench
from platos.triage.model import ModelTier
from platos.triage.rules import Rules


@pytest.fixture
def make_rules(tmp_path: Path) -> Callable[..., Rules]:
    """`make_rules(signal=[{"words": ["cve"]}])`: the tier `rules` with those options."""
    return lambda **options: Rules(Rules.Options.model_validate(options), environment_in(tmp_path))


@pytest.fixture
def make_model_tier(tmp_path: Path) -> Callable[..., ModelTier]:
    """`make_model_tier(at_least=0.8)`: the tier `model` with those options."""
    return lambda **options: ModelTier(ModelTier.Options.model_validate(options), environment_in(tmp_path))


JudgeInBatches = Callable[[Rules, Sequence[StoredItem], int], Awaitable[list[Verdict]]]


@pytest.fixture(scope="session")
def judge_in_batches() -> JudgeInBatches:
    """`await judge_in_batches(rules, items, 7)`: the verdicts on items that come seven at a time, in one memory."""

    async def judge(rules: Rules, items: Sequence[StoredItem], size: int) -> list[Verdict]:
        bench = ScriptedBench()
        verdicts: list[Verdict] = []
        for start in range(0, len(items), size):
            verdicts += await rules.judge(items[start : start + size], bench)
        return verdicts

    return judge
