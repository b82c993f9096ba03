"""Tool `file`: on real folders, with links in the way and others who write there too."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from platos import Environment, Receipt
from platos.core.digest import digest, digest_bytes
from platos.errors import Broken, PermissionDenied, StaleWorld, Unavailable
from platos.testing.tool import check_tool
from platos.tools._undo import keep
from platos.tools.file import Change, File

KEY, OTHER, THIRD = digest("an act"), digest("another act"), digest("a third act")


@pytest.fixture
def root(environment: Environment) -> Path:
    return environment.workspace


@pytest.fixture
def file(environment: Environment) -> File:
    return File(File.Options(), environment)


def writing(text: str, path: str = "a.md") -> Change:
    return Change(path=path, text=text)


def undoing(key: str, path: str = "a.md") -> Change:
    return Change(path=path, undo=key)


def put(root: Path, text: str, path: str = "a.md") -> Path:
    there = root / "files" / path
    there.parent.mkdir(parents=True, exist_ok=True)
    there.write_text(text)
    return there


async def test_it_keeps_what_its_class_promises(file: File) -> None:
    await check_tool(file, {"path": "notes/2026/märz.md", "text": "# März\n"})


async def test_a_file_that_stands_is_replaced_and_the_receipt_tells_both_digests(file: File, root: Path) -> None:
    there = put(root, "old\n")
    receipt = await file.call(writing("new\n"), KEY)
    assert there.read_text() == "new\n"
    assert receipt == Receipt(
        summary="wrote files/a.md",
        data={
            "path": "files/a.md",
            "sha256_before": digest_bytes(b"old\n"),
            "sha256": digest_bytes(b"new\n"),
            "undo": KEY,
        },
    )
    assert sorted(os.listdir(root / "files")) == ["a.md"]


async def test_it_is_written_only_where_the_file_is_what_was_seen(file: File, root: Path) -> None:
    there = put(root, "old\n")
    seen = await file.observe(writing("new\n"))
    assert seen == {"files/a.md": digest_bytes(b"old\n")}
    there.write_text("a person's\n")
    with pytest.raises(StaleWorld, match="has changed") as caught:
        await file.call_if(writing("new\n"), KEY, seen)
    assert not caught.value.sent
    assert there.read_text() == "a person's\n"


async def test_a_file_that_came_since_is_not_written_over(file: File, root: Path) -> None:
    seen = await file.observe(writing("new\n"))
    assert seen == {"files/a.md": "absent"}
    there = put(root, "a person's\n")
    with pytest.raises(StaleWorld):
        await file.call_if(writing("new\n"), KEY, seen)
    assert there.read_text() == "a person's\n"


class Interrupted(File):
    """Somebody writes to the file while the new text is being prepared."""

    def _replace(self, folder: int, where: str, key: str, wanted: bytes | None, before: str) -> None:
        (self._root / where).write_text("a person's\n")
        super()._replace(folder, where, key, wanted, before)


async def test_what_is_written_while_the_act_is_under_way_is_not_written_over(environment: Environment) -> None:
    put(environment.workspace, "old\n")
    with pytest.raises(StaleWorld):
        await Interrupted(File.Options(), environment).call(writing("new\n"), KEY)
    assert (environment.workspace / "files/a.md").read_text() == "a person's\n"
    assert os.listdir(environment.workspace / "files") == ["a.md"]


async def test_an_undo_gives_back_what_was_and_can_be_undone(file: File, root: Path) -> None:
    there = put(root, "old\n")
    done = await file.call(writing("new\n"), KEY)
    undone = await file.call(undoing(done.data["undo"]), OTHER)
    assert there.read_text() == "old\n"
    assert await file.call(undoing(KEY), OTHER) == undone == await file.probe(undoing(KEY), OTHER)
    await file.call(undoing(undone.data["undo"]), THIRD)
    assert there.read_text() == "new\n"


async def test_to_undo_the_making_of_a_file_is_to_remove_it(file: File, root: Path) -> None:
    await file.call(writing("new\n"), KEY)
    undone = await file.call(undoing(KEY), OTHER)
    assert undone.summary == "removed files/a.md"
    assert not (root / "files/a.md").exists()
    assert await file.probe(undoing(KEY), OTHER) == undone


async def test_what_was_edited_since_is_not_undone(file: File, root: Path) -> None:
    await file.call(writing("new\n"), KEY)
    put(root, "a person's\n")
    with pytest.raises(StaleWorld):
        await file.call(undoing(KEY), OTHER)
    assert (root / "files/a.md").read_text() == "a person's\n"


async def test_the_act_of_another_file_is_not_undone_here(file: File, root: Path) -> None:
    await file.call(writing("secret\n", "b.md"), KEY)
    await file.call(writing("new\n", "b.md"), OTHER)
    put(root, "new\n")
    with pytest.raises(PermissionDenied, match="another file"):
        await file.call(undoing(OTHER), THIRD)


@pytest.mark.parametrize("damage", ["", "{}\n", "no json\nx", '{"path":"files/a.md","before":"d0","after":"d1"}\nold'])
async def test_what_is_kept_and_was_damaged_is_not_given_back(file: File, root: Path, damage: str) -> None:
    await file.call(writing("new\n"), KEY)
    (root / ".undo" / KEY).write_text(damage)
    with pytest.raises(Broken, match="nothing is kept"):
        await file.call(undoing(KEY), OTHER)


async def test_of_the_acts_before_only_the_latest_are_kept(environment: Environment, root: Path) -> None:
    file = File(File.Options(keep=2), environment)
    for number in range(4):
        await file.call(writing(f"{number}\n"), digest(number))
    assert sorted(os.listdir(root / ".undo")) == sorted([digest(2), digest(3)])


async def test_cut_off_between_keeping_and_writing_it_is_not_found_and_can_be_sent(file: File, root: Path) -> None:
    put(root, "old\n")
    await to_thread.run_sync(keep, root, KEY, "files/a.md", b"old\n", digest_bytes(b"new\n"), 9)
    (root / "files" / f".{KEY[:16]}.part").write_text("ne")
    assert await file.probe(writing("new\n"), KEY) is None
    await file.call(writing("new\n"), KEY)
    assert os.listdir(root / "files") == ["a.md"]


async def test_the_preview_is_a_unified_diff(file: File, root: Path) -> None:
    put(root, "one\ntwo\n")
    assert await file.preview(writing("one\nthree")) == (
        "--- files/a.md\n+++ files/a.md\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n\\ no newline at the end\n"
    )
    await file.call(writing("one\n"), KEY)
    assert (await file.preview(undoing(KEY))).endswith("@@ -1 +1,2 @@\n one\n+two\n")
    assert await file.preview(writing("one\n")) == "nothing: files/a.md is like that already"


async def test_the_preview_of_what_is_no_text_tells_sizes(file: File, root: Path) -> None:
    (root / "files").mkdir()
    (root / "files/a.md").write_bytes(b"\xff\x00")
    assert "from 2 bytes to 4 bytes" in await file.preview(writing("new\n"))
    assert "from 2 bytes to 5,001 bytes" in await file.preview(writing("\n" * 5_001))


@pytest.mark.parametrize("link", ["files", "files/notes", "files/notes/a.md"])
@pytest.mark.parametrize("inside", [True, False], ids=["to the inside", "to the outside"])
async def test_no_link_is_ever_followed(file: File, root: Path, link: str, inside: bool) -> None:
    target = (root if inside else root.parent) / "target"
    target.mkdir()
    (target / "a.md").write_text("untouched")
    (target / "notes").mkdir()
    (root / link).parent.mkdir(parents=True, exist_ok=True)
    (root / link).symlink_to(target / "a.md" if link.endswith("a.md") else target)
    for act in (file.call(writing("new", "notes/a.md"), KEY), file.observe(writing("new", "notes/a.md"))):
        with pytest.raises(PermissionDenied, match="a link"):
            await act
    assert (target / "a.md").read_text() == "untouched"
    assert os.listdir(target / "notes") == []


async def test_a_pipe_or_folder_in_the_place_of_the_file_is_refused_and_not_waited_for(file: File, root: Path) -> None:
    (root / "files" / "b.md").mkdir(parents=True)
    os.mkfifo(root / "files/a.md")
    for path in ("a.md", "b.md", "a.md/c.md"):
        with pytest.raises(PermissionDenied):
            await file.call(writing("new", path), KEY)


async def test_what_is_too_large_is_refused_before_and_after(environment: Environment, root: Path) -> None:
    file = File(File.Options(most_bytes=5), environment)
    with pytest.raises(Broken, match="the text has 6 bytes"):
        await file.call(writing("123456"), KEY)
    put(root, "123456")
    with pytest.raises(Broken, match="more than 5 bytes"):
        await file.call(writing("1"), KEY)


async def test_a_folder_that_cannot_be_written_to_may_have_been_written_to(
    file: File, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="No space left"):
        await file.call(writing("new\n"), KEY)


async def test_the_permissions_of_a_file_that_stood_stay(file: File, root: Path) -> None:
    put(root, "old\n").chmod(0o600)
    await file.call(writing("new\n"), KEY)
    assert (root / "files/a.md").stat().st_mode & 0o777 == 0o600


PATHS = [
    "../a",
    "/etc/passwd",
    "a/../../b",
    ".env",
    ".git/hooks/x",
    "a/.b",
    "-rf",
    "a//b",
    "a/",
    "",
    ".",
    "a\0b",
    "a\nb",
]


@pytest.mark.parametrize("path", [*PATHS, "a\\b", "~/a", "x" * 101, "a/" * 200 + "b", "a.", "a ", "C:a"])
def test_no_path_leads_out_of_the_folder_or_to_what_is_hidden(path: str) -> None:
    with pytest.raises(ValidationError, match="a relative path of plain names"):
        writing("", path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(path=st.text(min_size=1, max_size=30) | st.text("./a-~\\ ", min_size=1, max_size=12))
async def test_whatever_path_is_asked_for_only_the_folder_changes(file: File, root: Path, path: str) -> None:
    try:
        change = writing("x", path)
    except ValidationError:
        return
    (root / "files").mkdir(exist_ok=True)
    before = set(root.parent.rglob("*"))
    try:
        await file.call(change, digest(path))
    except PermissionDenied:  # a file of an example before stands in the place of a folder
        return
    made = {each for each in set(root.parent.rglob("*")) - before if ".undo" not in each.parts}
    assert all(each.is_relative_to(root / "files") for each in made)


@pytest.mark.parametrize(
    "folder", ["/tmp", "../x", ".", "", ".platos", "a/../b", "specialists", "specialists/x", ".git"]
)
def test_a_folder_that_is_not_a_tools_to_write_to_is_no_option(folder: str) -> None:
    with pytest.raises(ValidationError):
        File.Options(folder=folder)


@pytest.mark.parametrize("change", [{}, {"text": "a", "undo": KEY}, {"undo": "../x"}, {"undo": "K" * 64}])
def test_either_a_text_or_an_act_to_undo_is_asked_for(change: Any) -> None:
    with pytest.raises(ValidationError):
        Change(path="a.md", **change)
