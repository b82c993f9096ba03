"""List prices: every band that can apply, exact, and never a guess."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.money import Rates, Usage, charge_for, dearest, rates_for, worst_case
from platos.models._bands import bands_of
from platos.models._prices import base_price, list_price, table

TALKS = sorted(name for name, entry in table().items() if entry.get("mode") in ("chat", "completion", "responses"))
LONG = 10**9

Entry = dict[str, object]


def bands(entry: Entry, uplift: Fraction = Fraction(1)) -> dict[tuple[str, int], Rates]:
    return {(band.service, band.above): band.rates for band in bands_of(entry, uplift)}


def unpriced(entry: Entry) -> bool:
    """By the table's own words: nothing, or nothing but zero, for what goes in or for what comes out."""
    tiers = entry.get("tiered_pricing")
    stated = [entry, *(tiers if isinstance(tiers, list) else [])]
    return not all(any(each.get(key) for each in stated) for key in ("input_cost_per_token", "output_cost_per_token"))


def test_every_model_without_a_price_or_with_one_of_zero_is_refused() -> None:
    refused = [name for name in TALKS if unpriced(table()[name])]
    assert len(refused) > 150
    assert [name for name in refused if list_price(name)] == []


def test_every_other_model_has_a_rate_for_each_class_and_no_rate_is_above_the_dearest() -> None:
    prices = [price for name in TALKS if (price := list_price(name))]
    assert len(prices) > 2_900
    for price in prices:
        highest = msgspec.structs.astuple(dearest(price, LONG))
        for band in price.bands:
            rates = msgspec.structs.astuple(band.rates)
            assert not price.free
            assert min(rates) > 0
            assert all(rate <= top for rate, top in zip(rates, highest, strict=True))


def test_few_models_that_have_a_price_are_refused() -> None:
    """Those that search by themselves, make more than text, or charge for requests and characters."""
    refused = [name for name in TALKS if not unpriced(table()[name]) and list_price(name) is None]
    assert len(refused) < 60, refused


@pytest.mark.parametrize(
    "name", ["openai/no-such-model", "no-such-model", "gpt-5-mini-of-mine", "", "/", "sample_spec"]
)
def test_a_made_up_name_has_no_price(name: str) -> None:
    assert list_price(name) is None


@pytest.mark.parametrize("name", ["gpt-5-mini", "openai/gpt-5-mini"])
def test_a_model_is_found_with_and_without_its_providers_prefix(name: str) -> None:
    assert base_price(name) is not None


def test_another_providers_prefix_does_not_lead_to_the_price() -> None:
    assert list_price("somebody/gpt-5-mini") is None


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("perplexity/sonar", id="searches by itself"),
        pytest.param("perplexity/pplx-70b-online", id="is paid by the request"),
        pytest.param("gpt-audio", id="speaks"),
        pytest.param("text-embedding-3-small", id="only embeds"),
    ],
)
def test_a_model_that_tokens_of_text_do_not_bound_has_no_price(name: str) -> None:
    assert list_price(name) is None


def test_a_table_from_elsewhere_changes_nothing(tmp_path: Path) -> None:
    """Neither where litellm would fetch its table, nor what it has in memory, nor a file in the current folder."""
    (tmp_path / "model_prices_and_context_window_backup.json").write_text("{}")
    code = (
        "import sys, types; fake = types.ModuleType('litellm'); fake.model_cost = {}; "
        "from platos.models._prices import list_price; before = list_price('gpt-5-mini'); list_price.cache_clear(); "
        "sys.modules['litellm'] = fake; assert list_price('gpt-5-mini') == before; print(before)"
    )
    environ = {**os.environ, "LITELLM_MODEL_COST_MAP_URL": "http://127.0.0.1:1/free.json", "LITELLM_MODE": "DEV"}
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert (ran.stdout.strip(), ran.stderr) == (str(list_price("gpt-5-mini")), "")


RATES = st.decimals(min_value="1e-12", max_value="1e-3", places=12)


@given(rates=st.lists(RATES, min_size=7, max_size=7))
def test_a_rate_is_what_the_list_says_to_the_nano_dollar(rates: list[Decimal]) -> None:
    read, cached, stored, hour, written, thought, long = rates
    entry: Entry = {
        "input_cost_per_token": read,
        "cache_read_input_token_cost": cached,
        "cache_creation_input_token_cost": stored,
        "cache_creation_input_token_cost_above_1hr": hour,
        "output_cost_per_token": written,
        "output_cost_per_reasoning_token": thought,
        "input_cost_per_token_above_200k_tokens": long,
    }
    usual = Rates(**{name: int(rate * 10**15) for name, rate in zip(Rates.__struct_fields__, rates, strict=False)})
    assert bands(entry)["", 0] == usual
    assert bands(entry)["", 200_000].input == long * 10**15


PLAIN: Entry = {"input_cost_per_token": Decimal("1e-6"), "output_cost_per_token": Decimal("4e-6")}


def test_a_class_without_a_rate_costs_what_its_like_costs() -> None:
    assert bands(PLAIN) == {
        ("", 0): Rates(
            input=10**9, cached=10**9, stored=10**9, stored_long=10**9, output=4 * 10**9, reasoning=4 * 10**9
        )
    }


def test_a_rate_of_zero_for_what_is_kept_is_not_taken_for_free() -> None:
    entry = {**PLAIN, "cache_read_input_token_cost": 0, "cache_creation_input_token_cost": Decimal(0)}
    assert bands(entry) == bands(PLAIN)


@pytest.mark.parametrize("key", ["input_cost_per_token", "output_cost_per_token_priority", "input_cost_per_token_flex"])
def test_a_price_of_zero_in_any_band_is_a_refusal(key: str) -> None:
    assert bands({**PLAIN, key: 0}) == {}


@pytest.mark.parametrize("key", ["input_cost_per_token_batches", "output_cost_per_token_decisions"])
def test_ways_to_ask_that_are_never_used_are_no_bands(key: str) -> None:
    assert bands({**PLAIN, key: 0}) == bands(PLAIN)


def test_a_cheaper_price_off_peak_is_left_out() -> None:
    assert bands({**PLAIN, "off_peak_pricing": {"input_cost_per_token": 1e-9}}) == bands(PLAIN)


def test_a_rate_whose_name_is_not_understood_is_a_refusal() -> None:
    assert bands({**PLAIN, "input_cost_per_token_above_1m_tokens": Decimal(1)}) == {}


def test_a_long_input_and_a_service_tier_have_rates_of_their_own() -> None:
    entry = {
        **PLAIN,
        "input_cost_per_token_above_272k_tokens": Decimal("2e-6"),
        "input_cost_per_token_priority": Decimal("3e-6"),
        "input_cost_per_token_flex": Decimal("5e-7"),
    }
    found = {place: rates.input / 10**9 for place, rates in bands(entry).items()}
    assert found == {
        ("", 0): 1,
        ("", 272_000): 2,
        ("flex", 0): 0.5,
        ("flex", 272_000): 2,  # the list does not say, so it is the dearest that it can be
        ("priority", 0): 3,
        ("priority", 272_000): 3,
    }


def test_what_is_dearer_by_a_factor_is_so_in_every_band() -> None:
    entry = {
        **PLAIN,
        "cache_creation_input_token_cost": Decimal("1.25e-6"),
        "input_cost_per_token_priority": Decimal("2e-6"),
    }
    assert bands(entry)["priority", 0].stored == 2_500_000_000


def test_tiers_of_input_are_bands() -> None:
    tiers = [{**PLAIN, "range": [0, 1_000]}, {"input_cost_per_token": Decimal("2e-6"), "range": [1_000, 9_000]}]
    found = bands({"tiered_pricing": tiers})
    assert {place: rates.input for place, rates in found.items()} == {("", 0): 10**9, ("", 1_000): 2 * 10**9}


def test_a_threshold_that_is_dear_itself_is_met_one_token_earlier() -> None:
    dear = {"input_cost_per_token_above_200k_tokens": Decimal("2e-6")}
    assert ("", 199_999) in bands({**PLAIN, **dear, "litellm_provider": "xai"})
    assert ("", 200_000) in bands({**PLAIN, **dear, "litellm_provider": "google"})


def test_a_region_that_the_list_names_raises_the_price_and_the_source_says_so() -> None:
    dear, plain = list_price("gpt-6-luna"), list_price("gpt-6-luna", Decimal(1))
    assert dear is not None
    assert plain is not None
    assert dear.bands[0].rates.input * 10 == plain.bands[0].rates.input * 11
    assert dear.source == f"{plain.source}, times 1.1 for a region"


def test_a_rate_is_never_rounded_down() -> None:
    third = bands(PLAIN, Fraction(1, 3))["", 0]
    assert (third.input, third.output) == (333_333_334, 1_333_333_334)


@given(
    name=st.sampled_from(
        ["gpt-6-luna", "claude-haiku-5-5", "gemini/gemini-2.5-pro", "dashscope/qwen-flash", "gpt-5-mini"]
    ),
    read=st.integers(0, 400_000),
    share=st.floats(0, 1),
    written=st.integers(0, 10_000),
    service=st.sampled_from(["", "flex", "priority", "never heard of"]),
)
def test_no_charge_is_above_the_worst_case(name: str, read: int, share: float, written: int, service: str) -> None:
    price = list_price(name)
    assert price is not None
    usage = Usage(cached=int(read * share), stored=read - int(read * share), output=written)
    assert charge_for(price, usage, service) <= worst_case(price, read, written)


def test_a_tier_that_is_not_listed_costs_the_usual_price() -> None:
    price = list_price("gpt-5-mini")
    assert price is not None
    assert rates_for(price, 10, "scale") == price.bands[0].rates


def test_the_base_price_is_the_usual_one_for_short_inputs() -> None:
    price, base = list_price("gpt-6-luna", Decimal(1)), base_price("gpt-6-luna")
    assert price is not None
    assert base is not None
    assert (base.bands[0].rates.input, base.source) == (price.bands[0].rates.input, price.source)
