"""The body of an answer: read up to a limit, unpacked up to the same limit, and whole or not at all."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple

from platos.errors import Broken, Failure, Unavailable

if TYPE_CHECKING:
    from httpx2 import Response

__all__ = ["Body", "received", "too_large", "unpacked"]

_GZIP = {"gzip", "x-gzip"}
_MAGIC = b"\x1f\x8b"
_WITH_HEADER = 31


class Body(NamedTuple):
    """A body as it was sent: `data`, gzipped or not."""

    data: bytes
    gzipped: bool = False


async def received(response: Response, where: str, most_bytes: int) -> Body:
    """The body of a response that is being streamed. Raises Broken where it is too large, or strangely packed."""
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {*_GZIP, "identity", ""}:
        raise Broken(
            "the answer is packed in a way that was not asked for", where=where, expected="gzip, or not packed"
        )
    data = bytearray()
    async for chunk in response.aiter_raw():
        data += chunk
        if len(data) > most_bytes:
            raise too_large(where, most_bytes)
    return Body(bytes(data), coding in _GZIP)


def unpacked(body: Body, where: str, most_bytes: int) -> bytes:
    """The content. Blocking, and never more than `most_bytes`, however much was packed into the body.

    Raises Broken where it is larger, and Unavailable where it breaks off.
    """
    if not body.gzipped:
        return body.data
    content, rest = bytearray(), body.data
    while rest.startswith(_MAGIC) or not content:
        member = zlib.decompressobj(_WITH_HEADER)
        try:
            content += member.decompress(rest, most_bytes + 1 - len(content))
        except zlib.error:
            raise _not_whole(where) from None
        if len(content) > most_bytes:
            raise too_large(where, most_bytes)
        if not member.eof:
            raise _not_whole(where)
        rest = member.unused_data
        if not rest:
            break
    return bytes(content)


def too_large(where: str, most_bytes: int) -> Failure:
    """It has more than `most_bytes`."""
    return Broken(
        f"there is more than {most_bytes:,} bytes of it",
        where=where,
        expected="what `most_bytes` allows, once it is unpacked",
        hint="ask for less, or raise `most_bytes` in the specialist's sources",
    )


def _not_whole(where: str) -> Failure:
    return Unavailable("the packed answer is damaged, or breaks off", where=where, sent=True)
