"""As much of HTTP/1.1 as a small server on the event loop needs: one request a connection, and all of it bounded."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

import anyio
from anyio.abc import SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

__all__ = ["GONE", "Refused", "Request", "Response", "read_request"]

_LONGEST_HEAD = 8_192
_LONGEST_BODY = 16_384

GONE = (anyio.BrokenResourceError, anyio.EndOfStream, anyio.IncompleteRead, anyio.ClosedResourceError)
"""Whoever asked is not there any more."""


class Request(NamedTuple):
    """A request: the header names are in small letters."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Response(NamedTuple):
    """An answer. `headers` are those beside the type and the length."""

    status: HTTPStatus
    body: bytes
    kind: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()

    def encode(self, *, head_only: bool = False) -> bytes:
        fields = [("Content-Type", self.kind), ("Content-Length", str(len(self.body))), *self.headers]
        lines = [f"HTTP/1.1 {self.status.value} {self.status.phrase}", *(f"{name}: {value}" for name, value in fields)]
        head = "\r\n".join([*lines, "Connection: close", "", ""]).encode()
        return head if head_only else head + self.body


class Refused(Exception):
    """What cannot be read as a request, and what it is answered with."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


async def read_request(stream: SocketStream) -> Request:
    """The request on a connection. Raises Refused, or what `GONE` has."""
    buffered = BufferedByteReceiveStream(stream)
    try:
        head = await buffered.receive_until(b"\r\n\r\n", _LONGEST_HEAD)
    except anyio.DelimiterNotFound:
        raise Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE) from None
    method, target, headers = _parse(head)
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers:
        raise Refused(HTTPStatus.LENGTH_REQUIRED)
    if not (length.isascii() and length.isdigit() and len(length) < 10):
        raise Refused(HTTPStatus.BAD_REQUEST)
    if int(length) > _LONGEST_BODY:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    body = await buffered.receive_exactly(int(length)) if int(length) else b""
    path, _, query = target.partition("?")
    return Request(method, path, query, headers, body)


def _parse(head: bytes) -> tuple[str, str, dict[str, str]]:
    """Method, target and headers. One header that is there twice is refused: which would hold?"""
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[1].startswith("/"):
        raise Refused(HTTPStatus.BAD_REQUEST)
    headers: dict[str, str] = {}
    for line in lines:
        name, sign, value = line.partition(":")
        if not sign or not name or name != name.strip():
            raise Refused(HTTPStatus.BAD_REQUEST)
        if name.lower() in ("host", "content-length", "content-type") and name.lower() in headers:
            raise Refused(HTTPStatus.BAD_REQUEST)
        headers[name.lower()] = value.strip()
    return words[0], words[1], headers
