"""List prices: the dearest that can apply, exact, and never a guess."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.models import _prices
from platos.models._prices import base_price, list_price, table

CHAT = sorted(name for name, entry in table().items() if entry.get("mode") == "chat")


def test_every_chat_model_without_a_price_is_refused() -> None:
    def named(entry: dict[str, object], key: str) -> bool:
        tiers = entry.get("tiered_pricing")
        return bool(entry.get(key)) or (isinstance(tiers, list) and any(tier.get(key) for tier in tiers))

    unpriced = [
        name
        for name in CHAT
        if not (named(table()[name], "input_cost_per_token") and named(table()[name], "output_cost_per_token"))
    ]
    assert len(unpriced) > 100
    assert [name for name in unpriced if list_price(name)] == []


def test_no_price_is_zero() -> None:
    prices = [price for name in CHAT if (price := list_price(name))]
    assert len(prices) > 2_000
    assert all(price.input > 0 and price.output > 0 and not price.free for price in prices)


def test_no_list_price_is_below_the_base_price() -> None:
    pairs = [(list_price(name), base_price(name)) for name in CHAT]
    assert all(top and base and top.input >= base.input and top.output >= base.output for top, base in pairs if top)


@pytest.mark.parametrize("name", ["gpt-5-mini", "openai/gpt-5-mini"])
def test_a_model_is_found_with_and_without_its_providers_prefix(name: str) -> None:
    assert base_price(name) is not None


def test_another_providers_prefix_does_not_lead_to_the_price() -> None:
    assert list_price("somebody/gpt-5-mini") is None


def test_an_unknown_model_has_no_price() -> None:
    assert list_price("openai/no-such-model") is None


def test_a_model_that_searches_by_itself_has_no_price() -> None:
    assert list_price("perplexity/sonar") is None


def test_a_model_that_only_embeds_has_no_price() -> None:
    assert list_price("text-embedding-3-small") is None


RATES = st.decimals(min_value="1e-12", max_value="1e-3", places=12)


def entry_of(**rates: object) -> dict[str, dict[str, object]]:
    return {"made/up": {"mode": "chat", "input_cost_per_token": 0, "output_cost_per_token": 0, **rates}}


@given(rates=st.lists(RATES, min_size=5, max_size=5))
def test_the_dearest_rate_is_the_price(rates: list[Decimal]) -> None:
    base, long, fast, cached, written = rates
    entries = entry_of(
        input_cost_per_token=base,
        input_cost_per_token_above_200k_tokens=long,
        input_cost_per_token_priority=fast,
        cache_creation_input_token_cost=cached,
        output_cost_per_token=written,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_prices, "table", lambda: entries)
        price = list_price("made/up")
    assert price is not None
    assert price.input == max(base, long, fast, cached) * 10**15
    assert price.output == written * 10**15


def test_tiers_and_regions_count_too(monkeypatch: pytest.MonkeyPatch) -> None:
    tiers = [{"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}, {"input_cost_per_token": 4e-6}]
    entries = entry_of(tiered_pricing=tiers, regional_processing_uplift_multiplier_eu=2)
    monkeypatch.setattr(_prices, "table", lambda: entries)
    price = list_price("made/up")
    assert price is not None
    assert price.input >= 8_000_000_000
    assert price.output >= 4_000_000_000
