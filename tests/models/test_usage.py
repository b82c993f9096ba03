"""Tokens by class: each in one, and none lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.money import Usage
from platos.models._usage import usage_of

COUNTS = st.integers(0, 10_000)


def usage(counted: dict[str, Any], text: str = "{}") -> Usage:
    return usage_of(counted, input_bound=5_000, max_output=700, text=text)


FORMS: dict[str, tuple[dict[str, Any], Usage]] = {
    "OpenAI": (
        {
            "prompt_tokens": 100,
            "completion_tokens": 50,
            "total_tokens": 150,
            "prompt_tokens_details": {"cached_tokens": 64, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 40},
        },
        Usage(input=36, cached=64, output=10, reasoning=40),
    ),
    "Anthropic, as litellm gives it": (
        {
            "prompt_tokens": 100,
            "completion_tokens": 50,
            "total_tokens": 150,
            "prompt_tokens_details": {
                "cached_tokens": 30,
                "cache_creation_tokens": 60,
                "cache_creation_token_details": {"ephemeral_5m_input_tokens": 40, "ephemeral_1h_input_tokens": 20},
            },
            "cache_creation_input_tokens": 60,
            "cache_read_input_tokens": 30,
        },
        Usage(input=10, cached=30, stored=40, stored_long=20, output=50),
    ),
    "thoughts outside the completion": (
        {
            "prompt_tokens": 100,
            "completion_tokens": 10,
            "total_tokens": 150,
            "completion_tokens_details": {"reasoning_tokens": 40},
        },
        Usage(input=100, output=10, reasoning=40),
    ),
    "cached tokens outside the prompt": (
        {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 90}},
        Usage(input=10, cached=90, output=5),
    ),
    "details that are null": (
        {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": None, "completion_tokens_details": None},
        Usage(input=10, output=5),
    ),
    "counts that are none": ({"prompt_tokens": "10", "completion_tokens": -5}, Usage(input=5_000, output=700)),
    "nothing": ({}, Usage(input=5_000, output=700)),
}


@pytest.mark.parametrize(("counted", "expected"), FORMS.values(), ids=FORMS)
def test_a_token_is_in_one_class(counted: dict[str, Any], expected: Usage) -> None:
    assert usage(counted) == expected


def test_an_empty_answer_that_was_counted_came_to_nothing() -> None:
    assert usage({"prompt_tokens": 10, "completion_tokens": 0}, text="") == Usage(input=10)


def test_an_empty_answer_that_was_not_counted_may_have_cost_everything() -> None:
    assert usage({}, text="").written == 700


@given(read=COUNTS, cached=COUNTS, stored=COUNTS, hour=COUNTS, written=COUNTS, thought=COUNTS)
def test_no_token_is_lost_or_negative(
    read: int, cached: int, stored: int, hour: int, written: int, thought: int
) -> None:
    kept = {"cached_tokens": cached, "cache_creation_tokens": stored}
    details = {**kept, "cache_creation_token_details": {"ephemeral_1h_input_tokens": hour}}
    counted = {"prompt_tokens": read, "completion_tokens": written, "prompt_tokens_details": details}
    found = usage({**counted, "completion_tokens_details": {"reasoning_tokens": thought}})
    assert found.read >= read
    assert found.written >= written
    assert min(found.input, found.cached, found.stored, found.stored_long, found.output, found.reasoning) >= 0


def test_what_litellm_makes_of_anthropics_count_is_read_by_class() -> None:
    """Its own counts do not overlap: litellm adds what was kept to the prompt, and it is taken out again here."""
    from litellm.llms.anthropic.chat.transformation import AnthropicConfig

    told = {
        "input_tokens": 10,
        "cache_read_input_tokens": 30,
        "cache_creation_input_tokens": 60,
        "cache_creation": {"ephemeral_5m_input_tokens": 40, "ephemeral_1h_input_tokens": 20},
        "output_tokens": 50,
    }
    counted = AnthropicConfig().calculate_usage(told, reasoning_content=None).model_dump()
    assert usage(counted) == Usage(input=10, cached=30, stored=40, stored_long=20, output=50)


def test_what_litellm_makes_of_geminis_count_is_read_by_class() -> None:
    """Its thoughts are not among its candidates."""
    from litellm.llms.vertex_ai.gemini.vertex_and_google_ai_studio_gemini import VertexGeminiConfig

    told = {
        "promptTokenCount": 100,
        "cachedContentTokenCount": 64,
        "candidatesTokenCount": 10,
        "thoughtsTokenCount": 40,
        "totalTokenCount": 150,
    }
    counted = VertexGeminiConfig._calculate_usage({"usageMetadata": told}).model_dump()
    assert usage(counted) == Usage(input=36, cached=64, output=10, reasoning=40)
