"""The source `imap`: new mail in a mailbox, which is only read."""

from __future__ import annotations

from typing import Annotated, ClassVar

import anyio
import msgspec
from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from platos.config.fields import Form, SecretReference
from platos.core.digest import canonical
from platos.core.item import Item
from platos.core.provenance import Provenance
from platos.errors import TimedOut
from platos.ports.part import Environment, source
from platos.ports.source import Polled
from platos.sources._file import Head, head_of
from platos.sources._imap import Letter, visit
from platos.sources._mail import as_mail, in_mailbox

__all__ = ["Imap"]

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SECONDS = 300.0

_Plain = Annotated[str, StringConstraints(pattern=r"^[ -~]+$", max_length=500)]


class _Position(msgspec.Struct, frozen=True, kw_only=True):
    """The last message that was read, by its number under this validity."""

    validity: int
    last: int


@source("imap", version="1")
class Imap:
    """Polls a mailbox, oldest mail first. Nothing is changed there: no mail is marked as read.

    A poll takes `most` messages at most, and the next one goes on. A message is called after its Message-ID and its
    content, so that nothing is doubled where the server numbers its messages anew and all are read again.
    """

    class Options(Form):
        """`most_bytes` is what is kept of one message. Without `tls` only a server on this machine is spoken to."""

        host: _Plain = Field(description="the name of a mail server", examples=["imap.example.org"])
        port: int = Field(993, ge=1, le=65_535)
        user: _Plain = Field(description="who logs in", examples=["ann@example.org"])
        password: SecretReference
        mailbox: _Plain = "INBOX"
        tls: bool = True
        most: int = Field(200, ge=1)
        most_bytes: int = Field(1_000_000, ge=1)

        @model_validator(mode="after")
        def _private(self) -> Imap.Options:
            if self.tls or self.host in _LOOPBACK:
                return self
            parts = {
                "what": "a password is never sent in the open",
                "expected": "tls: true, or a host on this machine",
                "hint": "leave `tls` out",
            }
            raise PydanticCustomError("mistake", "{what}", parts)

    provenance: ClassVar[tuple[Provenance, ...]] = (Provenance.PRIVATE,)

    def __init__(self, options: Options, environment: Environment) -> None:
        self._options = options
        self._environment = environment

    async def poll(self, cursor: bytes | None) -> Polled:
        """The messages that arrived since. Raises AuthFailed, TimedOut, Unavailable or SecretMissing."""
        try:
            with anyio.fail_after(_SECONDS):
                return await self._environment.offload(self._poll, cursor)
        except TimeoutError:
            raise TimedOut("the mail server is too slow", where=self._options.host, sent=True) from None

    def _poll(self, cursor: bytes | None) -> Polled:
        options = self._options
        at = msgspec.json.decode(cursor, type=_Position) if cursor else _Position(validity=0, last=0)
        with visit(
            options.host,
            options.port,
            tls=options.tls,
            user=options.user,
            password=self._environment.secret(options.password),
            mailbox=options.mailbox,
            most_bytes=options.most_bytes,
        ) as mailbox:
            if at.validity != mailbox.validity:
                at = _Position(validity=mailbox.validity, last=0)
            uids = mailbox.after(at.last)[: options.most]
            letters = [mailbox.fetch(uid, options.most_bytes) for uid in uids]
        last = uids[-1] if uids else at.last
        items = tuple(self._item(letter) for letter in letters if letter)
        return Polled(cursor=canonical(_Position(validity=at.validity, last=last)), items=items)

    def _item(self, letter: Letter) -> Item:
        """The mail; `ts` is its Date, where it has one."""
        mail = as_mail(_whole(letter.data), id=self._options.mailbox, arrived=letter.arrived)
        if letter.size > len(letter.data):
            cut = {"truncated": True, "bytes": letter.size}
            mail = msgspec.structs.replace(mail, fields={**mail.fields, **cut})
        return in_mailbox(mail)


def _whole(data: bytes) -> Head:
    return head_of([data], len(data))
