"""A letter, and its way to a mail server: what had left when something went wrong is known at every step."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import NamedTuple

from platos.errors import AuthFailed, Broken, Failure, TimedOut, Unavailable

__all__ = ["Login", "Server", "deliver", "letter"]


class Login(NamedTuple):
    user: str
    password: str


class Server(NamedTuple):
    """A mail server. `tls` is `tls` from the first byte, `starttls` before anything is said, or `none`."""

    host: str
    port: int
    tls: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def letter(sender: str, to: Sequence[str], subject: str, text: str, *, id: str, date: datetime) -> bytes:
    """A letter of plain text, as it goes over the line. `id` is the left half of its Message-ID."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, ", ".join(to), subject
    message["Date"], message["Message-ID"] = date, f"<{id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text, cte="quoted-printable")
    return message.as_bytes()


def deliver(server: Server, login: Login | None, sender: str, to: Sequence[str], content: bytes) -> None:
    """Give it to the server, for all of its recipients or for none. Blocking.

    Raises AuthFailed, Broken, TimedOut or Unavailable. `sent` is told from the moment that the letter's first byte is
    on its way, until the server says that it does not take it.
    """
    with _failures(server, sent=False):
        line = _connected(server)
    try:
        with _failures(server, sent=False):
            _greet(line, server, login)
            _address(line, server, sender, to)
        with _failures(server, sent=True):
            line.send(_stuffed(content))
            code, _ = line.getreply()
        _check(code, server, "the server does not take the letter")
    finally:
        line.close()


def _connected(server: Server) -> smtplib.SMTP:
    if server.tls == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=server.seconds, context=ssl.create_default_context())
    return smtplib.SMTP(server.host, server.port, timeout=server.seconds)


def _greet(line: smtplib.SMTP, server: Server, login: Login | None) -> None:
    line.ehlo_or_helo_if_needed()
    if server.tls == "starttls":
        line.starttls(context=ssl.create_default_context())  # raises where the server has none
        line.ehlo()
    if login is None:
        return
    try:
        line.login(login.user, login.password)
    except smtplib.SMTPAuthenticationError as error:  # whose text may hold what was sent
        raise _no_entry(server, error.smtp_code) from None
    except smtplib.SMTPNotSupportedError:
        raise _no_entry(server, 0) from None


def _address(line: smtplib.SMTP, server: Server, sender: str, to: Sequence[str]) -> None:
    """Everything up to the server's word that it waits for the letter."""
    _check(line.mail(sender)[0], server, "the server does not take letters from this address")
    for address in to:
        _check(line.rcpt(address)[0], server, f"the server does not take letters for {address}")
    code, _ = line.docmd("data")
    if code != 354:
        _check(code if code >= 400 else 500, server, "the server does not want the letter")


def _check(code: int, server: Server, what: str) -> None:
    """A refusal: for now (4xx), or for good (5xx). Either way nothing was taken."""
    if code >= 500:
        raise Broken(f"{what} ({code})", where=str(server))
    if code >= 300:
        raise Unavailable(f"{what} for now ({code})", where=str(server))
    if code < 200:
        raise Unavailable("what answers is no mail server", where=str(server), sent=True)


def _no_entry(server: Server, code: int) -> Failure:
    return AuthFailed(
        f"the server does not let us in ({code})" if code else "the server takes no password over this line",
        where=str(server),
        hint="correct `user`, `password` or `tls`",
    )


def _stuffed(content: bytes) -> bytes:
    """As SMTP wants it: lines that begin with a point get another one, and a point alone ends it (RFC 5321, 4.5.2)."""
    lines = content.removesuffix(b"\r\n").split(b"\r\n")
    return b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines) + b".\r\n"


@contextmanager
def _failures(server: Server, *, sent: bool) -> Iterator[None]:
    """What breaks on the way, as failures; nothing of what the server said is repeated."""
    try:
        yield
    except TimeoutError:
        raise _too_slow(server, sent) from None
    except smtplib.SMTPServerDisconnected as error:
        if isinstance(error.__context__, TimeoutError):
            raise _too_slow(server, sent) from None
        raise Unavailable("the mail server hung up", where=str(server), sent=sent) from None
    except smtplib.SMTPNotSupportedError:
        raise Broken("the mail server has no TLS", where=str(server), sent=sent, hint="correct `tls`") from None
    except ssl.SSLError as error:
        what = f"no private line to the mail server: {error.reason or 'its certificate does not fit'}"
        raise Unavailable(what, where=str(server), sent=sent) from None
    except smtplib.SMTPResponseException as error:
        raise Unavailable(f"the mail server answered {error.smtp_code}", where=str(server), sent=sent) from None
    except (OSError, smtplib.SMTPException) as error:
        why = getattr(error, "strerror", None) or "what answers is no mail server"
        raise Unavailable(f"the mail server cannot be used: {why}", where=str(server), sent=sent) from None


def _too_slow(server: Server, sent: bool) -> TimedOut:
    return TimedOut("the mail server did not answer in time", where=str(server), sent=sent)
