"""The tokens of a reply by class, out of what the provider counted, in the form that litellm gives all of them.

There the cached and stored tokens are among the prompt's, and the reasoning is among the completion's. A token belongs
to one class here. What cannot be a count is taken for missing; where a provider's total is higher than its parts, the
rest came out: some leave the reasoning out of the completion.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from platos.core.money import Usage

__all__ = ["usage_of"]


def usage_of(counted: Mapping[str, Any], *, input_bound: int, max_output: int, text: str) -> Usage:
    """The usage of a reply of that text. What is not counted is taken as the most that it can be."""
    read = _count(counted, "prompt_tokens") or input_bound
    written = max(_count(counted, "completion_tokens"), _count(counted, "total_tokens") - read)
    if not written and (text or not counted):
        written = max_output
    details = _details(counted, "completion_tokens_details")
    reasoning = min(_count(details, "reasoning_tokens"), written)
    cached, stored, stored_long = _kept(counted)
    fresh = read - cached - stored - stored_long
    return Usage(
        input=fresh if fresh >= 0 else read,
        cached=cached,
        stored=stored,
        stored_long=stored_long,
        output=written - reasoning,
        reasoning=reasoning,
    )


def _kept(counted: Mapping[str, Any]) -> tuple[int, int, int]:
    """Tokens that were read from the provider's cache, stored there for minutes, and for an hour."""
    details = _details(counted, "prompt_tokens_details")
    stored = _count(details, "cache_creation_tokens") or _count(counted, "cache_creation_input_tokens")
    stored_long = _count(_details(details, "cache_creation_token_details"), "ephemeral_1h_input_tokens")
    cached = _count(details, "cached_tokens") or _count(counted, "cache_read_input_tokens")
    return cached, max(stored - stored_long, 0), stored_long


def _details(counted: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = counted.get(name)
    return found if isinstance(found, Mapping) else {}


def _count(counted: Mapping[str, Any], name: str) -> int:
    found = counted.get(name)
    return found if isinstance(found, int) and found > 0 else 0
