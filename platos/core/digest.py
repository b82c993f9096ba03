"""Content digests: the same content has the same digest, on every machine and in every version."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec

__all__ = ["canonical", "digest", "digest_bytes"]

_encoder = msgspec.json.Encoder(order="deterministic")


def canonical(value: Any) -> bytes:
    """The one JSON form of a value: keys sorted, no spaces, UTF-8."""
    return _encoder.encode(value)


def digest_bytes(content: bytes) -> str:
    """SHA-256 in hex."""
    return sha256(content).hexdigest()


def digest(value: Any) -> str:
    """SHA-256 in hex of a value's canonical form."""
    return sha256(_encoder.encode(value)).hexdigest()
