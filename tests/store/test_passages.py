"""Passages: found by their words alone, whatever a text says; vouched for as a whole; thrown away and made anew."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import given, settings
from hypothesis import strategies as st

from platos.core.passage import Passage
from platos.core.words import VERSION, words
from platos.errors import StoreCorrupt, StoreError
from platos.store import Store, Tx, journal, notes, open_store, passages, word_index
from platos.store.database import NAME
from platos.store.passages import ReadNote, Told, entries
from platos.store.sound import verify_file
from tests.core.test_words import TEXTS

from .conftest import NOW

LINES = {
    "machines.md": ["The build server is called Lisbon.", "Kestrel is a queue that runs in Frankfurt."],
    "vendors.md": ["Northgate takes card payments.", "Harbor stores invoices.", "Lumen draws dashboards."],
    "rules.md": ["Passwords are rotated every ninety days.", "No travel by plane under six hours."],
}
WORDS = ["quartz", "kestrel", "harbor", "lumen"]


def note(path: str, *lines: str, stamp: str = "1") -> ReadNote:
    return ReadNote(path, stamp, entries((Passage("", line) for line in lines), private=True))


async def fill(store: Store) -> None:
    await store.transact(passages.begin_anew)
    await store.transact(passages.bring_up, [], [note(path, *lines) for path, lines in LINES.items()], [], 0)


async def sources(store: Store, text: str, specialist: str = "ana") -> list[str]:
    return [fact.source for fact in await passages.search(store, specialist, text)]


async def test_a_passage_is_found_by_its_words_with_its_source(store: Store) -> None:
    await fill(store)
    [fact] = await passages.search(store, "ana", "Where do we run the Kestrel queue?")
    assert (fact.source, fact.text) == ("note:machines.md#2", LINES["machines.md"][1])


async def test_where_nothing_bears_on_a_text_nothing_is_found(store: Store) -> None:
    await fill(store)
    assert await sources(store, "What is the capital of New Zealand?") == []
    assert await sources(store, "") == []


async def test_one_word_among_many_others_is_chance(store: Store) -> None:
    """Each of six words stands somewhere else: of that nothing follows."""
    await fill(store)
    assert await sources(store, "Lisbon, Frankfurt, Northgate, Harbor, Lumen and passwords") == []


@pytest.mark.parametrize(
    "text", ["Lisbon NOT server", '"Lisbon server"', "text_words : lisbon server", "NEAR(lisbon server, 1)", "^server"]
)
async def test_an_operator_is_a_word_like_any_other(store: Store, text: str) -> None:
    await fill(store)
    assert await sources(store, text) == ["note:machines.md#1"]


async def test_a_star_is_no_prefix(store: Store) -> None:
    await fill(store)
    assert await sources(store, "Lisb* serv*") == []


@contextmanager
def filled() -> Iterator[tuple[object, Store]]:
    with TemporaryDirectory() as folder, start_blocking_portal() as portal:
        with portal.wrap_async_context_manager(open_store(Path(folder), command="test", now=NOW)) as store:
            portal.call(fill, store)
            yield portal, store


def test_no_text_raises_or_finds_what_shares_no_word_with_it() -> None:
    with filled() as (portal, store):

        @settings(deadline=None, max_examples=200)
        @given(TEXTS, st.sampled_from(["", "lisbon server", "harbor invoices"]))
        def check(text: str, known: str) -> None:
            asked = set(words(f"{text} {known}"))
            for fact in portal.call(passages.search, store, "ana", f"{text} {known}"):  # type: ignore[attr-defined]
                assert asked & set(words(fact.text))

        check()


async def test_what_a_run_came_to_is_its_specialists_alone(store: Store) -> None:
    await fill(store)
    told = [Told("ana", "r7", entries([Passage("Quartz report", "Quartz 4.2 must be upgraded.")], private=False))]
    await store.transact(passages.bring_up, [], [], told, 5)
    assert await sources(store, "quartz 4.2") == ["r7"]
    assert await sources(store, "quartz 4.2", "ben") == []


async def test_of_a_long_past_the_last_runs_are_known(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(store)
    monkeypatch.setattr(passages, "MOST_RUNS", 2)
    for number in (1, 2, 3):
        told = [Told("ana", f"r{number}", entries([Passage("", f"Quartz report with code zq{number}")], private=False))]
        await store.transact(passages.bring_up, [], [], told, number)
    assert [await sources(store, f"zq{number}") for number in (1, 2, 3)] == [[], ["r2"], ["r3"]]


async def test_a_word_is_counted_in_as_many_passages_as_have_it_whatever_was_added_and_dropped(store: Store) -> None:
    """However the index lies: what it counts is what the passages say."""
    chance = random.Random(20261127)
    await store.transact(passages.begin_anew)
    for stamp in range(60):
        path = f"{chance.randrange(8)}.md"
        lines = [" ".join(chance.sample(WORDS, 2)) for _ in range(chance.randrange(4))]
        gone = [path] if not lines else []
        read = [note(path, *lines, stamp=str(stamp))] if lines else []
        await store.transact(passages.bring_up, gone, read, [], 0)
        said = [row[0] for row in await store.all("SELECT title_words || ' ' || text_words FROM passages")]
        counted: dict[str, int] = dict(await store.all("SELECT term, doc FROM passages_words"))
        assert counted == Counter(word for each in said for word in set(each.split()))


async def test_a_run_tells_with_its_end_unless_another_that_told_nothing_ended_before_it(store: Store) -> None:
    def end(tx: Tx, run: int, tells: bool) -> None:
        journal.seal(tx, journal.run_chain(run), 0)
        if tells:
            found = entries([Passage("", f"Quartz report with code zq{run}")], private=False)
            passages.tell(tx, Told("ana", f"r{run}", found))

    await fill(store)
    for run, tells in ((1, True), (2, True), (3, False), (4, True)):
        await store.transact(end, run, tells)
    assert [await sources(store, f"zq{run}") for run in (1, 2, 4)] == [["r1"], ["r2"], []]
    ended = await passages.ended_since(store)
    assert ended is not None
    assert ended.runs == [3, 4]


async def test_retention_forgets_what_a_run_came_to(store: Store) -> None:
    await fill(store)
    broke = Told("ana", "r7", entries([Passage("", "Quartz broke.")], private=False))
    await store.transact(passages.bring_up, [], [], [broke], 5)
    await store.transact(passages.forget, "r7")
    assert await sources(store, "quartz broke") == []


async def test_equal_passages_come_in_the_order_of_their_sources(store: Store) -> None:
    await fill(store)
    same = [note(path, "Quartz is blue.") for path in ("c.md", "a.md", "b.md")]
    await store.transact(passages.bring_up, [], same, [], 0)
    assert await sources(store, "blue quartz") == ["note:a.md#1", "note:b.md#1", "note:c.md#1"]


async def test_when_words_are_made_otherwise_everything_is_made_anew(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await passages.ended_since(store) is None
    await fill(store)
    assert await passages.ended_since(store) is not None
    monkeypatch.setattr(passages, "VERSION", VERSION + 1)
    assert await passages.ended_since(store) is None
    await store.transact(passages.begin_anew)
    assert (await sources(store, "Lisbon server"), await notes.stamps(store)) == ([], {})
    await fill(store)
    assert await sources(store, "Lisbon server") == ["note:machines.md#1"]


async def test_what_fails_leaves_no_trace_in_the_index(store: Store, folder: Path) -> None:
    await fill(store)

    def fails(tx: Tx) -> None:
        passages.bring_up(tx, ["vendors.md"], [note("new.md", "Quartz is blue.")], [], 0)
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - the test's own
        await store.transact(fails)
    assert await sources(store, "blue quartz") == []
    assert await sources(store, "Harbor invoices") == ["note:vendors.md#2"]
    await anyio.to_thread.run_sync(verify_file, folder / NAME)


async def test_a_write_that_is_not_vouched_for_is_noticed(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: somebody writes to the index and leaves its checksum as it was."""
    await fill(store)
    await anyio.to_thread.run_sync(verify_file, folder / NAME)
    monkeypatch.setattr(passages, "vouch", lambda tx: None)
    await store.transact(passages.bring_up, [], [note("new.md", "Quartz is blue.")], [], 0)
    with pytest.raises(StoreCorrupt, match="index of words"):
        await anyio.to_thread.run_sync(verify_file, folder / NAME)


async def test_an_sqlite_without_full_text_search_is_refused_before_anything_is_made(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_index, "has_full_text", lambda connection: False)
    with pytest.raises(StoreError, match="full-text search") as refused:
        async with open_store(folder, command="test", now=NOW):
            pass
    assert "uv" in refused.value.hint
    with closing(sqlite3.connect(folder / NAME)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


def test_this_sqlite_has_full_text_search() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        assert word_index.has_full_text(connection)
