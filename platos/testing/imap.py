"""A mail server on loopback: as much of IMAP4rev1 as reading a mailbox takes, with the faults that real ones have.

with FakeMailServer(user="ann", password="secret") as server:       # or `async with`
    server.deliver(b"Subject: hello\\r\\n\\r\\nfirst")
    ...                                # the part under test reads INBOX at server.port
    server.renumber()                  # a new UIDVALIDITY
    server.fault = "hang"              # from now on nothing is answered
"""

from __future__ import annotations

import re
import shlex
import socketserver
import ssl
from dataclasses import dataclass
from typing import Literal, cast

from platos.testing.loopback import Loopback

__all__ = ["FakeMailServer", "Fault"]

Fault = Literal["", "hang", "cut", "bad greeting", "bomb"]
"""Nothing is answered; a message ends in its middle; the first line is no IMAP; a message is announced as huge."""

_FETCH = re.compile(r"(\d+) \(.*BODY\.PEEK\[\]<0\.(\d+)>\)")
_HUGE = 10**12


@dataclass(frozen=True)
class _Message:
    uid: int
    data: bytes
    arrived: str


class FakeMailServer(Loopback):
    """The server: one user, one mailbox, `INBOX`; over TLS where it has a context.

    `commands` is what it was asked, without passwords.
    """

    def __init__(self, *, user: str, password: str, tls: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self.user, self.password, self.tls = user, password, tls
        self.fault: Fault = ""
        self.validity = 1
        self.messages: list[_Message] = []
        self.commands: list[str] = []
        self._next = 1

    def deliver(self, data: bytes, *, arrived: str = "21-Nov-2026 09:30:00 +0000") -> None:
        """A message arrives."""
        self.messages.append(_Message(self._next, data, arrived))
        self._next += 1

    def renumber(self) -> None:
        """Every message gets another number, from 1, under another UIDVALIDITY."""
        self.validity += 1
        self.messages = [_Message(uid, message.data, message.arrived) for uid, message in enumerate(self.messages, 1)]
        self._next = len(self.messages) + 1

    def listen(self) -> socketserver.TCPServer:
        server = _Server(("127.0.0.1", 0), _Session)
        server.mail = self
        return server


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    mail: FakeMailServer


class _Session(socketserver.StreamRequestHandler):
    """One connection."""

    def setup(self) -> None:
        if self._mail.tls:
            self.request = self._mail.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def handle(self) -> None:
        mail = self._mail
        if mail.fault == "hang":
            mail.closing.wait()
            return
        self._send("+nonsense" if mail.fault == "bad greeting" else "* OK ready")
        while line := self.rfile.readline().decode("ascii").strip():
            tag, name, arguments = (*line.split(" ", 2), "")[:3]
            if not self._answer(tag, name.upper(), arguments):
                return

    @property
    def _mail(self) -> FakeMailServer:
        return cast(_Server, self.server).mail

    def _answer(self, tag: str, name: str, arguments: str) -> bool:
        """Does the conversation go on?"""
        self._mail.commands.append(name if name == "LOGIN" else f"{name} {arguments}".strip())
        match name:
            case "CAPABILITY":
                self._send("* CAPABILITY IMAP4rev1", f"{tag} OK done")
            case "LOGIN":
                right = shlex.split(arguments) == [self._mail.user, self._mail.password]
                self._send(f"{tag} OK welcome" if right else f"{tag} NO not {arguments}")
            case "SELECT" | "EXAMINE":
                self._open(tag, arguments)
            case "UID":
                return self._uid(tag, arguments)
            case "LOGOUT":
                self._send("* BYE", f"{tag} OK done")
                return False
            case _:
                self._send(f"{tag} BAD what is {name}?")
        return True

    def _open(self, tag: str, arguments: str) -> None:
        mail = self._mail
        if arguments.strip('"') != "INBOX":
            self._send(f"{tag} NO there is no such mailbox")
            return
        self._send(f"* {len(mail.messages)} EXISTS", f"* OK [UIDVALIDITY {mail.validity}] stable", f"{tag} OK done")

    def _uid(self, tag: str, arguments: str) -> bool:
        name, _, rest = arguments.partition(" ")
        if name.upper() == "SEARCH":
            self._search(tag, int(rest.removeprefix("UID ").partition(":")[0]))
            return True
        asked = _FETCH.fullmatch(rest)
        assert asked, f"a fetch in another form than is known here: {rest}"
        return self._fetch(tag, int(asked[1]), int(asked[2]))

    def _search(self, tag: str, first: int) -> None:
        """`first:*` holds the last message even where its number is lower, as the protocol says."""
        uids = [message.uid for message in self._mail.messages]
        found = [uid for uid in uids if uid >= first] or uids[-1:]
        self._send(f"* SEARCH {' '.join(map(str, found))}".strip(), f"{tag} OK done")

    def _fetch(self, tag: str, uid: int, most: int) -> bool:
        for number, message in enumerate(self._mail.messages, 1):
            if message.uid == uid:
                part = message.data[:most]
                size = _HUGE if self._mail.fault == "bomb" else len(part)
                about = f'UID {uid} RFC822.SIZE {len(message.data)} INTERNALDATE "{message.arrived}"'
                self._send(f"* {number} FETCH ({about} BODY[]<0> {{{size}}}")
                if self._mail.fault == "cut":
                    self.wfile.write(part[: len(part) // 2])
                    return False
                self.wfile.write(part + b")\r\n")
        self._send(f"{tag} OK done")
        return True

    def _send(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode("ascii"))
