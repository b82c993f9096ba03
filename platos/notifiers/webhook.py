"""webhook: tells people by posting JSON to an address of the owner's, signed.

The signature is the hexadecimal HMAC-SHA256 (RFC 2104) of `TIMESTAMP.BODY`, so that who receives it can tell that it
comes from here, and when. The README beside this file has the form of the body.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, NamedTuple
from urllib.parse import urlsplit

import anyio
import msgspec
from pydantic import BaseModel, ConfigDict, Field

from platos import __version__
from platos.core.instant import SECOND, iso
from platos.core.notice import Notice
from platos.errors import AuthFailed, Broken, ConfigurationError, Failure, RateLimited, TimedOut, Unavailable
from platos.ports.part import Environment, notifier

if TYPE_CHECKING:
    from httpx2 import Response

__all__ = ["SCHEMA", "Webhook", "signature"]

SCHEMA = 1
"""The version of the body; a changed meaning is a new number."""

_PATIENCE = 30.0
_REFERENCES = ("env:", "file:", "cmd:")
_FORM = r"^(https?://|env:|file:|cmd:)."


class WebhookOptions(BaseModel):
    """`url` is the address, or where it is kept: `env:NAME`, `file:PATH` or `cmd:COMMAND`, for many hold a key. `key`
    refers to what the body is signed with; without one it is not signed."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(pattern=_FORM, description="an address, or where it is kept", examples=["env:DESK"])]
    key: Annotated[
        str, Field(pattern=r"^((env|file|cmd):.+)?$", description="where the key is kept", examples=["env:KEY"])
    ] = ""


class _Target(NamedTuple):
    url: str
    key: bytes


class _Body(msgspec.Struct, frozen=True, kw_only=True):
    schema: int
    id: str
    person: str
    title: str
    text: str
    at: str
    about: tuple[str, ...]
    asks: tuple[dict[str, str], ...]


def signature(key: bytes, timestamp: str, body: bytes) -> str:
    """What the header `Platos-Signature` holds, `v1=` and 64 digits. `timestamp` is `Platos-Timestamp`: seconds since
    1970."""
    return "v1=" + hmac.new(key, timestamp.encode() + b"." + body, sha256).hexdigest()


@notifier("webhook", version="1")
class Webhook:
    """One POST a message. Any 2xx takes it; redirects are not followed, for they would carry it elsewhere."""

    Options = WebhookOptions

    def __init__(self, options: WebhookOptions, environment: Environment) -> None:
        self._options = options
        self._environment = environment

    async def tell(self, notice: Notice) -> None:
        """Raises a Failure, or ConfigurationError where the address or the key cannot be had."""
        target = await self._environment.offload(self._target)
        body = msgspec.json.encode(_body(notice))
        headers = {"Content-Type": "application/json", "User-Agent": f"platos/{__version__}"}
        if target.key:
            timestamp = str(self._environment.clock.now() // SECOND)
            headers |= {"Platos-Timestamp": timestamp, "Platos-Signature": signature(target.key, timestamp, body)}
        _check_taken(await _post(target.url, body, headers))

    async def check(self) -> None:
        """Raises ConfigurationError where the address or the key cannot be had."""
        await self._environment.offload(self._target)

    def _target(self) -> _Target:
        """The address and the key, read anew each time: what was put right holds at the next try. Blocking."""
        url, key = (self._secret(reference) for reference in (self._options.url, self._options.key))
        try:
            parts = urlsplit(url)
            known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            known = False
        if not known:
            raise ConfigurationError("this is no address of a webhook", where="url", expected="http:// or https://")
        return _Target(url, key.encode())

    def _secret(self, reference: str) -> str:
        return self._environment.secret(reference) if reference.startswith(_REFERENCES) else reference


def _body(notice: Notice) -> _Body:
    return _Body(
        schema=SCHEMA,
        id=notice.id,
        person=notice.person,
        title=notice.title,
        text=notice.text,
        at=iso(notice.at),
        about=notice.about,
        asks=tuple(msgspec.to_builtins(ask) for ask in notice.asks),
    )


async def _post(url: str, body: bytes, headers: dict[str, str]) -> Response:
    import httpx2

    try:
        with anyio.fail_after(_PATIENCE):
            async with httpx2.AsyncClient(timeout=_PATIENCE, follow_redirects=False) as client:
                async with client.stream("POST", url, content=body, headers=headers) as response:
                    return response
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.InvalidURL):
        raise Unavailable("the webhook cannot be reached") from None
    except (TimeoutError, httpx2.TimeoutException):
        raise TimedOut("the webhook did not answer in time", sent=True) from None
    except httpx2.HTTPError as error:
        raise Unavailable(f"the webhook's answer broke off: {type(error).__name__}", sent=True) from None


def _check_taken(response: Response) -> None:
    """Raises a Failure, unless it was taken. Of the answer nothing but its status is read."""
    status = response.status_code
    if 200 <= status < 300:
        return
    raise _refused(status, response.headers.get("retry-after", ""))


def _refused(status: int, asked: str) -> Failure:
    wait = float(asked[:9]) if asked.isascii() and asked.isdigit() else None
    if status == 429:
        return RateLimited("the webhook asks for fewer messages (429)", sent=True, retry_after=wait)
    if status in (401, 403, 407):
        return AuthFailed(f"the webhook does not let us in ({status})", sent=True)
    if status >= 500 or status == 408:
        return Unavailable(f"the webhook is out of order ({status})", sent=True, retry_after=wait)
    return Broken(f"the webhook answered {status}", sent=True, expected="any 2xx")
