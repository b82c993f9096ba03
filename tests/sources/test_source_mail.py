"""The source `directory`: mail in files, Maildirs and mboxes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.digest import canonical
from platos.core.instant import parse_instant
from platos.core.item import Item
from platos.sources._file import head_of
from platos.sources._html import html_text
from platos.sources._mail import as_mail
from platos.sources.directory import Directory

MakeDirectory = Callable[..., Directory]


def message(text: str = "hello", *, id: str = "<1@example.org>", subject: str = "Greetings") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "Ann <ann@example.org>", "bob@example.org", subject
    made["Date"], made["Message-ID"] = "Sat, 21 Nov 2026 10:30:00 +0100", id
    made.set_content(text)
    return made


def parsed(data: bytes) -> Item:
    return as_mail(head_of([data], 1_000_000), id="a.eml", arrived=7)


def mbox(messages: Iterable[EmailMessage]) -> bytes:
    return b"".join(b"From ann Sat Nov 21 10:30:00 2026\n" + bytes(made) + b"\n" for made in messages)


@pytest.fixture
def maildir(folder: Path) -> Path:
    for name in ("cur", "new", "tmp"):
        (folder / "mail" / name).mkdir(parents=True)
    return folder / "mail"


async def test_an_eml_file_is_a_mail_under_its_path(directory: Directory, folder: Path) -> None:
    (folder / "a.eml").write_bytes(bytes(message("hello\n")))
    (item,) = (await directory.poll(None)).items
    assert (item.id, item.kind, item.title, item.text) == ("a.eml", "mail", "Greetings", "hello\n")
    assert item.ts == parse_instant("2026-11-21T09:30:00Z")
    assert item.fields == {
        "from": "Ann <ann@example.org>",
        "to": "bob@example.org",
        "subject": "Greetings",
        "message_id": "<1@example.org>",
        "date": "2026-11-21T09:30:00Z",
    }


async def test_mail_without_a_date_has_the_time_of_its_file(directory: Directory, folder: Path) -> None:
    (folder / "a.eml").write_text("Subject: a\n\nhello")
    os.utime(folder / "a.eml", (5, 5))
    assert [item.ts for item in (await directory.poll(None)).items] == [5_000_000]


def test_attachments_are_named_and_not_read() -> None:
    made = message("see the file")
    made.add_attachment(b"secret", maintype="application", subtype="pdf", filename="../../invoice.pdf")
    made.add_attachment("more secrets", filename="notes.txt")
    made.add_attachment(message("forwarded secret"))
    item = parsed(bytes(made))
    assert item.fields["attachments"] == ["../../invoice.pdf", "notes.txt", "message/rfc822"]
    assert item.text == "see the file\n"


def test_the_plain_part_is_preferred_to_html() -> None:
    made = message("plain")
    made.add_alternative("<p>html</p>", subtype="html")
    assert parsed(bytes(made)).text == "plain\n"


def test_html_alone_is_stripped() -> None:
    made = EmailMessage()
    made.set_content(
        "<html><head><title>x</title><style>p {}</style></head><body><p>Fish &amp; <b>chips</b></p><script>evil()"
        "</script><ul><li>one<li>two</ul></body></html>",
        subtype="html",
    )
    assert parsed(bytes(made)).text == "Fish & chips\none\ntwo"


def test_unfinished_html_loses_no_text() -> None:
    assert html_text("<p>seen <!-- never closed: urgent") == "seen <!-- never closed: urgent"


@pytest.mark.parametrize("part", ["<!--", "<", "</", "&", "<a b='", "<![CDATA[", "<script></"])
def test_html_made_to_be_slow_is_read_in_one_pass(part: str) -> None:
    assert html_text(part * 20_000) is not None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\0",
        b"no header at all",
        b"Subject: =?utf-8?b?!!!?=\nDate: never\nMessage-ID: <\n\nhello",
        b"From: [[[\nTo: a@[\nContent-Type: multipart/mixed; boundary=x\n\n--y\n",
        b"Content-Type: text/plain; charset=nonsense\n\nhello",
        b"Content-Type: text/plain; charset=idna\n\nhel\xfflo",
        b"Content-Transfer-Encoding: base64\n\n!!!",
        b"Date: Mon, 31 Dec 9999 23:59:59 -2359\n\nhello",
        b"To: " + b'"' * 100_000 + b"\n\nhello",
        b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(2_000)),
    ],
)
def test_broken_mail_is_still_an_item(data: bytes) -> None:
    item = parsed(data)
    assert item.kind == "mail"
    assert canonical(item)


def test_a_mail_of_many_parts_made_to_be_slow_is_an_item() -> None:
    part = b"--x\nContent-Type: text/plain; x=" + b'"' * 1_900 + b"\n\nhello\n\n"
    item = parsed(b"Content-Type: multipart/mixed; boundary=x\n\n" + part * 400 + b"--x--\n")
    assert item.text.count("hello") == 400


def test_an_encoded_name_of_an_attachment_is_decoded() -> None:
    made = message()
    made.add_attachment(b"", maintype="image", subtype="png", filename="Übersicht 2026.png")
    assert parsed(bytes(made)).fields["attachments"] == ["Übersicht 2026.png"]


@given(st.lists(st.sampled_from([b"Subject", b"To", b"Date", b"Content-Type", b"Message-ID"])), st.binary())
def test_no_bytes_at_all_keep_mail_from_being_an_item(names: list[bytes], rest: bytes) -> None:
    assert canonical(parsed(b"".join(name + b": " + rest + b"\n" for name in names) + b"\n" + rest))


def test_a_multipart_mail_without_parts_loses_no_text() -> None:
    assert parsed(b"Content-Type: multipart/mixed\n\nurgent").text == "urgent"


def test_a_character_set_that_is_wrong_is_said_so() -> None:
    item = parsed(b"Content-Type: text/plain; charset=utf-8\n\ncaf\xe9")
    assert item.text == "caf\N{REPLACEMENT CHARACTER}"
    assert "invalid" in item.fields["encoding"]


async def test_each_message_of_a_maildir_is_an_item(directory: Directory, maildir: Path) -> None:
    (maildir / "new" / "1.host").write_bytes(bytes(message("one")))
    (maildir / "cur" / "2.host:2,S").write_bytes(bytes(message("two", id="<2@example.org>")))
    (maildir / "tmp" / "3.host").write_bytes(b"half a mess")
    items = (await directory.poll(None)).items
    assert {(item.id.partition("~")[0], item.text) for item in items} == {
        ("mail#<1@example.org>", "one\n"),
        ("mail#<2@example.org>", "two\n"),
    }


async def test_a_message_that_is_read_and_flagged_stays_the_same_item(directory: Directory, maildir: Path) -> None:
    (maildir / "new" / "1.host").write_bytes(bytes(message()))
    first = await directory.poll(None)
    (maildir / "new" / "1.host").rename(maildir / "cur" / "1.host:2,RS")
    second = await directory.poll(first.cursor)
    assert {(item.id, item.digest()) for item in second.items} <= {(item.id, item.digest()) for item in first.items}
    assert (await directory.poll(second.cursor)).cursor == second.cursor


async def test_the_folder_itself_may_be_a_maildir(make_directory: MakeDirectory, maildir: Path) -> None:
    (maildir / "new" / "1.host").write_bytes(bytes(message()))
    (item,) = (await make_directory(path="inbox/mail", pattern=["*.md"]).poll(None)).items
    assert item.text == "hello\n"


async def test_a_pattern_leaves_a_maildir_out_as_a_whole(make_directory: MakeDirectory, maildir: Path) -> None:
    (maildir / "new" / "1.md").write_bytes(bytes(message()))
    assert (await make_directory(pattern=["*.md"]).poll(None)).items == ()


async def test_each_message_of_an_mbox_is_an_item(directory: Directory, folder: Path) -> None:
    (folder / "a.mbox").write_bytes(mbox([message("one\n>From here on"), message("two", id="<2@example.org>")]))
    items = (await directory.poll(None)).items
    assert sorted(item.text for item in items) == ["one\nFrom here on\n", "two\n"]


async def test_a_message_stays_the_same_when_another_is_put_after_it(directory: Directory, folder: Path) -> None:
    (folder / "a.mbox").write_bytes(mbox([message("one")]))
    first = await directory.poll(None)
    (folder / "a.mbox").write_bytes(mbox([message("one"), message("two", id="<2@example.org>")]))
    second = await directory.poll(first.cursor)
    assert len(second.items) == 2
    assert {item.id for item in first.items} < {item.id for item in second.items}


async def test_two_messages_with_one_message_id_hide_neither(directory: Directory, folder: Path, maildir: Path) -> None:
    pair = [message("the warning"), message("a lure with the same id")]
    (folder / "a.mbox").write_bytes(mbox(pair))
    first = await directory.poll(None)
    for number, made in enumerate(pair):
        (maildir / "new" / f"{number}.host").write_bytes(bytes(made))
    second = await directory.poll(first.cursor)
    for polled in (first, second):
        assert {item.text for item in polled.items} == {"the warning\n", "a lure with the same id\n"}
        assert len({item.id for item in polled.items}) == 2


async def test_a_message_without_an_id_is_called_by_its_digest(directory: Directory, folder: Path) -> None:
    (folder / "a.mbox").write_bytes(b"From a\n\nhello\n\nFrom b\n\nworld\n")
    assert len({item.id for item in (await directory.poll(None)).items}) == 2


async def test_a_long_message_in_an_mbox_is_cut_by_itself(make_directory: MakeDirectory, folder: Path) -> None:
    (folder / "a.mbox").write_bytes(mbox([message("x" * 300_000), message("short", id="<2@example.org>")]))
    long, short = sorted((await make_directory(most_bytes=2_000).poll(None)).items, key=lambda item: -len(item.text))
    assert long.fields["truncated"]
    assert short.text == "short\n"


async def test_an_mbox_that_is_none_is_a_problem(directory: Directory, folder: Path) -> None:
    (folder / "a.mbox").write_text("just text")
    (folder / "empty.mbox").write_text("")
    polled = await directory.poll(None)
    assert [problem.where for problem in polled.problems] == ["a.mbox"]
