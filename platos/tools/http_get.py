"""http-get: reads an address on the web."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from platos.core.effect import EffectClass, Receipt
from platos.errors import Broken
from platos.ports.part import Environment, tool
from platos.tools._http import Answer, Client, HttpOptions, described, refusal
from platos.tools._url import Url, UrlText, join_url, parse_url

__all__ = ["HttpGet"]

_MOST_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}


class Address(BaseModel):
    """What is read: an address that begins as the owner allows."""

    model_config = ConfigDict(extra="forbid")

    url: UrlText


@tool("http-get", version="1")
class HttpGet:
    """The answer is the receipt: its status, its digest, and its text. It comes from outside, and is data.

    Redirects are followed where they lead to what is allowed, each checked as the first address was; the owner's
    headers go to the origin that was asked, and to no other. What is larger than `most_bytes` is refused.
    """

    Options = HttpOptions
    Arguments: ClassVar[type[BaseModel]] = Address
    effect: ClassVar[EffectClass] = EffectClass.READ
    outward: ClassVar[bool] = True
    once_per: ClassVar[tuple[str, ...]] = ()
    repeatable: ClassVar[bool] = False

    def __init__(self, options: HttpOptions, environment: Environment) -> None:
        self.client = Client(options, environment)

    async def call(self, arguments: Address, key: str) -> Receipt:
        """Read it. Raises PermissionDenied where it, or where it leads, is not allowed or not public; AuthFailed,
        RateLimited, TimedOut, Unavailable or Broken."""
        url = start = parse_url(arguments.url)
        for _ in range(_MOST_REDIRECTS + 1):
            answer = await self.client.exchange("GET", url, own=url.origin == start.origin)
            if answer.status not in _REDIRECTS:
                return _receipt(answer, url)
            url = _next(answer, url)
        raise Broken(f"it redirects more than {_MOST_REDIRECTS} times", where=arguments.url, sent=True)

    async def probe(self, arguments: Address, key: str) -> Receipt | None:
        """Never asked: to read again changes nothing."""
        return None

    async def observe(self, arguments: Address) -> dict[str, str]:
        """Nothing."""
        return {}


def _receipt(answer: Answer, url: Url) -> Receipt:
    if not 200 <= answer.status < 300:
        raise refusal(answer, url, happened=True)
    if answer.cut:
        raise Broken(
            f"there are more than {len(answer.body):,} bytes of it",
            where=str(url),
            sent=True,
            expected="what `most_bytes` allows",
            hint="ask for less, or raise `most_bytes` in the tool's options",
        )
    return Receipt(summary=f"read {url}, {len(answer.body)} bytes", data=described(answer, url))


def _next(answer: Answer, url: Url) -> Url:
    try:
        to = join_url(url, answer.headers.get("location", ""))
    except ValueError as error:
        raise Broken("it redirects to what is no web address", where=str(url), sent=True, expected=str(error)) from None
    if to.scheme == "http" != url.scheme:
        raise Broken("it redirects from https to http", where=str(url), sent=True)
    return to
