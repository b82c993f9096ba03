"""What the tests of triage share: tiers, made of what a specialist would write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from platos.testing.source import environment_in
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
