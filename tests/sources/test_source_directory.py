"""The source `directory`: which files are read, and when they are read again."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from platos.errors import Unavailable
from platos.ports.source import Polled
from platos.sources import _content
from platos.sources._file import open_plain
from platos.sources.directory import Directory
from platos.testing.source import environment_in

MakeDirectory = Callable[..., Directory]


def ids(polled: Polled) -> list[str]:
    return [item.id for item in polled.items]


def problems(polled: Polled) -> dict[str, str]:
    return {problem.where: problem.why for problem in polled.problems}


async def test_a_file_is_an_item_under_its_relative_path(directory: Directory, folder: Path) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / "note.txt").write_text("\n  first line\nsecond")
    os.utime(folder / "deep" / "note.txt", (1_000, 1_000))
    (item,) = (await directory.poll(None)).items
    assert (item.id, item.kind, item.title) == ("deep/note.txt", "text", "first line")
    assert (item.ts, item.fields) == (1_000_000_000, {"name": "note.txt", "bytes": 20})


async def test_the_title_of_markdown_is_its_first_heading(directory: Directory, folder: Path) -> None:
    (folder / "plan.MD").write_text("before\n\n## The plan ##\n\n# Later")
    (item,) = (await directory.poll(None)).items
    assert (item.kind, item.title) == ("markdown", "The plan")


async def test_an_absolute_path_is_polled(tmp_path: Path, folder: Path) -> None:
    (folder / "a.txt").write_text("a")
    options = Directory.Options(path=str(folder))
    assert ids(await Directory(options, environment_in(tmp_path / "elsewhere")).poll(None)) == ["a.txt"]


async def test_an_unchanged_folder_gives_its_cursor_back_and_opens_nothing(
    directory: Directory, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.txt", "b.md", "c.eml", "picture.png", "d.mbox"):
        (folder / name).write_bytes(b"\0" if name == "picture.png" else b"From here\n\nhello")
    first = await directory.poll(None)

    def refuse(path: str) -> None:
        raise AssertionError(f"{path} was opened")

    monkeypatch.setattr(_content, "open_plain", refuse)
    assert await directory.poll(first.cursor) == Polled(cursor=first.cursor)
    with pytest.raises(AssertionError, match="was opened"):
        await directory.poll(None)


async def test_only_what_changed_is_yielded(directory: Directory, folder: Path) -> None:
    (folder / "a.txt").write_text("a")
    (folder / "b.txt").write_text("b")
    first = await directory.poll(None)
    (folder / "b.txt").write_text("b, and more")
    (folder / "c.txt").write_text("c")
    assert ids(await directory.poll(first.cursor)) == ["b.txt", "c.txt"]


async def test_a_back_dated_file_is_found(directory: Directory, folder: Path) -> None:
    (folder / "new.txt").write_text("new")
    first = await directory.poll(None)
    (folder / "old.txt").write_text("old")
    os.utime(folder / "old.txt", (1, 1))
    assert ids(await directory.poll(first.cursor)) == ["old.txt"]


async def test_a_change_that_keeps_size_and_date_is_found(directory: Directory, folder: Path) -> None:
    file = folder / "a.txt"
    file.write_text("one")
    os.utime(file, (1, 1))
    first = await directory.poll(None)
    (folder / "fresh").write_text("two")
    (folder / "fresh").rename(file)
    os.utime(file, (1, 1))
    assert [item.text for item in (await directory.poll(first.cursor)).items] == ["two"]


async def test_a_touched_file_keeps_its_content_digest(directory: Directory, folder: Path) -> None:
    (folder / "a.txt").write_text("a")
    first = await directory.poll(None)
    os.utime(folder / "a.txt", (1, 1))
    second = await directory.poll(first.cursor)
    assert second.cursor != first.cursor
    assert [item.digest() for item in second.items] == [item.digest() for item in first.items]


async def test_a_removed_file_falls_out_of_the_cursor(directory: Directory, folder: Path) -> None:
    (folder / "gone.txt").write_text("a")
    first = await directory.poll(None)
    (folder / "gone.txt").unlink()
    assert b"gone.txt" not in (await directory.poll(first.cursor)).cursor


async def test_hidden_files_and_folders_are_ignored(directory: Directory, folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("a")
    (folder / ".secret").write_text("a")
    assert await directory.poll(None) == Polled(cursor=b"{}")


async def test_patterns_choose_by_name_or_path(make_directory: MakeDirectory, folder: Path) -> None:
    (folder / "logs").mkdir()
    for name in ("a.md", "b.txt", "logs/c.txt", "logs/d.md"):
        (folder / name).write_text(name)
    polled = await make_directory(pattern=["*.md", "logs/*"]).poll(None)
    assert sorted(ids(polled)) == ["a.md", "logs/c.txt", "logs/d.md"]


async def test_items_come_oldest_first(directory: Directory, folder: Path) -> None:
    for name, when in (("c", 1), ("a", 3), ("b", 2), ("d", 2)):
        (folder / name).write_text(name)
        os.utime(folder / name, (when, when))
    assert ids(await directory.poll(None)) == ["c", "b", "d", "a"]


async def test_a_missing_folder_is_unavailable_with_a_hint(make_directory: MakeDirectory) -> None:
    with pytest.raises(Unavailable) as raised:
        await make_directory(path="nowhere").poll(None)
    assert "create it" in raised.value.hint
    assert raised.value.where.endswith("nowhere")


async def test_a_file_in_the_place_of_the_folder_is_unavailable(make_directory: MakeDirectory, folder: Path) -> None:
    (folder / "file").write_text("a")
    with pytest.raises(Unavailable, match="Not a directory"):
        await make_directory(path="inbox/file").poll(None)


async def test_what_is_no_file_is_a_problem_once(directory: Directory, folder: Path, tmp_path: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "dangling").symlink_to("nothing")
    (folder / "loop").symlink_to("loop")
    (folder / "picture.png").write_bytes(b"\x89PNG\0")
    (folder / "fine.txt").write_text("fine")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket"))
        first = await directory.poll(None)
        second = await directory.poll(first.cursor)
    assert ids(first) == ["fine.txt"]
    assert sorted(problems(first)) == ["dangling", "loop", "picture.png", "pipe", "socket"]
    assert problems(first)["picture.png"] == "not text"
    assert second == Polled(cursor=first.cursor)


async def test_a_link_is_followed_inside_the_folder_and_never_out_of_it(
    directory: Directory, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_text("secret")
    (folder / "file").symlink_to(tmp_path / "outside" / "secret.txt")
    (folder / "folder").symlink_to(tmp_path / "outside")
    (folder / "up").symlink_to("..")
    (folder / ".data").mkdir()
    (folder / ".data" / "v1").write_text("inside")
    (folder / "current").symlink_to(".data/v1")
    (folder / "itself").symlink_to(".")
    polled = await directory.poll(None)
    assert [(item.id, item.text) for item in polled.items] == [("current", "inside")]
    assert problems(polled) == dict.fromkeys(("file", "folder", "up"), "a link that leads out of the folder")


async def test_a_maildir_made_of_links_does_not_lead_out(directory: Directory, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "1.host").write_text("Subject: secret\n\nsecret")
    (folder / "mail").mkdir()
    for name in ("cur", "new", "tmp"):
        (folder / "mail" / name).symlink_to(tmp_path / "outside")
    polled = await directory.poll(None)
    assert polled.items == ()
    assert sorted(problems(polled)) == ["mail/cur", "mail/new", "mail/tmp"]


async def test_a_dangling_link_is_read_once_it_leads_somewhere(directory: Directory, folder: Path) -> None:
    (folder / "link").symlink_to("later")
    first = await directory.poll(None)
    (folder / "later").write_text("here")
    assert ids(await directory.poll(first.cursor)) == ["later", "link"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
async def test_an_unreadable_file_is_a_problem_until_it_is_readable(directory: Directory, folder: Path) -> None:
    (folder / "a.txt").write_text("a")
    (folder / "a.txt").chmod(0)
    first = await directory.poll(None)
    again = await directory.poll(first.cursor)
    assert problems(first) == problems(again) == {"a.txt": "cannot be read: Permission denied"}


async def test_a_file_that_cannot_be_read_is_tried_again(
    directory: Directory, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.txt").write_text("a")
    with monkeypatch.context() as patch:
        patch.setattr(_content, "open_plain", lambda path: open_plain(f"{path}/not a folder"))
        first = await directory.poll(None)
    assert problems(first) == {"a.txt": "cannot be read: Not a directory"}
    assert ids(await directory.poll(first.cursor)) == ["a.txt"]


async def test_a_file_that_is_being_written_waits_for_the_next_poll(
    directory: Directory, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.txt").write_text("half")

    def read_while_written(file: object) -> object:
        with (folder / "a.txt").open("a") as writer:
            writer.write(" and half")
        return iter((b"half",))

    with monkeypatch.context() as patch:
        patch.setattr(_content, "chunks", read_while_written)
        assert await directory.poll(None) == Polled(cursor=b"{}")
    assert [item.text for item in (await directory.poll(b"{}")).items] == ["half and half"]


async def test_a_file_replaced_between_the_look_and_the_opening_waits(
    directory: Directory, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.txt").write_text("mine")
    (tmp_path / "secret").write_text("secret")
    monkeypatch.setattr(_content, "open_plain", lambda path: (tmp_path / "secret").open("rb"))
    assert await directory.poll(None) == Polled(cursor=b"{}")


async def test_invalid_utf8_is_replaced_and_said_so(directory: Directory, folder: Path) -> None:
    (folder / "latin.txt").write_bytes(b"caf\xe9")
    (folder / "other.txt").write_bytes(b"caf\xe8")
    latin, other = sorted((await directory.poll(None)).items, key=lambda item: item.id)
    assert latin.text == other.text == "caf\N{REPLACEMENT CHARACTER}"
    assert "invalid UTF-8" in latin.fields["encoding"]
    assert latin.fields["sha256"] != other.fields["sha256"]


async def test_a_cut_character_is_no_encoding_error(make_directory: MakeDirectory, folder: Path) -> None:
    (folder / "a.txt").write_text("aé", "utf-8")
    (item,) = (await make_directory(most_bytes=2).poll(None)).items
    assert item.text == "a"
    assert "encoding" not in item.fields


async def test_a_byte_order_mark_is_no_text(directory: Directory, folder: Path) -> None:
    (folder / "a.txt").write_text("a", "utf-8-sig")
    assert [item.text for item in (await directory.poll(None)).items] == ["a"]


async def test_a_hundred_megabytes_are_cut_and_a_change_at_their_end_is_a_change(
    directory: Directory, folder: Path
) -> None:
    size = 100_000_000
    with (folder / "huge.txt").open("wb") as file:
        file.writelines([b"x" * 1_000_000] * 100)
    first = await directory.poll(None)
    (item,) = first.items
    assert len(item.text) == 1_000_000
    assert (item.fields["truncated"], item.fields["bytes"]) == (True, size)
    with (folder / "huge.txt").open("r+b") as file:
        file.seek(size - 1)
        file.write(b"y")
    (changed,) = (await directory.poll(first.cursor)).items
    assert changed.text == item.text
    assert changed.digest() != item.digest()


async def test_a_name_that_is_no_utf8_is_written_out(directory: Directory, folder: Path) -> None:
    (folder / os.fsdecode(b"bad\xff.txt")).write_text("a")
    polled = await directory.poll(None)
    assert ids(polled) == ["bad\\xff.txt"]
    assert (await directory.poll(polled.cursor)).cursor == polled.cursor


@pytest.mark.parametrize("options", [{"path": "a", "pattern": []}, {"path": "a", "most_bytes": 0}, {"paht": "a"}, {}])
def test_options_that_make_no_sense_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Directory.Options.model_validate(options)


Change = tuple[str, str, int]
changes = st.lists(
    st.tuples(st.sampled_from(["write", "touch", "remove"]), st.sampled_from("abc"), st.integers(0, 5)), max_size=12
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=st.lists(changes, max_size=4))
async def test_polls_from_cursor_to_cursor_miss_no_content(
    directory: Directory, folder: Path, days: list[list[Change]]
) -> None:
    empty(folder)
    cursor, seen = None, set[tuple[str, str]]()
    for day in days:
        for change in day:
            apply(folder, change)
        polled = await directory.poll(cursor)
        cursor = polled.cursor
        seen |= {(item.id, item.text) for item in polled.items}
        assert seen >= contents(folder)


def apply(folder: Path, change: Change) -> None:
    what, name, value = change
    file = folder / name
    if what == "write":
        file.write_text("x" * value)
    elif file.exists() and what == "touch":
        os.utime(file, (value, value))
    elif file.exists():
        file.unlink()


def empty(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


def contents(folder: Path) -> set[tuple[str, str]]:
    return {(file.name, file.read_text()) for file in folder.iterdir()}


async def test_a_file_that_is_gone_is_withdrawn_once(directory: Directory, folder: Path) -> None:
    for name in ("a.txt", "b#1.txt", "sub.txt"):
        (folder / name).write_text("here")
    first = await directory.poll(None)
    for name in ("a.txt", "b#1.txt"):
        (folder / name).unlink()
    second = await directory.poll(first.cursor)
    assert second.withdrawn == ("a.txt", "b#1.txt")
    assert await directory.poll(second.cursor) == Polled(cursor=second.cursor)


async def test_a_file_that_goes_while_it_is_read_is_withdrawn_at_the_next_poll(
    directory: Directory, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.txt").write_text("one")
    first = await directory.poll(None)
    (folder / "a.txt").write_text("another")

    def late(path: str) -> BinaryIO:
        os.unlink(path)
        return open_plain(path)

    with monkeypatch.context() as patch:
        patch.setattr("platos.sources._content.open_plain", late)
        second = await directory.poll(first.cursor)
    assert (second.cursor, second.withdrawn) == (first.cursor, ())
    assert (await directory.poll(second.cursor)).withdrawn == ("a.txt",)


async def test_a_file_that_no_pattern_fits_now_is_not_withdrawn(make_directory: MakeDirectory, folder: Path) -> None:
    (folder / "a.txt").write_text("here")
    first = await make_directory().poll(None)
    assert (await make_directory(pattern=["*.md"]).poll(first.cursor)).withdrawn == ()


@pytest.mark.parametrize("name", ["box.mbox", "box/new/1"])
async def test_a_message_that_is_gone_from_a_mailbox_is_not_withdrawn(
    directory: Directory, folder: Path, name: str
) -> None:
    for part in ("cur", "new", "tmp"):
        (folder / "box" / part).mkdir(parents=True)
    (folder / name).write_text("From a\n\nhello")
    first = await directory.poll(None)
    (folder / name).unlink()
    second = await directory.poll(first.cursor)
    assert (len(first.items), second.withdrawn, second.cursor) == (1, (), b"{}")


async def test_a_folder_that_cannot_be_looked_into_withdraws_nothing(
    directory: Directory, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "a.txt").write_text("here")
    first = await directory.poll(None)
    lstat = os.lstat

    def refuse(path: os.PathLike[str]) -> os.stat_result:
        if Path(path).parent.name == "sub":
            raise PermissionError(13, "Permission denied")
        return lstat(path)

    with monkeypatch.context() as patch:
        patch.setattr("platos.sources._walk.os.lstat", refuse)
        second = await directory.poll(first.cursor)
    assert (second.withdrawn, second.cursor) == ((), first.cursor)
