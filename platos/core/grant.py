"""Grants: who may answer one gate, by a link, until when. A token is a grant with the signature of the workspace.

The signature is HMAC-SHA256 (RFC 2104) over the very text of the grant, so that there is one token for one grant. A
token is of one request: where the gate shows another, it is refused. It is used up by the answer, whoever gives it, for
after that the gate is not open.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

import msgspec

from platos.core.instant import Instant
from platos.errors import PermissionDenied

__all__ = ["Grant", "read_grant", "sign"]

_PURPOSE = b"platos approval 1\n"
"""What the key signs is never taken for something else that it may sign one day."""

_LONGEST = 1_000


class Grant(msgspec.Struct, frozen=True, array_like=True):
    """A person may answer a gate that shows the request of this digest, until it expires."""

    gate: int
    digest: str
    person: str
    expires: Instant


_decode = msgspec.json.Decoder(Grant).decode


def sign(key: bytes, grant: Grant) -> str:
    """The token of a grant: letters, digits, `-`, `_` and one dot."""
    text = urlsafe_b64encode(msgspec.json.encode(grant)).decode().rstrip("=")
    return f"{text}.{_signature(key, text)}"


def read_grant(key: bytes, token: str, now: Instant) -> Grant:
    """What a token grants. Raises PermissionDenied where the workspace has not signed it, or its time is over."""
    text, _, signature = token.partition(".")
    known = len(token) <= _LONGEST and token.isascii()
    if not known or not hmac.compare_digest(signature.encode(), _signature(key, text).encode()):
        raise PermissionDenied("this link is not one that was sent", hint="open it as it was sent, or: platos inbox")
    try:
        grant = _decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except msgspec.DecodeError:
        raise PermissionDenied("this link is of another version of Platos", hint="platos inbox") from None
    if now >= grant.expires:
        raise PermissionDenied("the time of this link is over", where=f"g{grant.gate}", hint="platos inbox")
    return grant


def _signature(key: bytes, text: str) -> str:
    return hmac.new(key, _PURPOSE + text.encode(), sha256).hexdigest()
