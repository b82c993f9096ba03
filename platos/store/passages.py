"""Passages: what facts are found in. Made of notes and of what runs came to, and made anew where the words change.

Nothing here is primary: it can all be thrown away, and is made again from the files and from the journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from platos.core.chance import Chance
from platos.core.event import ChainSealed, decode_event
from platos.core.fact import MOST_FACTS, Fact
from platos.core.passage import Passage
from platos.core.words import VERSION, words
from platos.store import meta, notes
from platos.store.checksum import checksum
from platos.store.journal import SYSTEM
from platos.store.sql import load
from platos.store.store import ReadStore, Row
from platos.store.tx import Tx
from platos.store.word_index import vouch

__all__ = [
    "Ended",
    "Entry",
    "ReadNote",
    "Told",
    "begin_anew",
    "bring_up",
    "ended_since",
    "entries",
    "forget",
    "search",
    "tell",
]

SQL = load("passages")

MOST_RUNS = 500
"""Of a specialist's past, what its last runs came to is known: so many of them."""

_MOST_BACK = 500
"""Entries of the system's chain that are read at once, the last ones."""

_SINCE = {"system": SYSTEM, "told": meta.TOLD, "words": meta.WORDS, "count": _MOST_BACK}

_MOST_ASKED, _MOST_WORDS = 200, 24
"""Different words of a text that are looked up, from its beginning, and of these the rarest that are searched for."""

_CANDIDATES = 12
_TITLE_WEIGHT = 2.0
"""A word in a title counts for so many in the text."""


class Entry(NamedTuple):
    """A passage and its words, as they are stored; `private` tells that something of the owner's own is in it."""

    title: str
    text: str
    private: int
    title_words: str
    text_words: str


def entries(found: Iterable[Passage], *, private: bool) -> list[Entry]:
    """Passages with their words. Blocking, for as long as the text is: it is no part of a transaction."""
    return [Entry(title, text, int(private), " ".join(words(title)), " ".join(words(text))) for title, text in found]


class ReadNote(NamedTuple):
    """A note that is new or has changed: its path under `notes/`, its stamp, its passages."""

    path: str
    stamp: str
    entries: list[Entry]


class Told(NamedTuple):
    """What a run came to: none where there is nothing to tell."""

    specialist: str
    run: str
    entries: list[Entry]


class Ended(NamedTuple):
    """Runs whose chains were sealed, the oldest first; up to where the system's chain was read, and whether that is
    further than the last time."""

    runs: list[int]
    mark: int
    moved: bool


async def ended_since(store: ReadStore) -> Ended | None:
    """The runs that ended since passages were brought up to date last; of a long time the last ones. None where the
    words of the index were made otherwise than they are made now."""
    return _ended(await store.all(SQL.ended, **_SINCE))


def _ended(rows: list[Row]) -> Ended | None:
    if not rows or rows[0][0] != VERSION:
        return None
    _, mark, last, _ = rows[0]
    events = [decode_event(body) for *_, body in reversed(rows) if body is not None]
    sealed = [event.name for event in events if isinstance(event, ChainSealed)]
    runs = dict.fromkeys(int(name[1:]) for name in sealed if name[0] == "r" and name[1:].isdigit())
    return Ended(list(runs), last or mark, bool(events))


def begin_anew(tx: Tx) -> None:
    """Throw everything away that facts are found in: it is made again."""
    tx.execute(SQL.empty_index)
    tx.execute(SQL.empty)
    notes.empty(tx)
    meta.put(tx, meta.TOLD, 0)
    meta.put(tx, meta.WORDS, VERSION)
    vouch(tx)


def bring_up(tx: Tx, gone: Sequence[str], read: Sequence[ReadNote], told: Sequence[Told], mark: int) -> None:
    """Notes that are gone, notes that were read, and runs that ended, up to a mark in the system's chain."""
    for path in gone:
        _replace(tx, "", f"note:{path}", [])
        notes.drop(tx, path)
    for note in read:
        _replace(tx, "", f"note:{note.path}", note.entries)
        notes.put(tx, note.path, note.stamp)
    for each in told:
        _replace(tx, each.specialist, each.run, each.entries)
    for specialist in sorted({each.specialist for each in told if each.entries}):
        for (source,) in tx.all(SQL.outlived, specialist=specialist, most=MOST_RUNS, count=MOST_RUNS):
            _replace(tx, specialist, source, [])
    meta.put(tx, meta.TOLD, mark)
    vouch(tx)


def tell(tx: Tx, told: Told) -> None:
    """What a run came to whose chain has just been sealed, where no other has ended since passages were brought up to
    date: else whoever asks next finds all of them."""
    ended = _ended(tx.all(SQL.ended, **_SINCE))
    if ended is not None and [f"r{run}" for run in ended.runs] == [told.run]:
        bring_up(tx, [], [], [told], ended.mark)


def forget(tx: Tx, run: str) -> None:
    """Retention drops a run: what it came to is no fact any more."""
    if _replace(tx, "", run, []):
        vouch(tx)


def _replace(tx: Tx, specialist: str, source: str, entries: Sequence[Entry]) -> int:
    """Put passages in the place of those of a source; how many those were."""
    tx.execute(SQL.unindex, source=source)
    dropped = tx.execute(SQL.drop, source=source)
    [(last,)] = tx.all(SQL.last)
    for n, entry in enumerate(entries, start=1):
        row = {"id": last + n, "specialist": specialist, "source": source, "n": n, **entry._asdict()}
        tx.execute(SQL.add, **row, checksum=checksum(*row.values()))
    tx.execute(SQL.index, source=source)
    return dropped


async def search(store: ReadStore, specialist: str, text: str) -> list[Fact]:
    """The passages that bear on a text, in notes and in a specialist's own runs, the best first. One is none of them
    where chance alone would give as many as may be given that share as much with the text.

    Ranked by BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009) over the text's rarest words.
    A word that more than half of the passages have tells nothing.
    """
    asked = list(dict.fromkeys(words(text)))[:_MOST_ASKED]
    found = await store.all(SQL.known, words=msgspec.json.encode(asked).decode())
    telling = {word: count for word, count, total in found if count <= max(1, total / 2)}
    chosen = sorted(telling, key=lambda word: (telling[word], word))[:_MOST_WORDS]
    if not chosen:
        return []
    chance = Chance({word: telling[word] for word in chosen}, found[0][2])
    rows = await store.all(
        SQL.search,
        match=" OR ".join(f'"{word}"' for word in chosen),
        specialist=specialist,
        title_weight=_TITLE_WEIGHT,
        count=_CANDIDATES,
    )
    facts = []
    for source, n, title, said, private, title_words, text_words, _ in rows:
        shared = {*title_words.split(" "), *text_words.split(" ")}.intersection(chosen)
        if chance.expected(shared) < MOST_FACTS:
            place = f"{source}#{n}" if source.startswith("note:") else source
            facts.append(Fact(source=place, title=title, text=said, private=bool(private)))
    return facts
