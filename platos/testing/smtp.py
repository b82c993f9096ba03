"""A post office on loopback: as much of SMTP as sending a letter takes, with the faults that real ones have.

with FakePostOffice() as office:            # or `async with`
    ...                                     # the part under test sends through 127.0.0.1, office.port
    assert len(office.letters) == 1
"""

from __future__ import annotations

import base64
import socketserver
import ssl
from dataclasses import dataclass
from typing import Literal, cast

from platos.testing.loopback import Loopback

__all__ = ["FakePostOffice", "PostFault", "TakenLetter"]

PostFault = Literal[
    "",
    "bad greeting",
    "busy",
    "no sender",
    "no recipient",
    "no data",
    "hang up",
    "hang",
    "hang up in data",
    "hang up after data",
    "hang after data",
    "refuse letter",
    "refuse letter for now",
]
"""What goes wrong, in the order of a conversation. After `hang up after data` and `hang after data` the letter has
been taken, and nobody is told."""

_REFUSED: dict[str, tuple[PostFault, str]] = {
    "MAIL": ("no sender", "550 not from you"),
    "RCPT": ("no recipient", "550 nobody here"),
    "DATA": ("no data", "451 not now"),
}


@dataclass(frozen=True)
class TakenLetter:
    """A letter as it arrived: its envelope, and its content without what SMTP adds."""

    sender: str
    to: tuple[str, ...]
    content: bytes


class FakePostOffice(Loopback):
    """The server. `letters` is what it took, `commands` what it was asked, without passwords; where it has a `login`,
    nobody else is let in; where it has a context, it has STARTTLS, or with `at_once` speaks over TLS from the start."""

    def __init__(
        self,
        fault: PostFault = "",
        *,
        login: tuple[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        at_once: bool = False,
    ) -> None:
        super().__init__()
        self.fault, self.login, self.tls, self.at_once = fault, login, tls, at_once
        self.letters: list[TakenLetter] = []
        self.commands: list[str] = []

    def listen(self) -> socketserver.TCPServer:
        server = _Server(("127.0.0.1", 0), _Session)
        server.office = self
        return server


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    office: FakePostOffice

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is what some tests are about."""


class _Session(socketserver.StreamRequestHandler):
    """One conversation."""

    def setup(self) -> None:
        if self._office.tls and self._office.at_once:
            self.request = self._office.tls.wrap_socket(self.request, server_side=True)
        super().setup()
        self.sender, self.to, self.known = "", [], self._office.login is None  # type: tuple[str, list[str], bool]

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def handle(self) -> None:
        office = self._office
        if office.fault == "hang":
            office.closing.wait()
            return
        self._say({"bad greeting": "SSH-2.0", "busy": "421 too busy"}.get(office.fault, "220 ready"))
        while line := self.rfile.readline().decode("ascii").strip():
            if not self._answer(line):
                return

    @property
    def _office(self) -> FakePostOffice:
        return cast(_Server, self.server).office

    def _answer(self, line: str) -> bool:
        """Does the conversation go on?"""
        name, _, rest = line.partition(" ")
        name, office = name.upper(), self._office
        office.commands.append(name if name == "AUTH" else line)
        refused = _REFUSED.get(name)
        if name == "MAIL" and office.fault == "hang up":
            return False
        if refused and office.fault == refused[0]:
            self._say(refused[1])
            return True
        match name:
            case "EHLO":
                self._say(
                    "250-here", *(["250-STARTTLS"] if office.tls and not office.at_once else []), "250 AUTH PLAIN"
                )
            case "STARTTLS":
                self._say("220 go on")
                self._secure()
            case "AUTH":
                self._let_in(rest)
            case "MAIL" | "RCPT":
                self._envelope(name, rest)
            case "DATA":
                return self._letter()
            case "QUIT":
                self._say("221 bye")
                return False
            case _:
                self._say("500 what?")
        return True

    def _secure(self) -> None:
        assert self._office.tls is not None
        self.request = self._office.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def _let_in(self, rest: str) -> None:
        login = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")[1:]
        self.known = self.known or tuple(login) == self._office.login
        self._say("235 welcome" if self.known else f"535 not with {rest}")

    def _envelope(self, name: str, rest: str) -> None:
        address = rest.partition("<")[2].partition(">")[0]
        if name == "MAIL":
            self.sender = address
        else:
            self.to.append(address)
        self._say("250 yes" if self.known else "530 who are you?")

    def _letter(self) -> bool:
        office = self._office
        self._say("354 go on")
        if office.fault == "hang up in data":
            return False
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line.removeprefix(b"."))
        if office.fault == "refuse letter":
            self._say("554 spam")
            return True
        if office.fault == "refuse letter for now":
            self._say("451 not now")
            return True
        office.letters.append(TakenLetter(self.sender, tuple(self.to), b"".join(lines)))
        if office.fault == "hang after data":
            office.closing.wait()
        if office.fault in ("hang after data", "hang up after data"):
            return False
        self._say("250 taken")
        return True

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode("ascii"))
