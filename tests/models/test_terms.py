"""On what terms a model is called, and what a provider is told to keep."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from platos.config.settings import ProviderSettings
from platos.core.instant import HOUR, MINUTE, SECOND
from platos.core.money import Price, Rates
from platos.errors import ConfigurationError
from platos.models._messages import messages
from platos.models._providers import keeps_when_asked
from platos.models.litellm import Litellm
from platos.ports.model import ModelRequest, Terms
from platos.ports.part import Environment

CLAUDE = "anthropic/claude-haiku-4-5"


def terms(environment: Environment, name: str, *, providers: dict[str, Any] | None = None, **settings: Any) -> Terms:
    tables = {"models": {name: settings}, "providers": providers or {}}
    return Litellm(replace(environment, settings=tables)).terms(name)


PROVIDERS = {
    "openai/gpt-5-mini": "openai",
    "gpt-5-mini": "openai",
    "anthropic/claude-haiku-4-5": "anthropic",
    "claude-haiku-4-5": "anthropic",
    "gemini/gemini-2.5-flash": "gemini",
    "gemini-2.5-flash": "vertex_ai",
    "vertex_ai/gemini-2.5-flash": "vertex_ai",
    "ollama_chat/qwen3": "ollama",
    "of-my-own": "of-my-own",
}


@pytest.mark.parametrize(("name", "provider"), PROVIDERS.items())
def test_the_names_of_one_provider_count_against_the_same_limits(
    environment: Environment, name: str, provider: str
) -> None:
    assert terms(environment, name).provider == provider


def test_a_server_of_ones_own_counts_against_its_own_limits(environment: Environment) -> None:
    found = terms(environment, "openai/qwen3", api_base="https://models.example.org:8443/v1")
    assert found.provider == "models.example.org:8443"


def test_nothing_written_is_ten_minutes_and_eight_at_once(environment: Environment) -> None:
    assert terms(environment, CLAUDE) == Terms("anthropic", None, 10 * MINUTE, 8, None, 200_000)


@pytest.mark.parametrize(
    ("name", "settings", "window"),
    [
        (CLAUDE, {}, 200_000),
        ("of-my-own", {}, None),
        (CLAUDE, {"api_base": "http://127.0.0.1:1/v1"}, None),
        ("of-my-own", {"window": 8_000}, 8_000),
    ],
)
def test_a_window_is_written_or_listed_and_else_not_known(
    environment: Environment, name: str, settings: dict[str, Any], window: int | None
) -> None:
    assert terms(environment, name, **settings).window == window


@pytest.mark.parametrize("host", ["127.0.0.1:11434", "localhost:11434", "[::1]:11434", "127.8.8.8"])
def test_a_model_on_this_machine_has_time(environment: Environment, host: str) -> None:
    found = terms(environment, "openai/qwen3", api_base=f"http://{host}/v1")
    assert (found.first_token, found.total) == (10 * MINUTE, HOUR)


def test_ollama_is_on_this_machine(environment: Environment) -> None:
    assert terms(environment, "ollama/qwen3").total == HOUR


def test_what_is_written_wins(environment: Environment) -> None:
    providers = {"anthropic": {"concurrency": 2, "per_minute": 50}}
    found = terms(environment, CLAUDE, providers=providers, first_token="30s", timeout="5m", window=32_768)
    assert found == Terms("anthropic", 30 * SECOND, 5 * MINUTE, 2, 50, 32_768)


def test_settings_that_were_read_are_taken_as_they_are(environment: Environment) -> None:
    found = terms(environment, CLAUDE, providers={"anthropic": ProviderSettings(concurrency=3)})
    assert found.concurrency == 3


def test_a_mistake_names_the_provider_and_the_key(environment: Environment) -> None:
    with pytest.raises(ConfigurationError) as refused:
        terms(environment, CLAUDE, providers={"anthropic": {"concurrency": 0}})
    assert refused.value.where == 'providers."anthropic".concurrency'


@pytest.fixture
def long(question: ModelRequest) -> ModelRequest:
    return msgspec.structs.replace(question, model=CLAUDE, instructions="Tell me about it. " * 2_000)


def test_what_is_long_enough_is_kept_where_the_provider_wants_to_be_asked(long: ModelRequest) -> None:
    assert keeps_when_asked(long)


def test_what_is_short_is_not_kept(question: ModelRequest) -> None:
    assert not keeps_when_asked(msgspec.structs.replace(question, model=CLAUDE))


def test_a_provider_that_keeps_by_itself_is_asked_for_nothing(long: ModelRequest) -> None:
    assert not keeps_when_asked(msgspec.structs.replace(long, model="openai/gpt-5-mini"))


def test_only_the_fixed_part_is_marked_to_be_kept(long: ModelRequest) -> None:
    plain, kept = messages(long), messages(long, keep=True)
    [block] = kept[0]["content"]
    assert block == {"type": "text", "text": plain[0]["content"], "cache_control": {"type": "ephemeral"}}
    assert kept[1] == plain[1]


def test_the_fixed_part_is_the_same_in_every_question_of_a_kind(question: ModelRequest) -> None:
    other = msgspec.structs.replace(question, documents=(), repair="once more")
    assert messages(other)[0] == messages(question)[0]


def price(environment: Environment, **settings: Any) -> Price | None:
    return Litellm(replace(environment, settings={"models": {"gpt-6-luna": settings}})).price("gpt-6-luna")


def test_a_class_without_a_price_of_its_own_costs_what_its_side_costs(environment: Environment) -> None:
    found = price(environment, input_per_million=1, output_per_million=4)
    assert found == Price.flat(input=10**9, output=4 * 10**9, source="platos.toml")


def test_each_class_can_have_a_price_of_its_own(environment: Environment) -> None:
    names = Rates.__struct_fields__
    found = price(environment, **{f"{name}_per_million": number for number, name in enumerate(names, 1)})
    assert found is not None
    assert found.bands[0].rates == Rates(**{name: number * 10**9 for number, name in enumerate(names, 1)})


def test_what_is_stored_for_long_costs_no_less_than_what_is_stored(environment: Environment) -> None:
    found = price(environment, input_per_million=1, output_per_million=4, stored_per_million=2)
    assert found is not None
    assert found.bands[0].rates.stored_long == 2 * 10**9


def test_a_user_who_is_in_no_region_writes_so(environment: Environment) -> None:
    dear, plain = price(environment), price(environment, uplift=1)
    assert dear is not None
    assert plain is not None
    assert dear.bands[0].rates.input > plain.bands[0].rates.input
