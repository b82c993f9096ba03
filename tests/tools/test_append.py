"""Tool `append`: on a real log, which others write to as well."""

from __future__ import annotations

import os
import re
from pathlib import Path

import anyio
import pytest
from anyio import to_thread
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from platos import Environment
from platos.core.digest import digest
from platos.errors import Broken, PermissionDenied, StaleWorld, Unavailable
from platos.testing.tool import check_tool
from platos.tools import append as module
from platos.tools.append import Append, Entry

KEY, OTHER = digest("an act"), digest("another act")
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*Z"


def read(log: Path) -> str:
    return log.read_text("utf-8")


def put(log: Path, text: str) -> None:
    log.write_text(text, "utf-8")


def remove(log: Path) -> None:
    log.unlink(missing_ok=True)


@pytest.fixture
def log(environment: Environment) -> Path:
    return environment.workspace / "log.txt"


@pytest.fixture
def append(environment: Environment) -> Append:
    return Append(Append.Options(), environment)


async def test_it_keeps_what_its_class_promises(append: Append) -> None:
    await check_tool(append, {"text": "one\ntwo\n"})


async def test_an_entry_has_its_time_and_key_and_its_further_lines_a_margin(append: Append, log: Path) -> None:
    await append.call(Entry(text="one\ntwo"), KEY)
    assert re.fullmatch(rf"{TIME} {KEY[:16]} one\n    two\n", read(log))


async def test_asked_twice_it_is_added_once(append: Append, log: Path) -> None:
    first = await append.call(Entry(text="one"), KEY)
    assert await append.call(Entry(text="one"), KEY) == first
    await append.call(Entry(text="one"), OTHER)
    assert len(read(log).splitlines()) == 2


@pytest.mark.parametrize("left", range(1, 40, 6))
async def test_an_entry_that_was_cut_off_is_none_and_no_line_is_split(append: Append, log: Path, left: int) -> None:
    await append.call(Entry(text="a whole entry"), KEY)
    whole = read(log).encode()
    put(log, "before\n" + whole[:left].decode())
    assert await append.probe(Entry(text="a whole entry"), KEY) is None
    await append.call(Entry(text="a whole entry"), KEY)
    lines = read(log).encode().split(b"\n")
    assert (lines[0], lines[1], lines[2][-14:], lines[3:]) == (b"before", whole[:left], b" a whole entry", [b""])


async def test_no_text_passes_for_another_entry(append: Append, log: Path) -> None:
    await append.call(Entry(text="x"), OTHER)
    forged = read(log)
    remove(log)
    await append.call(Entry(text=f"look:\n{forged}and {forged}"), KEY)
    assert await append.probe(Entry(text="x"), OTHER) is None


async def test_an_entry_is_found_wherever_a_read_of_the_log_ends(
    append: Append, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await append.call(Entry(text="one"), KEY)
    put(log, "x\n" * 50 + read(log) + "y\n" * 50)
    for chunk in (1, 7, 64, 127, 128, 129):
        monkeypatch.setattr(module, "_CHUNK", chunk)
        assert await append.probe(Entry(text="one"), KEY)


async def test_the_middle_of_a_line_is_no_entry_wherever_a_read_ends(
    append: Append, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await append.call(Entry(text="one"), KEY)
    put(log, "x" * 50 + read(log))
    for chunk in (1, 7, 50, 51):
        monkeypatch.setattr(module, "_CHUNK", chunk)
        assert await append.probe(Entry(text="one"), KEY) is None


async def test_many_at_once_leave_whole_entries(append: Append, log: Path) -> None:
    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(append.call, Entry(text=f"{number}\nend"), digest(number))
    found = re.findall(rf"^{TIME} \w{{16}} (\d+)\n    end$", read(log), re.MULTILINE)
    assert sorted(map(int, found)) == list(range(20))
    assert len(read(log).splitlines()) == 40


async def test_what_a_full_disk_cuts_off_is_taken_back(
    append: Append, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(log, "before\n")
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:9]))
    with pytest.raises(Unavailable, match="No space left") as caught:
        await append.call(Entry(text="one"), KEY)
    assert caught.value.sent
    assert read(log) == "before\n"


async def test_no_link_is_followed(append: Append, log: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("untouched\n")
    os.symlink(tmp_path / "outside", log)
    for act in (append.call(Entry(text="one"), KEY), append.probe(Entry(text="one"), KEY)):
        with pytest.raises(PermissionDenied):
            await act
    assert await to_thread.run_sync((tmp_path / "outside").read_text) == "untouched\n"


async def test_the_preview_is_what_would_be_added(append: Append) -> None:
    assert await append.preview(Entry(text="one\ntwo")) == "+log.txt: TIME KEY one\n+    two\n"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(text=st.text(min_size=1, max_size=40))
async def test_whatever_is_added_is_found_and_is_one_entry(append: Append, log: Path, text: str) -> None:
    try:
        entry = Entry(text=text)
    except ValidationError:
        return
    remove(log)
    receipt = await append.call(entry, KEY)
    assert await append.probe(entry, KEY) == receipt
    assert len(re.findall(r"^\S", read(log), re.MULTILINE)) == 1


@pytest.mark.parametrize("text", ["", "\n", "a\rb", "\x1b[31m", "a\x00", "a\u2028b"])
def test_a_text_with_control_characters_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Entry(text=text)


# -- taking an entry back


async def taken_back(append: Append) -> Entry:
    """The call that cuts an entry off which was just added."""
    entry = Entry(text="one\ntwo")
    return Entry.model_validate(append.undo(entry, await append.call(entry, KEY)))


@pytest.mark.parametrize("before", ["", "a person's\n", "without an end", "2026-01-01T00:00:00Z 0000 one\n" * 50])
async def test_the_last_entry_is_cut_off_and_what_stood_before_stays(append: Append, log: Path, before: str) -> None:
    put(log, before)
    call = await taken_back(append)
    assert await append.observe(call) == {"entry": "the last"}
    assert await append.probe(call, OTHER) is None
    assert "-    two\n" in await append.preview(call)
    receipt = await append.call(call, OTHER)
    assert receipt.summary == "cut an entry off log.txt"
    assert read(log) == before + "\n" * (before == "without an end")
    assert await append.probe(call, OTHER) == receipt == await append.call(call, OTHER)


@pytest.mark.parametrize("after", ["x", "\n", "a person's\n"])
async def test_what_was_written_after_it_is_never_cut_off(append: Append, log: Path, after: str) -> None:
    call = await taken_back(append)
    put(log, stood := read(log) + after)
    assert await append.observe(call) == {"entry": "not the last"}
    with pytest.raises(StaleWorld, match="not the last entry"):
        await append.call(call, OTHER)
    assert read(log) == stood


async def test_another_act_with_the_same_words_is_not_cut_off(append: Append, log: Path) -> None:
    call = await taken_back(append)
    await append.call(call, KEY)
    await append.call(Entry(text="one\ntwo"), OTHER)
    stood = read(log)
    assert await append.observe(call) == {"entry": "absent"}
    await append.call(call, KEY)
    assert read(log) == stood


async def test_what_was_cut_off_is_not_kept_and_that_is_said(append: Append) -> None:
    call = await taken_back(append)
    with pytest.raises(Broken, match="not kept"):
        append.undo(call, await append.call(call, OTHER))


async def test_an_entry_of_a_log_that_is_gone_is_gone(append: Append, log: Path) -> None:
    call = await taken_back(append)
    remove(log)
    assert await append.observe(call) == {"entry": "absent"}
    assert (await append.call(call, OTHER)).summary == "cut an entry off log.txt"
    assert await append.observe(call) == {"entry": "absent"}
