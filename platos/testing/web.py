"""A web site on loopback, over real HTTP, with the faults that real ones have.

    with FakeSite(page(b"<rss/>", etag='"1"'), fails(503)) as site:     # or `async with`
        ...                                     # the part under test asks site.url
        assert len(site.requests) == 2

One turn answers one request; the last turn answers all that come after it. A page with validators answers 304 to a
request that has the same ones.
"""

from __future__ import annotations

import gzip
import socket
import socketserver
import struct
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat
from typing import Literal, cast

from platos.testing.loopback import Loopback

__all__ = [
    "FakeSite",
    "SiteRequest",
    "SiteTurn",
    "bomb",
    "cut",
    "drips",
    "fails",
    "floods",
    "hangs",
    "page",
    "redirects",
    "resets",
]

_CHUNK = 1_000_000


@dataclass(frozen=True)
class SiteRequest:
    """A request as it arrived."""

    path: str
    headers: Message
    method: str = "GET"
    body: bytes = b""


@dataclass(frozen=True)
class SiteTurn:
    """What the site does with one request. `length` is the Content-Length that it claims; None leaves it out."""

    status: int = 200
    body: Iterable[bytes] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    fault: Literal["", "hang", "reset", "drip"] = ""

    def is_known(self, asked: Message) -> bool:
        """Does the request have the page's validators?"""
        etag, modified = self.headers.get("ETag"), self.headers.get("Last-Modified")
        if etag and "If-None-Match" in asked:
            return asked["If-None-Match"] == etag
        return bool(modified) and asked["If-Modified-Since"] == modified


def page(
    body: bytes | str, *, type: str = "", etag: str = "", modified: str = "", packed: bool = False, honest: bool = True
) -> SiteTurn:
    """A page. `packed` sends it gzipped; without `honest` the server ends the connection to say where it ends."""
    data = body.encode() if isinstance(body, str) else body
    sent = gzip.compress(data) if packed else data
    encoding = "gzip" if packed else ""
    headers = {"Content-Type": type, "ETag": etag, "Last-Modified": modified, "Content-Encoding": encoding}
    return SiteTurn(body=[sent], headers=_present(headers), length=len(sent) if honest else None)


def fails(status: int, *, headers: Mapping[str, str] | None = None) -> SiteTurn:
    """An HTTP error."""
    return SiteTurn(status=status, body=[b"no"], headers=headers or {}, length=2)


def redirects(to: str, status: int = 302) -> SiteTurn:
    """To somewhere else."""
    return SiteTurn(status=status, headers={"Location": to}, length=0)


def hangs() -> SiteTurn:
    """The answer never comes."""
    return SiteTurn(fault="hang")


def resets() -> SiteTurn:
    """The connection is reset before anything is said."""
    return SiteTurn(fault="reset")


def cut(body: bytes | str, *, missing: int = 500, packed: bool = False) -> SiteTurn:
    """A page that ends before its Content-Length does; a `packed` one before its last bytes, with the length right."""
    whole = page(body, packed=packed)
    sent = b"".join(whole.body)
    if packed:
        return SiteTurn(body=[sent[:-8]], headers=whole.headers, length=len(sent) - 8)
    return SiteTurn(body=[sent], headers=whole.headers, length=len(sent) + missing)


def drips(body: bytes | str) -> SiteTurn:
    """A page that begins and then goes on for as long as the site is up."""
    return SiteTurn(body=page(body).body, fault="drip", length=10**9)


def bomb(size: int) -> SiteTurn:
    """`size` bytes of blanks, gzipped to a thousandth of it."""
    return page(b" " * size, packed=True)


def floods(head: bytes, size: int) -> SiteTurn:
    """`head`, and after it blanks to `size` bytes in all, made as they are sent."""
    return SiteTurn(body=_Flood(head, size), length=size)


@dataclass(frozen=True)
class _Flood:
    head: bytes
    size: int

    def __iter__(self) -> Iterator[bytes]:
        yield self.head
        whole, rest = divmod(self.size - len(self.head), _CHUNK)
        yield from repeat(b" " * _CHUNK, whole)
        yield b" " * rest


def _present(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if value}


class FakeSite(Loopback):
    """The server: `url` is its root, `requests` what came, `sent` how many bytes of bodies went out."""

    def __init__(self, *turns: SiteTurn) -> None:
        super().__init__()
        self._turns = list(turns) or [fails(404)]
        self._changed = threading.Condition()
        self.requests: list[SiteRequest] = []
        self.sent = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def serve(self, *turns: SiteTurn) -> None:
        """From now on, these turns."""
        with self._changed:
            self._turns = list(turns)

    def wait_for(self, count: int) -> None:
        """Wait until so many requests have come. Blocking."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.requests) >= count)

    def listen(self) -> socketserver.TCPServer:
        server = _Server(("127.0.0.1", 0), _Handler)
        server.site = self
        return server

    def take(self, request: SiteRequest) -> SiteTurn:
        """Count a request: its turn."""
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
            return self._turns.pop(0) if len(self._turns) > 1 else self._turns[0]

    def hold(self, seconds: float | None = None) -> bool:
        """Wait until the site is closed, or so long; whether it is closed."""
        return self.closing.wait(seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    site: FakeSite

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle of a body is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        site = cast(_Server, self.server).site
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        turn = site.take(SiteRequest(self.path, self.headers, self.command, body))
        if turn.fault == "hang":
            site.hold()
        elif turn.fault == "reset":
            self._reset()
        elif turn.is_known(self.headers):
            self._send(site, SiteTurn(304, headers=turn.headers))
        else:
            self._send(site, turn)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def _send(self, site: FakeSite, turn: SiteTurn) -> None:
        self.close_connection = turn.status != 304
        self.send_response_only(turn.status)
        length = {} if turn.length is None else {"Content-Length": str(turn.length)}
        for name, value in {**turn.headers, **length}.items():
            self.send_header(name, value)
        self.end_headers()
        for chunk in turn.body:
            self.wfile.write(chunk)
            site.sent += len(chunk)
        while turn.fault == "drip" and not site.hold(0.01):
            self.wfile.write(b" ")

    def _reset(self) -> None:
        """Close with what TCP has for a slammed door."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """A test's output is no place for an access log."""
