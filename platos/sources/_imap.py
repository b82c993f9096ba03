"""One visit to a mailbox over IMAP, by the standard library. Blocking, and bounded in what it takes from the server."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, cast

from platos.core.instant import Instant, from_datetime
from platos.errors import AuthFailed, Failure, TimedOut, Unavailable

__all__ = ["Letter", "Mailbox", "visit"]

_SECONDS = 30.0
_ENVELOPE = 65_536
_MOST_LINE = 10_000_000
_WANTED = "UID RFC822.SIZE INTERNALDATE"
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_ARRIVED = re.compile(rb'\bINTERNALDATE "([^"]+)"')


class Letter(NamedTuple):
    """A message as it lies there: its number, its size, when it arrived, and its first bytes."""

    uid: int
    size: int
    arrived: Instant
    data: bytes


class _Bounded(imaplib.IMAP4):
    """Takes no more at a time than it asked for, whatever the server announces."""

    most_bytes = _ENVELOPE

    def read(self, size: int) -> bytes:
        if size > self.most_bytes:
            raise self.abort(f"the server sends {size} bytes where {self.most_bytes} were asked for")
        return super().read(size)

    def readline(self) -> bytes:
        """A line: the one that lists a mailbox's messages may be long."""
        line = cast(bytes, self.file.readline(_MOST_LINE))
        if len(line) == _MOST_LINE:
            raise self.abort(f"the server sends a line of more than {_MOST_LINE} bytes")
        return line


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
        data = _answer(self._connection.uid("FETCH", str(uid), f"({_WANTED} BODY.PEEK[]<0.{most_bytes}>)"))
        about = b" ".join(part if isinstance(part, bytes) else part[0] for part in data if part)
        text = next((part[1] for part in data if isinstance(part, tuple)), None)
        place, size = _UID.search(about), _SIZE.search(about)
        if text is None or place is None or size is None or int(place[1]) != uid:
            return None
        return Letter(uid, int(size[1]), _arrived(about), text[:most_bytes])


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
        with suppress(OSError):
            connection.shutdown()


def _log_in(connection: imaplib.IMAP4, user: str, password: str, where: str) -> None:
    """What the server answers is not repeated: it may hold the password."""
    try:
        if not (password.isascii() and password.isprintable()):
            raise connection.error("the protocol cannot carry this password")
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


def _arrived(about: bytes) -> Instant:
    """When the server took the message in; the epoch where it does not say so in the form that it must."""
    found = _ARRIVED.search(about)
    try:
        return from_datetime(parsedate_to_datetime(found[1].decode("ascii"))) if found else 0
    except (ValueError, TypeError):
        return 0


def _answer(answer: tuple[str, Any]) -> list[bytes | tuple[bytes, bytes] | None]:
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(f"{status}: {data[0]!r}")
    return cast("list[bytes | tuple[bytes, bytes] | None]", data)


def _unavailable(what: str, where: str) -> Failure:
    return Unavailable(
        what,
        where=where,
        expected="an IMAP server, and a mailbox that this user may read",
        hint="correct `host`, `port` and `mailbox` in the specialist's sources, or wait until the server is back",
    )
