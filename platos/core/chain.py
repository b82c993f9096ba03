"""Hash chains: each entry of the journal carries the digest of all that came before it in its chain."""

from __future__ import annotations

from hashlib import sha256

__all__ = ["GENESIS", "link"]

GENESIS = bytes(32)
"""The digest before the first entry."""


def link(before: bytes, body: bytes) -> bytes:
    """The digest after an entry: SHA-256 over the digest before it and its body."""
    return sha256(before + body).digest()
