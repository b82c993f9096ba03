"""An MCP server over HTTP: the SDK's transport, on a client that bounds what comes and remembers what failed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx2

from platos.errors import AuthFailed, Failure, RateLimited, TimedOut, Unavailable
from platos.tools._mcp_wire import Wire

__all__ = ["over_http"]

_CONNECT = 10.0
_UNREACHED = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
_REFUSED: dict[int, type[Failure]] = {401: AuthFailed, 403: AuthFailed, 429: RateLimited}


@asynccontextmanager
async def over_http(
    wire: Wire, url: str, headers: Mapping[str, str], seconds: float, most_bytes: int
) -> AsyncIterator[Any]:
    """A transport for the SDK. The headers go to the URL's own origin only, for it follows redirects nowhere else."""
    from mcp.client.streamable_http import streamable_http_client

    client = httpx2.AsyncClient(
        transport=_Watched(wire, seconds),
        headers={**headers, "Accept-Encoding": "identity"},
        timeout=httpx2.Timeout(seconds, connect=min(seconds, _CONNECT)),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        trust_env=False,
    )
    async with client, streamable_http_client(url, http_client=client, max_sse_event_size=most_bytes) as streams:
        yield streams


class _Watched(httpx2.AsyncBaseTransport):
    """A transport that tells the wire what comes, and what does not."""

    def __init__(self, wire: Wire, seconds: float) -> None:
        self._wire, self._seconds = wire, seconds
        self._inner = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            response = await self._inner.handle_async_request(request)
        except httpx2.TransportError as error:
            if request.method == "POST":
                self._note(error)
            raise
        if request.method == "POST":
            self._note_status(response.status_code)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Bounded(self._wire, response.stream)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.stream.aclose()
            self._wire.fail("it packs its answers, and how large they are cannot be known")
            raise httpx2.ReadError("packed, though it was asked not to")
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _note(self, error: httpx2.TransportError) -> None:
        unreached = isinstance(error, _UNREACHED)
        kind = TimedOut if isinstance(error, httpx2.TimeoutException) else Unavailable
        what = "the server cannot be reached" if unreached else f"the line broke: {type(error).__name__}"
        self._wire.failure = kind(what, where=self._wire.server, hint="is it up?", sent=not unreached)

    def _note_status(self, status: int) -> None:
        """A refusal may be the reason for what comes next; it is not one for what comes after a success."""
        if status in _REFUSED:
            what = f"the server refuses with status {status}"
            self._wire.failure = _REFUSED[status](what, where=self._wire.server, hint="look at its headers", sent=True)
        elif status < 300:
            self._wire.failure = None


class _Bounded(httpx2.AsyncByteStream):
    """A body of which no more comes than the wire takes."""

    def __init__(self, wire: Wire, inner: httpx2.AsyncByteStream) -> None:
        self._wire, self._inner = wire, inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            if not self._wire.take(len(chunk)):
                raise httpx2.ReadError("too much came")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()
