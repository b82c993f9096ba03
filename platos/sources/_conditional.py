"""One address, read when it has changed: what the sources that poll an address share."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from platos.config.headers import sent_headers
from platos.core.digest import canonical, digest, digest_bytes
from platos.core.item import Item, Problem
from platos.ports.part import Environment
from platos.ports.source import Polled
from platos.sources._local import local_answer
from platos.sources._web import Answer, Ask, shared_web
from platos.sources._web_body import Body, unpacked
from platos.sources._web_options import WebOptions

__all__ = ["Conditional", "Content", "Reading"]


class Content(NamedTuple):
    """What was found at an address: the unpacked body, and the encoding that the server says it has."""

    data: bytes
    charset: str
    where: str


class Reading(NamedTuple):
    """What a content says. Where it is `cut`, something may be missing from its end."""

    items: tuple[Item, ...]
    problems: tuple[Problem, ...] = ()
    cut: bool = False


class _Mark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The cursor: how the last answer was read, the digests of its body and its items, and its validators."""

    reader: str
    body: str
    items: str
    etag: str = ""
    modified: str = ""

    def validators(self) -> dict[str, str]:
        sent = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in sent.items() if value}


class _Known(NamedTuple):
    cursor: bytes
    mark: _Mark


class Conditional:
    """Asks with the validators of the last answer, and goes by digests where a server does not heed these.

    Where the body is the same, the cursor comes back as it was; where only the items are, none is yielded. A content
    that is cut leaves no validators, so that the whole of it is asked for again. Other options, or another version of
    the `reader`, read everything anew.
    """

    def __init__(
        self, options: WebOptions, environment: Environment, reader: str, read: Callable[[Content], Reading]
    ) -> None:
        self._options = options
        self._environment = environment
        self._reader = digest([reader, options.model_dump()])
        self._read = read

    async def poll(self, cursor: bytes | None) -> Polled:
        """What is new at the address. Raises a Failure."""
        known = self._known(cursor)
        answer = await self._ask(known)
        moved = self._moved(answer)
        if known and answer.body is None:
            return Polled(cursor=known.cursor, problems=moved)
        polled = await self._environment.offload(self._polled, answer, known)
        return msgspec.structs.replace(polled, problems=moved + polled.problems)

    async def close(self) -> None:
        """Give connections back. Other sources share them; where one is still in use, it opens its own again."""
        await shared_web().close()

    def _known(self, cursor: bytes | None) -> _Known | None:
        try:
            mark = msgspec.json.decode(cursor or b"", type=_Mark)
        except msgspec.DecodeError:
            return None
        return _Known(cursor or b"", mark) if mark.reader == self._reader else None

    async def _ask(self, known: _Known | None) -> Answer:
        options, offload = self._options, self._environment.offload
        if options.url.startswith("file:"):
            etag = known.mark.etag if known else ""
            return await offload(local_answer, options.url, self._environment.workspace, etag, options.most_bytes)
        headers = await offload(sent_headers, options.headers, self._environment.secret) if options.headers else {}
        validators = known.mark.validators() if known else {}
        return await shared_web().get(Ask(options.url, headers, validators, options.most_bytes), offload)

    def _moved(self, answer: Answer) -> tuple[Problem, ...]:
        why = f"it has moved for good, to {answer.moved}: write that address into `url`"
        return (Problem(where=self._options.url, why=why),) if answer.moved else ()

    def _polled(self, answer: Answer, known: _Known | None) -> Polled:
        """In a thread: all that takes time in proportion to the body."""
        where = self._options.url
        data = unpacked(answer.body or Body(b""), where, self._options.most_bytes)
        body = digest_bytes(data)
        if known and body == known.mark.body:
            return Polled(cursor=known.cursor)
        reading = self._read(Content(data, answer.charset, where))
        items = digest(sorted(item.digest() for item in reading.items))
        mark = _Mark(reader=self._reader, body=body, items=items)
        if not reading.cut:
            mark = msgspec.structs.replace(mark, etag=answer.etag, modified=answer.modified)
        same = known and items == known.mark.items
        return Polled(cursor=canonical(mark), items=() if same else reading.items, problems=reading.problems)
