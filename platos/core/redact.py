"""What must not be kept: keys and tokens of people, wherever they stand in a text."""

from __future__ import annotations

import re
from collections.abc import Collection

__all__ = ["MARK", "redact"]

MARK = "[redacted]"

_SECRETS = re.compile(
    r"""
    -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY(?:[ ]BLOCK)?-----.*?(?:-----END[ ][A-Z ]*PRIVATE[ ]KEY(?:[ ]BLOCK)?-----|\Z)
    | \b(?:sk|pk|rk)[-_](?:ant-|proj-|live_|test_)?[A-Za-z0-9_-]{16,}
    | \b(?:gsk_|hf_|xai-|pplx-|r8_)[A-Za-z0-9]{20,}
    | \bgh[pousr]_[A-Za-z0-9]{20,} | \bgithub_pat_[A-Za-z0-9_]{20,} | \bglpat-[A-Za-z0-9_-]{16,}
    | \bxox[abprs]-[A-Za-z0-9-]{10,} | \bA(?:KIA|SIA)[0-9A-Z]{16}\b | \bAIza[0-9A-Za-z_-]{30,}
    | \beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}
    | (?<=[Bb]earer[ ])[A-Za-z0-9._~+/-]{16,}=*
    | (?<=://)[^\s/:@]*:[^\s/@]+(?=@)
    """,
    re.VERBOSE | re.DOTALL,
)
"""Forms of keys that their issuers document: private keys (also where the text ends within one), model and payment
providers, code hosts, chat, clouds, JSON web tokens, bearer tokens, and passwords in addresses."""

_SIGNS = (
    *("PRIVATE KEY", "://", "earer ", "eyJ", "AKIA", "ASIA", "AIza", "github_pat_", "glpat-"),
    *("gsk_", "hf_", "xai-", "pplx-", "r8_"),
    *(f"{kind}k{end}" for kind in "spr" for end in "-_"),
    *(f"gh{kind}_" for kind in "pousr"),
    *(f"xox{kind}-" for kind in "abprs"),
)
"""What no secret of these forms is without: a text that has none of them need not be looked through."""

_SHORTEST = 6
"""A known secret that is shorter is no secret, and would be found everywhere."""


def redact(text: str, known: Collection[str] = ()) -> str:
    """The text with `[redacted]` in the place of every secret that is known, or has the form of one."""
    for secret in sorted(known, key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, MARK)
    return _SECRETS.sub(MARK, text) if any(sign in text for sign in _SIGNS) else text
