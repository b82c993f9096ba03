"""The source `imap`: mail over real IMAP, and servers that do not behave."""

from __future__ import annotations

import logging
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from platos.core.instant import parse_instant
from platos.errors import AuthFailed, TimedOut, Unavailable
from platos.ports.source import Polled
from platos.sources import _imap
from platos.sources.imap import Imap
from platos.testing.imap import FakeMailServer, Fault
from platos.testing.source import check_source, environment_in

PASSWORD = 'hunter2 "\\'

MakeImap = Callable[..., Imap]


@pytest.fixture
def server() -> Iterator[FakeMailServer]:
    with FakeMailServer(user="ann", password=PASSWORD) as server:
        yield server


@pytest.fixture
def make_imap(tmp_path: Path, server: FakeMailServer) -> MakeImap:
    """`make_imap(most=2)`: a source over the server's mailbox, with those options."""

    def make(password: str = PASSWORD, **options: object) -> Imap:
        written = {"host": "127.0.0.1", "port": server.port, "user": "ann", "password": "env:MAIL", "tls": False}
        environment = replace(environment_in(tmp_path), secret=lambda reference: password)
        return Imap(Imap.Options.model_validate({**written, **options}), environment)

    return make


@pytest.fixture
def imap(make_imap: MakeImap) -> Imap:
    return make_imap()


def letter(subject: str, text: str = "hello", id: str = "") -> bytes:
    return f"Subject: {subject}\r\nMessage-ID: <{id or subject}@example.org>\r\n\r\n{text}".encode()


def titles(polled: Polled) -> list[str]:
    return [item.title for item in polled.items]


async def test_imap_keeps_the_contract(imap: Imap, server: FakeMailServer) -> None:
    server.deliver(letter("first"))
    await check_source(lambda: imap, lambda: server.deliver(letter("second")))


async def test_a_message_is_a_mail_under_its_message_id(imap: Imap, server: FakeMailServer) -> None:
    server.deliver(letter("Greetings"), arrived=" 7-Nov-2026 10:30:00 +0100")
    (item,) = (await imap.poll(None)).items
    assert item.id.startswith("INBOX#<Greetings@example.org>~")
    assert (item.kind, item.title, item.text) == ("mail", "Greetings", "hello")
    assert item.ts == parse_instant("2026-11-07T09:30:00Z")


async def test_an_empty_mailbox_has_nothing_yet(imap: Imap, server: FakeMailServer) -> None:
    empty = await imap.poll(None)
    server.deliver(letter("first"))
    assert empty.items == ()
    assert titles(await imap.poll(empty.cursor)) == ["first"]


async def test_a_mailbox_is_only_read(imap: Imap, server: FakeMailServer) -> None:
    server.deliver(letter("first"))
    await imap.poll(None)
    names = [command.split()[0] for command in server.commands]
    assert names == ["CAPABILITY", "LOGIN", "EXAMINE", "UID", "UID", "LOGOUT"]
    assert all("PEEK" in command for command in server.commands if "FETCH" in command)


async def test_more_than_a_poll_takes_is_yielded_by_the_next_ones(make_imap: MakeImap, server: FakeMailServer) -> None:
    imap, cursor, found = make_imap(most=2), None, []
    for number in range(5):
        server.deliver(letter(f"{number}"))
    for _ in range(4):
        polled = await imap.poll(cursor)
        cursor = polled.cursor
        found.append(titles(polled))
    assert found == [["0", "1"], ["2", "3"], ["4"], []]


async def test_messages_numbered_anew_are_read_again_under_the_same_ids(imap: Imap, server: FakeMailServer) -> None:
    server.deliver(letter("gone"))
    server.deliver(letter("first"))
    first = await imap.poll(None)
    server.messages = server.messages[1:]
    server.renumber()
    server.deliver(letter("second"))
    second = await imap.poll(first.cursor)
    assert titles(second) == ["first", "second"]
    assert second.items[0].digest() == first.items[1].digest()


async def test_two_messages_with_one_message_id_are_two_items(imap: Imap, server: FakeMailServer) -> None:
    server.deliver(letter("one", id="same"))
    server.deliver(letter("other", id="same"))
    assert len({item.id for item in (await imap.poll(None)).items}) == 2


async def test_a_large_message_is_fetched_in_part(make_imap: MakeImap, server: FakeMailServer) -> None:
    server.deliver(letter("large", "x" * 5_000))
    (item,) = (await make_imap(most_bytes=1_000).poll(None)).items
    assert item.fields["truncated"] is True
    assert item.fields["bytes"] == len(server.messages[0].data)
    assert 900 < len(item.text) < 1_000


async def test_a_message_of_any_bytes_is_an_item(imap: Imap, server: FakeMailServer) -> None:
    server.deliver(b"\xff\x00) BODY[] {5}\r\nno header")
    assert len((await imap.poll(None)).items) == 1


@pytest.mark.parametrize("password", ["wrong", "wr\r\nong", "fälsch"])
async def test_a_wrong_password_is_told_apart_and_never_said(
    make_imap: MakeImap, caplog: pytest.LogCaptureFixture, password: str
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(AuthFailed) as failed:
        await make_imap(password).poll(None)
    assert failed.value.where.startswith("127.0.0.1:")
    assert password not in str(failed.value) + caplog.text


async def test_a_mailbox_that_is_not_there_is_unavailable(make_imap: MakeImap) -> None:
    with pytest.raises(Unavailable, match="'Archive' cannot be opened"):
        await make_imap(mailbox="Archive").poll(None)


@pytest.mark.parametrize("fault", ["cut", "bad greeting", "bomb"])
async def test_a_server_that_breaks_off_is_unavailable_and_nothing_is_lost(
    imap: Imap, server: FakeMailServer, fault: Fault
) -> None:
    server.deliver(letter("first"))
    server.fault = fault
    with pytest.raises(Unavailable):
        await imap.poll(None)
    server.fault = ""
    assert titles(await imap.poll(None)) == ["first"]


async def test_a_server_that_hangs_is_a_timeout(
    imap: Imap, server: FakeMailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_imap, "_SECONDS", 0.1)
    server.fault = "hang"
    with pytest.raises(TimedOut, match="did not answer in time"):
        await imap.poll(None)


async def test_no_server_is_unavailable(make_imap: MakeImap) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable, match="refused"):
            await make_imap(port=taken.getsockname()[1]).poll(None)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for this machine, and its key, in one file."""
    if not shutil.which("openssl"):
        pytest.skip("certificates are made with openssl, which is not here")
    file = tmp_path / "certificate.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    subprocess.run([*made, *subject, "-keyout", file, "-out", tmp_path / "public"], check=True, capture_output=True)
    file.write_text(file.read_text() + (tmp_path / "public").read_text())
    return file


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[FakeMailServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with FakeMailServer(user="ann", password=PASSWORD, tls=context) as server:
        server.deliver(letter("first"))
        yield server


async def test_mail_is_read_over_tls(
    make_imap: MakeImap, tls_server: FakeMailServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert titles(await make_imap(host="localhost", port=tls_server.port, tls=True).poll(None)) == ["first"]


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    make_imap: MakeImap, tls_server: FakeMailServer
) -> None:
    with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
        await make_imap(host="localhost", port=tls_server.port, tls=True).poll(None)
    assert tls_server.commands == []


async def test_a_server_without_tls_is_not_spoken_to_where_tls_is_wanted(make_imap: MakeImap) -> None:
    with pytest.raises(Unavailable):
        await make_imap(tls=True).poll(None)


def test_a_password_is_sent_in_the_open_to_this_machine_alone() -> None:
    written = {"host": "mail.example.org", "user": "ann", "password": "env:MAIL", "tls": False}
    with pytest.raises(ValidationError, match="in the open"):
        Imap.Options.model_validate(written)


@pytest.mark.parametrize("mailbox", ["INBOX\r\nA1 LOGOUT", "", "Entwürfe"])
def test_a_mailbox_is_never_a_command(mailbox: str) -> None:
    written = {"host": "mail.example.org", "user": "ann", "password": "env:MAIL", "mailbox": mailbox}
    with pytest.raises(ValidationError, match="mailbox"):
        Imap.Options.model_validate(written)
