"""smtp: sends a letter."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from platos.config.fields import Form, SecretReference
from platos.core.effect import EffectClass, Receipt
from platos.core.instant import to_datetime
from platos.errors import PermissionDenied
from platos.ports.part import Environment, tool
from platos.tools._letter import Login, Server, deliver, letter

__all__ = ["Smtp"]

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_ATOM = r"[A-Za-z0-9_+=-]+(?:\.[A-Za-z0-9_+=-]+)*"
_DOMAIN = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
_ADDRESS = re.compile(rf"{_ATOM}@{_DOMAIN}", re.ASCII)
_ALLOWED = re.compile(rf"(?:{_ATOM}|\*)@{_DOMAIN}", re.ASCII)
_MOST_ADDRESS = 254
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def _address(text: str) -> str:
    if len(text) > _MOST_ADDRESS or not _ADDRESS.fullmatch(text):
        raise ValueError("a mail address is expected, as in ann@example.org")
    return text


def _allowed(text: str) -> str:
    if len(text) > _MOST_ADDRESS or not _ALLOWED.fullmatch(text):
        raise ValueError("a mail address is expected, as in ann@example.org, or everybody of a domain: *@example.org")
    return text.lower()


def _one_line(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise ValueError("one line of text is expected")
    return text


def _plain(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("text without control characters is expected")
    return text


Mailbox = Annotated[str, AfterValidator(_address)]
_Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:_-]+$", max_length=253)]


class Letter(BaseModel):
    """Whom it goes to, what it is about, and its text. It has no other headers, and nothing else in it."""

    model_config = ConfigDict(extra="forbid")

    to: list[Mailbox] = Field(min_length=1, max_length=20)
    subject: Annotated[str, AfterValidator(_one_line)] = Field(min_length=1, max_length=200)
    text: Annotated[str, AfterValidator(_plain)] = Field(min_length=1, max_length=100_000)


@tool("smtp", version="1")
class Smtp:
    """Gives a letter to the owner's mail server, for all of its recipients or for none.

    Its Message-ID is made of the act's key: where a reply was lost, a person can look for it. What a server that
    hung up after the letter's first byte did with it cannot be known.
    """

    class Options(Form):
        """`allow` are the recipients that may be written to. Without TLS only a server on this machine is spoken to.
        `timeout` is in seconds, for each answer of the server."""

        host: _Host = Field(description="the name of a mail server", examples=["smtp.example.org"])
        port: int = Field(587, ge=1, le=65_535)
        tls: Literal["starttls", "tls", "none"] = "starttls"
        user: str = Field("", max_length=500, description="who logs in; left out where nobody has to")
        password: SecretReference | None = None
        sender: Mailbox
        allow: list[Annotated[str, AfterValidator(_allowed)]] = Field(min_length=1, examples=[["*@example.org"]])
        timeout: float = Field(20, gt=0, le=60)

        @model_validator(mode="after")
        def _private(self) -> Smtp.Options:
            if self.tls == "none" and self.host not in _LOOPBACK:
                raise _mistake("nothing is sent in the open", "tls: starttls or tls, or a host on this machine")
            if bool(self.user) != (self.password is not None):
                raise _mistake("to log in takes a user and a password", "both of them, or neither")
            return self

    Arguments: ClassVar[type[BaseModel]] = Letter
    effect: ClassVar[EffectClass] = EffectClass.ONCE
    once_per: ClassVar[tuple[str, ...]] = ()
    repeatable: ClassVar[bool] = False

    def __init__(self, options: Options, environment: Environment) -> None:
        self._options, self._environment = options, environment

    async def call(self, arguments: Letter, key: str) -> Receipt:
        """Send it. Raises PermissionDenied where a recipient is not allowed, AuthFailed, Broken, TimedOut, Unavailable
        or SecretMissing; sent are only those that broke after the letter had begun to leave."""
        for address in arguments.to:
            self._check(address)
        return await self._environment.offload(self._send, arguments, key)

    async def probe(self, arguments: Letter, key: str) -> Receipt | None:
        """Never asked: a mail server does not tell."""
        return None

    async def observe(self, arguments: Letter) -> dict[str, str]:
        """Nothing."""
        return {}

    async def preview(self, arguments: Letter) -> str:
        """Whose letter it is, beside what the arguments say."""
        return f"From: {self._options.sender}\nTo: {', '.join(arguments.to)}\nvia {self._options.host}"

    def _check(self, address: str) -> None:
        everybody = f"*@{address.rpartition('@')[2]}"
        if not {address.lower(), everybody.lower()} & set(self._options.allow):
            raise PermissionDenied(
                "this is nobody whom the tool may write to",
                where=address,
                expected=", ".join(self._options.allow),
                hint="where it is meant, add the address to `allow` in the tool's options",
            )

    def _send(self, arguments: Letter, key: str) -> Receipt:
        options, date = self._options, to_datetime(self._environment.clock.now())
        id = f"platos.{key[:32]}"
        password = self._environment.secret(options.password) if options.password else ""
        content = letter(options.sender, arguments.to, arguments.subject, arguments.text, id=id, date=date)
        server = Server(options.host, options.port, options.tls, options.timeout)
        login = Login(options.user, password) if options.user else None
        deliver(server, login, options.sender, arguments.to, content)
        data = {"to": arguments.to, "message_id": f"<{id}@{options.sender.rpartition('@')[2]}>", "bytes": len(content)}
        return Receipt(summary=f"sent a letter to {', '.join(arguments.to)}", data=data)


def _mistake(what: str, expected: str) -> PydanticCustomError:
    parts = {"what": what, "expected": expected, "hint": "correct the tool's options"}
    return PydanticCustomError("mistake", "{what}", parts)
