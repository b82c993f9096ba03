"""One HTTP exchange of a tool: to an address that its owner allows, over a connection that is guarded, within limits.

Proxies of the environment are not used: a proxy resolves names itself, where nobody checks what they mean.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from email.message import Message
from typing import Any, NamedTuple

import anyio
import httpcore2
from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from platos import __version__
from platos.config.fields import Form
from platos.config.headers import Headers, sent_headers
from platos.core.digest import digest_bytes
from platos.core.redact import redact
from platos.errors import (
    AuthFailed,
    Broken,
    Failure,
    PermissionDenied,
    RateLimited,
    TimedOut,
    Unavailable,
)
from platos.ports.part import Environment
from platos.tools._guard import Guard, Resolve, resolve
from platos.tools._url import HostName, Prefix, Url, parse_prefix

__all__ = ["Allowed", "Answer", "Client", "HttpOptions", "described", "refusal"]

_LONGEST_WAIT = 86_400.0
_MOST_SHOWN = 80


class Allowed(Form):
    """What addresses may begin with, and the headers that go to these and to no others."""

    url: str = Field(description="https://example.org/api/, https://*.example.org/ or https://*/")
    headers: Headers = Field(default_factory=dict, examples=[{"Authorization": "env:TOKEN"}])

    @field_validator("url")
    @classmethod
    def _prefix(cls, url: str) -> str:
        parse_prefix(url)
        return url

    @model_validator(mode="after")
    def _not_to_everybody(self) -> Allowed:
        if self.headers and self.prefix.hosts == "any":
            raise PydanticCustomError("mistake", "{what}", {"what": "headers are sent to hosts that are named only"})
        return self

    @property
    def prefix(self) -> Prefix:
        return parse_prefix(self.url)


class HttpOptions(Form):
    """`private` names the hosts that may have an address which is not of the public Internet: this machine, or one of
    the owner's network. `timeout` is in seconds, from the first question for a name to the last byte."""

    allow: list[Allowed] = Field(min_length=1, description="what addresses may begin with, each with its headers")
    private: list[HostName] = Field(default_factory=list, examples=[["intranet.example.org"]])
    timeout: float = Field(30, gt=0, le=100)
    most_bytes: int = Field(100_000, ge=1, le=5_000_000)

    @field_validator("allow", mode="before")
    @classmethod
    def _short(cls, written: Any) -> Any:
        """An address alone stands for one without headers."""
        if not isinstance(written, list):
            return written
        return [{"url": each} if isinstance(each, str) else each for each in written]


class Answer(NamedTuple):
    """What came back. `cut` tells that there was more of the body than was wanted; `secrets` went along."""

    status: int
    headers: Message
    body: bytes
    cut: bool
    secrets: tuple[str, ...]


class Client:
    """What the HTTP tools share. `names` and `network` are the machine's, but in tests."""

    def __init__(
        self,
        options: HttpOptions,
        environment: Environment,
        *,
        names: Resolve = resolve,
        network: httpcore2.AsyncNetworkBackend | None = None,
    ) -> None:
        self._options, self._environment = options, environment
        self._names, self._network = names, network
        self._tls: ssl.SSLContext | None = None

    async def exchange(
        self, method: str, url: Url, *, own: bool = True, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """One request, and its answer; no redirect is followed. The owner's headers go along where `own`.

        Raises PermissionDenied, TimedOut, Unavailable, SecretMissing or ConfigurationError; `sent` of a Failure tells
        whether a byte of it has left.
        """
        allowed = self.check(url)
        guard = Guard(self._options.private, names=self._names, network=self._network)
        try:
            with anyio.fail_after(self._options.timeout):
                mine = await self._mine(allowed.headers) if own else {}
                return await self._asked(guard, method, url, {**mine, **(headers or {})}, body, tuple(mine.values()))
        except TimeoutError:
            raise TimedOut("no whole answer in time", where=_where(url), sent=guard.sent) from None
        except (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            what = "the answer broke off, or is no HTTP" if guard.sent else "it cannot be reached"
            raise Unavailable(f"{what}: {_said(error)}", where=_where(url), sent=guard.sent) from None

    def check(self, url: Url) -> Allowed:
        """The owner's word that allows the address. Raises PermissionDenied where there is none."""
        for allowed in self._options.allow:
            if allowed.prefix.allows(url):
                return allowed
        raise PermissionDenied(
            "the address is not among those that the tool may ask",
            where=_where(url),
            expected=f"what begins with {', '.join(allowed.url for allowed in self._options.allow)}",
            hint="where it is meant, add it to `allow` in the tool's options",
        )

    async def _mine(self, headers: Mapping[str, str]) -> dict[str, str]:
        return await self._environment.offload(sent_headers, headers, self._environment.secret) if headers else {}

    async def _asked(
        self, guard: Guard, method: str, url: Url, headers: dict[str, str], body: bytes, secrets: tuple[str, ...]
    ) -> Answer:
        if self._tls is None and url.scheme == "https":
            self._tls = await self._environment.offload(httpcore2.default_ssl_context)
        sent = {"Host": url.authority, "User-Agent": f"platos/{__version__}", "Accept-Encoding": "identity", **headers}
        if body:
            sent["Content-Length"] = str(len(body))
        target = httpcore2.URL(scheme=url.scheme, host=url.host, port=url.port, target=url.path + url.query)
        async with httpcore2.AsyncConnectionPool(ssl_context=self._tls, network_backend=guard) as pool:
            async with pool.stream(method, target, headers=list(sent.items()), content=body or None) as response:
                received, cut = await _received(response, self._options.most_bytes)
                return Answer(response.status, _headers(response), received, cut, secrets)


async def _received(response: httpcore2.Response, most_bytes: int) -> tuple[bytes, bool]:
    data = bytearray()
    async for chunk in response.aiter_stream():
        data += chunk
        if len(data) > most_bytes:
            return bytes(data[:most_bytes]), True
    return bytes(data), False


def _headers(response: httpcore2.Response) -> Message:
    headers = Message()
    for name, value in response.headers:
        headers[name.decode("ascii", "replace")] = " ".join(value.decode("latin-1").split())
    return headers


def described(answer: Answer, url: Url) -> dict[str, Any]:
    """The answer as a receipt's data. `text` is there where the body is text; a secret that came back is taken out."""
    data = {
        "url": str(url),
        "status": answer.status,
        "type": answer.headers.get_content_type() if "content-type" in answer.headers else "",
        "bytes": len(answer.body),
        "sha256": digest_bytes(answer.body),
    }
    text, words = _text(answer), [secret.split()[-1] for secret in answer.secrets]  # `Bearer TOKEN`, and TOKEN alone
    if text is not None:
        data["text"] = redact(text, {*answer.secrets, *words})
    return {**data, "cut": True} if answer.cut else data


def _text(answer: Answer) -> str | None:
    charset = str(answer.headers.get_content_charset("utf-8"))
    try:
        text = answer.body.decode(charset, "ignore" if answer.cut else "strict")
    except (UnicodeDecodeError, LookupError):
        return None
    return None if "\0" in text else text


def refusal(answer: Answer, url: Url, *, happened: bool) -> Failure:
    """An answer that is none of success. `happened` tells whether what was asked for may have happened all the same."""
    status, where = answer.status, _where(url)
    wait = answer.headers.get("retry-after", "")
    after = min(float(wait), _LONGEST_WAIT) if wait.isascii() and wait.isdigit() and len(wait) < 10 else None
    if status == 429:
        return RateLimited("it asks for fewer requests (429)", where=where, sent=happened, retry_after=after)
    if status in (401, 407):
        return AuthFailed(f"it does not let us in ({status})", where=where, sent=happened, hint="correct `headers`")
    if status == 403:
        return PermissionDenied("it does not allow it (403)", where=where, sent=happened)
    if status >= 500 or status == 408:
        return Unavailable(f"it is out of order ({status})", where=where, sent=True, retry_after=after)
    return Broken(f"it answered {status}", where=where, sent=happened, expected="an answer of success (2xx)")


def _where(url: Url) -> str:
    """The address for people; its query may hold what is nobody's business."""
    return f"{url.scheme}://{url.authority}{url.path}"


def _said(error: Exception) -> str:
    return "".join(each for each in str(error) if each.isprintable())[:_MOST_SHOWN] or type(error).__name__
