"""One visit to a mailbox over IMAP, by the standard library. Blocking, and bounded in what it takes from the server."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from platos.errors import AuthFailed, Failure, TimedOut, Unavailable

__all__ = ["Letter", "Mailbox", "visit"]

_SECONDS = 30.0
_ENVELOPE = 65_536
_MEASURES = re.compile(rb"RFC822\.SIZE (\d+)")
_PLACE = re.compile(rb"\bUID (\d+)")


class Letter(NamedTuple):
    """A message as it lies there: its number, its size, and its first bytes."""

    uid: int
    size: int
    data: bytes


class _Bounded(imaplib.IMAP4):
    """Takes no more at a time than it asked for, whatever the server announces."""

    most_bytes = _ENVELOPE

    def read(self, size: int) -> bytes:
        if size > self.most_bytes:
            raise self.abort(f"the server sends {size} bytes where {self.most_bytes} were asked for")
        return super().read(size)


class _BoundedTls(_Bounded, imaplib.IMAP4_SSL):
    """The same over TLS."""


class Mailbox:
    """An open mailbox. `validity` changes when the server numbers its messages anew."""

    def __init__(self, connection: imaplib.IMAP4, validity: int) -> None:
        self._connection = connection
        self.validity = validity

    def after(self, uid: int) -> list[int]:
        """The numbers of all messages behind `uid`, ascending."""
        data = _answer(self._connection.uid("SEARCH", f"UID {uid + 1}:*"))
        found = {int(number) for line in data if isinstance(line, bytes) for number in line.split() if number.isdigit()}
        return sorted(number for number in found if number > uid)  # `*` is the last one, even where it lies before

    def fetch(self, uid: int, most_bytes: int) -> Letter | None:
        """A message, of which no more than `most_bytes` is sent; None where it is gone. It stays unread."""
        data = _answer(self._connection.uid("FETCH", str(uid), f"(UID RFC822.SIZE BODY.PEEK[]<0.{most_bytes}>)"))
        for part in data:
            if isinstance(part, tuple):
                rest = b" ".join([part[0], *(each for each in data if isinstance(each, bytes))])
                size, place = _MEASURES.search(rest), _PLACE.search(rest)
                if place and int(place[1]) == uid:
                    return Letter(uid, int(size[1]) if size else len(part[1]), part[1][:most_bytes])
        return None


@contextmanager
def visit(
    host: str, port: int, *, tls: bool, user: str, password: str, mailbox: str, most_bytes: int
) -> Iterator[Mailbox]:
    """Open a mailbox for reading only, and leave again. Raises AuthFailed, TimedOut or Unavailable."""
    where = f"{host}:{port}"
    try:
        with _connected(host, port, tls=tls) as connection:
            connection.most_bytes = most_bytes + _ENVELOPE
            _log_in(connection, user, password, where)
            yield Mailbox(connection, _examine(connection, mailbox, where))
    except TimeoutError:
        raise TimedOut("the mail server did not answer in time", where=where, sent=True) from None
    except (OSError, imaplib.IMAP4.error, ValueError) as error:
        said = str(error).replace(password, "***")
        raise _unavailable(f"the mail server cannot be read: {said or type(error).__name__}", where) from None


@contextmanager
def _connected(host: str, port: int, *, tls: bool) -> Iterator[_Bounded]:
    if tls:
        context = ssl.create_default_context()
        connection: _Bounded = _BoundedTls(host, port, ssl_context=context, timeout=_SECONDS)
    else:
        connection = _Bounded(host, port, timeout=_SECONDS)
    try:
        yield connection
        with suppress(OSError, imaplib.IMAP4.error):  # all is read: how the server says good-bye does not matter
            connection.logout()
    finally:
        connection.shutdown()


def _log_in(connection: imaplib.IMAP4, user: str, password: str, where: str) -> None:
    """What the server answers is not repeated: it may hold the password."""
    try:
        connection.login(user, password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        raise AuthFailed(
            f"the mail server does not accept the password of {user!r}",
            where=where,
            expected="a user and a password that may log in by IMAP",
            hint="many providers want a password made for this one application",
        ) from None


def _examine(connection: imaplib.IMAP4, mailbox: str, where: str) -> int:
    """Open the mailbox for reading only; its validity."""
    quoted = '"' + mailbox.replace("\\", "\\\\").replace('"', '\\"') + '"'
    status, data = connection.select(quoted, readonly=True)
    if status != "OK":
        raise _unavailable(f"the mailbox {mailbox!r} cannot be opened: {data[0]!r}", where)
    (validity,) = connection.response("UIDVALIDITY")[1]
    return int(validity or 0)


def _answer(answer: tuple[str, list[bytes | tuple[bytes, bytes]]]) -> list[bytes | tuple[bytes, bytes]]:
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(f"{status}: {data[0]!r}")
    return data


def _unavailable(what: str, where: str) -> Failure:
    return Unavailable(
        what,
        where=where,
        expected="an IMAP server, and a mailbox that this user may read",
        hint="correct `host`, `port` and `mailbox` in the specialist's sources, or wait until the server is back",
    )
