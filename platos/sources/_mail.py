"""Mail: one message as an item. Attachments are named and never opened; a broken message is an item too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from email import message_from_bytes
from email.errors import MessageError
from email.headerregistry import BaseHeader, DateHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Any, cast

import msgspec

from platos.core.digest import digest
from platos.core.instant import Instant, from_datetime, iso
from platos.core.item import Item
from platos.sources._file import Head, decoded
from platos.sources._html import html_text

__all__ = ["as_mail", "in_mailbox"]

_HEADERS = {"from": "From", "to": "To", "cc": "Cc", "subject": "Subject", "message_id": "Message-ID"}
_MOST_HEADER = 2_000
_MALFORMED = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError, MessageError)
"""What the standard library's parser is known to raise where a message does not keep to the rules."""


class _Bounded(EmailPolicy):
    """The default policy with a bound on each header's length: parsing one takes the square of it."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_MOST_HEADER]


def _policy() -> EmailPolicy:
    """Every part of a mail may have the headers on its content, so these are parsed the fast way, as plain text."""
    registry = HeaderRegistry()
    for name in ("content-type", "content-disposition", "content-transfer-encoding"):
        registry.map_to_type(name, cast(type[BaseHeader], UnstructuredHeader))
    return _Bounded(header_factory=registry)


_POLICY = _policy()


def as_mail(head: Head, *, id: str, arrived: Instant) -> Item:
    """A message as an item. `ts` is the message's Date, or `arrived` where it has none."""
    try:
        item = _parsed(head.data, id)
    except _MALFORMED:
        item = Item(id=id, kind="mail", text=decoded(head.data, whole=False)[0], fields={"malformed": True})
    return msgspec.structs.replace(
        item, ts=arrived if item.ts is None else item.ts, fields={**item.fields, **head.measures()}
    )


def in_mailbox(item: Item) -> Item:
    """The message under an id of its own in its mailbox: `mailbox#message-id~digest`.

    The digest is there because senders choose Message-IDs: a second message with the same one hides neither.
    """
    own = digest([item.title, item.text, item.fields])[:16]
    return msgspec.structs.replace(item, id=f"{item.id}#{item.fields.get('message_id', '')}~{own}")


def _parsed(data: bytes, id: str) -> Item:
    message = cast(EmailMessage, message_from_bytes(data, policy=_POLICY))
    fields: dict[str, Any] = {name: _header(message, header) for name, header in _HEADERS.items()}
    sent = _sent(message)
    text, attachments, exact = _content(message)
    fields["date"] = iso(sent)
    fields["attachments"] = attachments
    fields["encoding"] = "" if exact else "invalid: undecodable bytes were replaced"
    present = {name: value for name, value in fields.items() if value}
    return Item(id=id, kind="mail", title=fields["subject"], text=text, ts=sent, fields=present)


def _header(message: EmailMessage, name: str) -> str:
    """A header on one line; as it was sent where it cannot be parsed; empty where there is none."""
    try:
        value = str(message.get(name, ""))
    except _MALFORMED:
        value = next(str(raw) for key, raw in message.raw_items() if key.lower() == name.lower())
    return _storable(" ".join(value.split()))


def _sent(message: EmailMessage) -> Instant | None:
    try:
        header = cast(DateHeader | None, message.get("Date"))
        moment = header.datetime if header is not None else None
        if moment is None:
            return None
        return from_datetime(moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (*_MALFORMED, OverflowError):
        return None


def _content(message: EmailMessage) -> tuple[str, list[str], bool]:
    """The text, the attachments' names, and whether every byte of the text could be decoded."""
    texts: dict[str, list[str]] = {"text/plain": [], "text/html": []}
    attachments, exact = [], True
    for part in _leaves(message):
        kind, filename = _kind(part), part.get_filename()
        if kind not in texts or filename or part.get_content_disposition() == "attachment":
            attachments.append(_storable(filename or kind))
        else:
            text, right = _text(part)
            texts[kind].append(text)
            exact = exact and right
    plain = "\n".join(texts["text/plain"])
    return plain or "\n".join(html_text(html) for html in texts["text/html"]), attachments, exact


def _leaves(message: EmailMessage) -> Iterator[EmailMessage]:
    """The parts that hold something, in order. A message within the message is one part: it is an attachment."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting.extend(reversed(cast(list[EmailMessage], part.get_payload())))
        else:
            yield part


def _kind(part: EmailMessage) -> str:
    """The content type; what says that it has parts, and has none, is read as it stands."""
    return "text/plain" if part.get_content_maintype() == "multipart" else part.get_content_type()


def _text(part: EmailMessage) -> tuple[str, bool]:
    data = cast(bytes, part.get_payload(decode=True))
    try:
        return _storable(data.decode(part.get_content_charset("utf-8"))), True
    except (LookupError, ValueError):
        return _storable(decoded(data, whole=True)[0]), False


def _storable(text: str) -> str:
    """Without carriage returns, and without the lone surrogates in which the parser keeps bytes that are no text."""
    return text.replace("\r\n", "\n").encode("utf-8", "replace").decode("utf-8")
