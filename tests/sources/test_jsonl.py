"""The source `jsonl`: every line once, when its time has come."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.clock import InlineOffload, VirtualClock
from platos.core.digest import canonical
from platos.core.instant import MINUTE, iso, parse_instant
from platos.core.item import Item
from platos.errors import Unavailable
from platos.ports.source import Polled
from platos.sources._record import item_of
from platos.sources.jsonl import Jsonl
from platos.testing.source import check_source, environment_in

START = parse_instant("2026-11-21T09:00:00Z")


class Recording:
    """A file, a clock, and the source over them: a new one for each poll, or always the same."""

    def __init__(self, folder: Path, most: int = 10_000) -> None:
        self.file = folder / "stream.jsonl"
        self.clock = VirtualClock(START)
        self._environment = replace(environment_in(folder), clock=self.clock)
        self._options = Jsonl.Options(path=self.file.name, most=most)
        self.cursor: bytes | None = None

    def source(self) -> Jsonl:
        return Jsonl(self._options, self._environment)

    def inline(self) -> Jsonl:
        return Jsonl(self._options, replace(self._environment, offload=InlineOffload()))

    def write(self, *lines: str | bytes, mode: str = "ab") -> None:
        with self.file.open(mode) as file:
            file.write(b"".join(each.encode() if isinstance(each, str) else each for each in lines))

    async def ids(self, minute: int = 0) -> list[str]:
        """The ids that a poll so many minutes after the start yields; it goes on from the last one."""
        return [item.id for item in (await self.polled(minute)).items]

    async def polled(self, minute: int = 0) -> Polled:
        self.clock.advance_to(START + minute * MINUTE)
        polled = await self.source().poll(self.cursor)
        self.cursor = polled.cursor
        return polled


def line(id: str, minute: int | None, **more: object) -> str:
    ts = None if minute is None else iso(START + minute * MINUTE)
    return json.dumps({"id": id, "ts": ts, "text": f"text of {id}", **more}) + "\n"


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return Recording(tmp_path)


async def test_jsonl_keeps_the_contract(recording: Recording) -> None:
    recording.write(line("a", 0), line("later", 60), line("b", -5))
    await check_source(recording.source, lambda: recording.write(line("c", 0)))


async def test_a_line_is_an_item_with_its_source_as_a_field(recording: Recording) -> None:
    recording.write(line("a", -1, source="cpu", fields={"value": 0.5}))
    (item,) = (await recording.polled()).items
    assert (item.id, item.ts, item.text) == ("a", START - MINUTE, "text of a")
    assert item.fields == {"value": 0.5, "source": "cpu"}


async def test_the_truth_for_scoring_never_reaches_the_item(recording: Recording) -> None:
    recording.write(line("a", 0, signal=True, label="the real leak"))
    (item,) = (await recording.polled()).items
    assert b"the real leak" not in canonical(item)
    assert b"signal" not in canonical(item)


async def test_a_line_waits_for_its_time(recording: Recording) -> None:
    recording.write(line("a", 0), line("b", 15), line("c", 30))
    assert [await recording.ids(minute) for minute in (0, 14, 15, 45)] == [["a"], [], ["b"], ["c"]]


async def test_lines_out_of_order_are_yielded_in_the_order_of_their_time(recording: Recording) -> None:
    recording.write(line("c", 30), line("a", 0), line("d", 45), line("b", 15))
    assert [await recording.ids(minute) for minute in (0, 30, 45)] == [["a"], ["b", "c"], ["d"]]


async def test_lines_without_a_time_come_at_once_in_the_order_of_the_file(recording: Recording) -> None:
    recording.write(line("z", None), line("later", 5), line("a", None))
    assert await recording.ids() == ["z", "a"]


async def test_a_back_dated_line_that_is_appended_is_found(recording: Recording) -> None:
    recording.write(line("a", 0), line("c", 60))
    await recording.ids(10)
    recording.write(line("b", -600))
    assert await recording.ids(10) == ["b"]


async def test_a_poll_in_between_changes_nothing(recording: Recording) -> None:
    recording.write(line("a", 0), line("b", 60))
    first = await recording.polled()
    assert await recording.polled(30) == Polled(cursor=first.cursor)


async def test_a_line_that_is_being_written_waits(recording: Recording) -> None:
    whole = line("a", 0)
    recording.write(whole[:20])
    assert await recording.ids() == []
    recording.write(whole[20:])
    assert await recording.ids() == ["a"]


async def test_more_than_a_poll_takes_is_yielded_by_the_next_ones(tmp_path: Path) -> None:
    recording = Recording(tmp_path, most=2)
    recording.write(*(line(str(number), -number) for number in range(5)))
    assert [await recording.ids() for _ in range(4)] == [["4", "3"], ["2", "1"], ["0"], []]


@pytest.mark.parametrize("how", ["truncated", "rotated", "written anew", "written anew and longer"])
async def test_another_file_is_read_from_its_start(recording: Recording, how: str) -> None:
    recording.write(line("a", 0), line("b", 0), line("c", 60))
    await recording.ids()
    if how == "rotated":
        os.rename(recording.file, recording.file.with_suffix(".1"))
    new = [line("new", 0)] * (9 if how == "written anew and longer" else 1)
    recording.write(*new, mode="wb")
    assert set(await recording.ids()) == {"new"}
    assert await recording.ids(60) == []


async def test_a_broken_line_is_a_problem_once(recording: Recording) -> None:
    recording.write(line("a", 0), "{broken\n", "\n", b'{"text": "\xff"}\n', line("b", 5))
    polled = await recording.polled()
    assert [item.id for item in polled.items] == ["a"]
    assert [problem.where for problem in polled.problems] == ["stream.jsonl: line 2", "stream.jsonl: line 4"]
    later = await recording.polled(5)
    assert ([item.id for item in later.items], later.problems) == (["b"], ())


async def test_a_line_longer_than_any_item_is_a_problem(recording: Recording) -> None:
    recording.write('{"text": "', "x" * 1_200_000, '"}\n', line("b", 0))
    polled = await recording.polled()
    assert [item.id for item in polled.items] == ["b"]
    assert [problem.why for problem in polled.problems] == ["it is longer than any item"]


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe"])
async def test_what_is_no_file_is_unavailable(recording: Recording, kind: str) -> None:
    if kind == "folder":
        recording.file.mkdir()
    if kind == "pipe":
        os.mkfifo(recording.file)
    with pytest.raises(Unavailable, match=r"stream\.jsonl"):
        await recording.source().poll(None)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The lines that are read from now on."""
    read: list[bytes] = []

    def counting(data: bytes) -> Item:
        read.append(data)
        return item_of(data)

    monkeypatch.setattr("platos.sources.jsonl.item_of", counting)
    return read


async def test_a_new_process_reads_only_what_waits_again(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    recording.write(*(line(str(minute), minute) for minute in range(100)))
    await recording.ids(97)
    read = counted(monkeypatch)
    assert await recording.ids(98) == ["98"]
    assert len(read) == 3  # the two that waited, and the one of them that was due


async def test_the_same_source_reads_nothing_again(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    recording.write(*(line(str(minute), minute) for minute in range(100)))
    source = recording.source()
    first = await source.poll(None)
    read = counted(monkeypatch)
    recording.clock.advance_to(START + MINUTE)
    assert [item.id for item in (await source.poll(first.cursor)).items] == ["1"]
    assert len(read) == 1


MINUTES = st.one_of(st.none(), st.integers(-5, 25))
STEPS = st.one_of(
    st.tuples(st.just("append"), st.lists(MINUTES, max_size=4), st.integers(0, 90)),
    st.tuples(st.just("poll"), st.integers(0, 4), st.sampled_from(["same", "new", "thrown away"])),
)


class Life:
    """A recording that is appended to and polled, and what came of it."""

    def __init__(self, folder: Path, most: int) -> None:
        self.recording = Recording(folder, most)
        self.recording.write(b"")
        self.yielded: list[str] = []
        self.written: set[str] = set()
        self._most = most
        self._source = self.recording.inline()
        self._rest = b""

    def append(self, minutes: Iterable[int | None], held_back: int) -> None:
        """New lines; the last so many bytes of them are written with the next ones."""
        ids = [f"{len(self.written) + number}" for number, _ in enumerate(minutes)]
        self.written.update(ids)
        data = self._rest + "".join(map(line, ids, minutes)).encode()
        cut = max(0, len(data) - held_back)
        self.recording.write(data[:cut])
        self._rest = data[cut:]

    async def poll(self, minutes: int, how: str) -> None:
        """Time passes, and the source is polled: nothing comes early, and unless there was too much nothing is owed."""
        recording = self.recording
        recording.clock.advance_to(recording.clock.now() + minutes * MINUTE)
        self._source = recording.inline() if how == "new" else self._source
        polled = await self._source.poll(recording.cursor)
        assert all((item.ts or 0) <= recording.clock.now() for item in polled.items)
        if how == "thrown away":
            return
        recording.cursor = polled.cursor
        self.yielded += [item.id for item in polled.items]
        if len(polled.items) < self._most:
            assert self._due() <= set(self.yielded)

    def _due(self) -> set[str]:
        """The whole lines in the file whose time has come."""
        lines = [json.loads(each) for each in self.recording.file.read_bytes().split(b"\n")[:-1]]
        now = self.recording.clock.now()
        return {each["id"] for each in lines if each["ts"] is None or parse_instant(each["ts"]) <= now}


async def lived(steps: Iterable[tuple[Any, ...]], most: int) -> Life:
    """A life of these steps, and then long enough for everything."""
    with TemporaryDirectory() as name:
        life = Life(Path(name), most)
        for what, *how in steps:
            await life.poll(*how) if what == "poll" else life.append(*how)
        life.append([], 0)
        for _ in range(2 + len(life.written) // most):
            await life.poll(30, "same")
        return life


@given(st.lists(STEPS, max_size=12), st.integers(1, 6))
async def test_every_line_is_yielded_exactly_once_whatever_the_order(steps: list[tuple[Any, ...]], most: int) -> None:
    life = await lived(steps, most)
    assert len(life.yielded) == len(set(life.yielded))
    assert set(life.yielded) == life.written


async def test_that_property_sees_a_source_that_forgets_what_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgets(data: bytes) -> Item:
        item = item_of(data)
        if item.ts is not None and item.ts < START:
            raise ValueError("too late")
        return item

    monkeypatch.setattr("platos.sources.jsonl.item_of", forgets)
    with pytest.raises(AssertionError):
        await lived([("append", [0, 5], 0), ("poll", 6, "same"), ("append", [-5], 0)], 10)


async def test_a_long_file_is_streamed(tmp_path: Path) -> None:
    recording = Recording(tmp_path, most=8_000)
    recording.write(*(line(str(number), -number) for number in range(20_000)))
    assert [len(await recording.ids()) for _ in range(4)] == [8_000, 8_000, 4_000, 0]
