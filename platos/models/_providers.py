"""Whose model a name means, and what that provider wants to be told."""

from __future__ import annotations

from platos.models._messages import fixed_part
from platos.models._prices import listed_mode, listed_provider, table
from platos.ports.model import ModelRequest

__all__ = ["asks_openai", "keeps_when_asked", "provider_of"]

_ONE = {
    "ollama_chat": "ollama",
    "bedrock_converse": "bedrock",
    "azure_text": "azure",
    "text-completion-openai": "openai",
}
"""Names of litellm's for ways to ask one provider."""

_VERTEX = "vertex_ai"
_LEAST_KEPT = 1_024
"""Tokens: providers keep nothing that is shorter, where the table does not say another number."""

_CHARS_A_TOKEN = 4


def provider_of(name: str) -> str:
    """The provider that a model's calls count against: the name's prefix, else the one that the price table has."""
    prefix, slash, _ = name.partition("/")
    provider = prefix if slash else listed_provider(name) or name
    return _VERTEX if provider.startswith(_VERTEX) else _ONE.get(provider, provider)


def asks_openai(name: str) -> bool:
    """Is it asked through OpenAI's chat completions, or a server that speaks them?"""
    return provider_of(name) == "openai" and listed_mode(name) != "responses"


def keeps_when_asked(request: ModelRequest) -> bool:
    """Does the provider keep the fixed part of the request for minutes, but only where it is asked to?

    Keeping costs more than reading once, so that it is asked only for what is long enough to be kept.
    """
    if provider_of(request.model) != "anthropic":
        return False
    least = table().get(request.model.removeprefix("anthropic/"), {}).get("prompt_cache_min_tokens", _LEAST_KEPT)
    return len(fixed_part(request)) >= int(least) * _CHARS_A_TOKEN
