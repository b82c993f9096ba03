"""How many tokens a request's input can come to at most: fast, offline, and never too low."""

from __future__ import annotations

import json

from platos.models._messages import changing_part, fixed_part, response_format
from platos.ports.model import ModelRequest

__all__ = ["input_bound"]

_OVERHEAD = 2_000
"""Tokens for what a provider itself wraps around messages and a schema; more than any of them is known to use."""


def input_bound(request: ModelRequest) -> int:
    """An upper bound on the input's tokens: a token is at least one byte of what is sent."""
    sent = [fixed_part(request), changing_part(request), json.dumps(response_format(request))]
    return sum(len(text.encode(errors="surrogatepass")) for text in sent) + _OVERHEAD
