"""What the tools share that send something over HTTP: what may be sent, and what an answer tells of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from platos.core.effect import Receipt
from platos.errors import PermissionDenied
from platos.ports.part import Environment
from platos.tools._http import Answer, Client, HttpOptions, described, refusal
from platos.tools._url import Url, UrlText, parse_url

__all__ = ["Sender", "Sending", "SendOptions"]

_UNDONE = (307, 308)
"""Redirects that say: nothing was done here."""

Method = Literal["POST", "PUT", "PATCH", "DELETE"]


class SendOptions(HttpOptions):
    """`methods` are what may be asked for."""

    methods: list[Method] = Field(default=["POST"], min_length=1)


class Sending(BaseModel):
    """What is sent: to an address that begins as the owner allows, with a body of one of these types."""

    model_config = ConfigDict(extra="forbid")

    url: UrlText
    method: Method = "POST"
    type: Literal["application/json", "text/plain; charset=utf-8", "application/x-www-form-urlencoded"] = (
        "application/json"
    )
    body: str = Field("", max_length=1_000_000)

    @model_validator(mode="after")
    def _json(self) -> Sending:
        if self.type == "application/json" and self.body:
            try:
                json.loads(self.body)
            except (ValueError, RecursionError):
                raise ValueError("a body of valid JSON is expected, or another type") from None
        return self


class Sender:
    """Sends, follows no redirect, and counts nothing but an answer of success (2xx) as done."""

    Arguments: ClassVar[type[BaseModel]] = Sending
    once_per: ClassVar[tuple[str, ...]] = ()
    repeatable: ClassVar[bool] = False

    def __init__(self, options: SendOptions, environment: Environment) -> None:
        self._methods = options.methods
        self.client = Client(options, environment)

    async def probe(self, arguments: Sending, key: str) -> Receipt | None:
        """Never asked: there is no way to find out."""
        return None

    async def observe(self, arguments: Sending) -> dict[str, str]:
        """Nothing."""
        return {}

    async def send(self, arguments: Sending, headers: Mapping[str, str]) -> tuple[Answer, Url]:
        """The answer, of whatever status. Raises PermissionDenied, TimedOut or Unavailable."""
        url = parse_url(arguments.url)
        if arguments.method not in self._methods:
            raise PermissionDenied(
                f"the tool may not ask for {arguments.method}", where=str(url), expected=", ".join(self._methods)
            )
        body = arguments.body.encode()
        typed = {"Content-Type": arguments.type} if body else {}
        return await self.client.exchange(arguments.method, url, headers={**typed, **headers}, body=body), url

    def receipt(self, arguments: Sending, answer: Answer, url: Url, *, refused_is_undone: bool) -> Receipt:
        """The receipt of a success. Raises a Failure else; what the other side refuses it has not done, where
        `refused_is_undone`."""
        status = answer.status
        if 200 <= status < 300:
            data = {"method": arguments.method, **described(answer, url)}
            return Receipt(summary=f"{arguments.method} {url}: {status}", data=data)
        undone = refused_is_undone and (400 <= status < 500 or status in _UNDONE)
        raise refusal(answer, url, happened=not undone)
