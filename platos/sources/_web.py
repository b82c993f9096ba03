"""HTTP for sources: one client for all of them, which asks politely and never takes half an answer for a whole one."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakValueDictionary

import anyio
from anyio.lowlevel import RunVar

from platos import __version__
from platos.errors import Broken
from platos.ports.offload import Offload
from platos.sources._web_body import Body, received
from platos.sources._web_failures import failure_of, refusal, shown

if TYPE_CHECKING:
    from httpx2 import URL, AsyncClient, Response

__all__ = ["Answer", "Ask", "Web", "shared_web"]

CONNECT = 10.0
WHOLE = 60.0
"""Seconds that a request may take to connect, and from its turn at the host to the last byte."""

_AT_ONCE = 4
_CONNECTIONS = 40
_KEPT = 0
"""Idle connections: polls are minutes apart, and by then a server has hung up on one, or is just doing so."""

_MOST_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
_FOR_GOOD = {301, 308}
_MOST_VALIDATOR = 1_000
_HEADERS = {"User-Agent": f"platos/{__version__}", "Accept-Encoding": "gzip"}


class Ask(NamedTuple):
    """A question: an address, the owner's headers, the validators of the last answer, and the largest body wanted.

    The headers may hold secrets: they go to the address's own origin and to no other that it redirects to.
    """

    address: str
    headers: Mapping[str, str]
    validators: Mapping[str, str]
    most_bytes: int


class Answer(NamedTuple):
    """What came back. `body` is None where nothing has changed since the validators.

    `moved` is the new address, where the server says that the one that was asked is given up for good.
    """

    body: Body | None
    etag: str = ""
    modified: str = ""
    charset: str = ""
    moved: str = ""


class _Redirect(NamedTuple):
    to: URL
    for_good: bool


class Web:
    """The client that the sources of one event loop share: bounded connections, at most four requests at once a host.

    It opens when it is first used, takes no cookies, and follows redirects itself. Once closed, it opens anew.
    """

    def __init__(self) -> None:
        self._client: AsyncClient | None = None
        self._opening = anyio.Lock()
        self._hosts: WeakValueDictionary[str, anyio.Semaphore] = WeakValueDictionary()

    async def get(self, ask: Ask, offload: Offload) -> Answer:
        """The answer, from wherever the address redirects to. Raises a Failure that names the address."""
        client = await self._open(offload)
        address = start = _url(ask.address)
        moved, for_good = "", True
        for _ in range(_MOST_REDIRECTS + 1):
            own = ask.headers if _origin(address) == _origin(start) else {}
            found = await self._once(client, ask, address, own)
            if isinstance(found, Answer):
                return found._replace(moved=moved)
            address, for_good = found.to, for_good and found.for_good
            moved = shown(address) if for_good else moved
        raise Broken(
            f"it redirects more than {_MOST_REDIRECTS} times",
            where=ask.address,
            hint="write the address it should end at",
        )

    async def close(self) -> None:
        """Give the connections back."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _open(self, offload: Offload) -> AsyncClient:
        async with self._opening:
            if self._client is None:
                self._client = await offload(_new_client)
            return self._client

    async def _once(self, client: AsyncClient, ask: Ask, address: URL, own: Mapping[str, str]) -> Answer | _Redirect:
        import httpx2

        headers = httpx2.Headers({**_HEADERS, **ask.validators})
        headers.update(own)
        turn = self._hosts.setdefault(address.host, anyio.Semaphore(_AT_ONCE))
        async with turn:
            try:
                with anyio.fail_after(WHOLE):
                    async with client.stream("GET", address, headers=headers) as response:
                        return await _answer(response, ask, address)
            except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL) as error:
                raise failure_of(error, address) from None


def shared_web() -> Web:
    """The one of this event loop."""
    web = _shared.get(None)
    if web is None:
        web = Web()
        _shared.set(web)
    return web


_shared: RunVar[Web | None] = RunVar("platos.web")


def _url(address: str) -> URL:
    import httpx2

    return httpx2.URL(address)


def _new_client() -> AsyncClient:
    """Blocking: httpx2 and the machine's certificates take a while to load."""
    import httpx2

    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(None, connect=CONNECT),
        limits=httpx2.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_KEPT),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


async def _answer(response: Response, ask: Ask, address: URL) -> Answer | _Redirect:
    status, headers = response.status_code, response.headers
    if status in _REDIRECTS and "location" in headers:
        return _Redirect(_next(address, headers["location"]), status in _FOR_GOOD)
    if status == 304 and ask.validators:
        return Answer(None)
    if status != 200:
        raise refusal(response, address)
    return Answer(
        body=await received(response, shown(address), ask.most_bytes),
        etag=_validator(headers.get("etag", "")),
        modified=_validator(headers.get("last-modified", "")),
        charset=response.charset_encoding or "",
    )


def _next(address: URL, location: str) -> URL:
    """Where a redirect leads: to the web, without a password, and from https to https only."""
    target = address.join(location)
    secure = ("https",) if address.scheme == "https" else ("http", "https")
    if target.scheme not in secure or not target.host:
        raise Broken(
            "it redirects to where we do not follow",
            where=shown(address),
            expected=f"an address that begins with {' or '.join(secure)}",
        )
    return target.copy_with(userinfo=b"", fragment=None)


def _origin(address: URL) -> tuple[str, str, int | None]:
    return address.scheme, address.host, address.port


def _validator(text: str) -> str:
    """A validator that can be sent back; empty where it cannot."""
    return text if len(text) <= _MOST_VALIDATOR and text.isascii() and text.isprintable() else ""
