"""Facts as the runtime finds them, in a real store; then how long it takes with 10,000 passages."""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path
from random import Random

import anyio
from _measure import report
from _relevance import NOTES, measure

from platos.config.notes import Notes
from platos.core.fact import Fact, the_few
from platos.core.passage import Passage, passages_of
from platos.store import Store, open_store, passages
from platos.store.passages import ReadNote, entries

MANY = 10_000
QUESTIONS = 300


async def facts_on(store: Store, question: str) -> list[Fact]:
    return the_few(await passages.search(store, "nobody", question))


async def take_in(store: Store, notes: list[ReadNote]) -> None:
    await store.transact(passages.bring_up, [], notes, [], 0)


async def relevance(folder: Path) -> None:
    notes = Notes(NOTES)
    read = [
        ReadNote(path, stamp, entries(passages_of(notes.read(path), path))) for path, stamp in notes.stamps().items()
    ]
    async with open_store(folder, command="benchmark", now=1) as store:
        await store.transact(passages.begin_anew)
        await take_in(store, read)
        await measure(partial(facts_on, store))


async def scale(folder: Path) -> None:
    """Passages of 40 words out of 40,000 that are as common as words are (Zipf), a hundred a note."""
    chance = Random(1)
    vocabulary = [f"word{number}" for number in range(40_000)]
    weights = [1 / (rank + 1) for rank in range(len(vocabulary))]

    def said(count: int) -> str:
        return " ".join(chance.choices(vocabulary, weights, k=count))

    async with open_store(folder, command="benchmark", now=1) as store:
        await store.transact(passages.begin_anew)
        notes = [
            ReadNote(f"{n}.md", "1", entries(Passage(said(3), said(40)) for _ in range(100)))
            for n in range(MANY // 100)
        ]
        began = time.perf_counter()
        await take_in(store, notes)
        report(f"taking in {MANY:,} passages", time.perf_counter() - began, "s")
        for what, length in (("a question of 8 words", 8), ("an item of 200 words", 200)):
            took = []
            for text in [said(length) for _ in range(QUESTIONS)]:
                began = time.perf_counter()
                await facts_on(store, text)
                took.append(time.perf_counter() - began)
            took.sort()
            report(f"facts on {what}, {MANY:,} passages, half are faster", took[len(took) // 2] * 1e3, "ms")
            report(f"facts on {what}, 99 of 100 are faster", took[len(took) * 99 // 100] * 1e3, "ms")
        changed = []
        for n in range(10):
            began = time.perf_counter()
            await take_in(store, [ReadNote(f"{n}.md", "2", entries([Passage(said(3), said(40))]))])
            changed.append(time.perf_counter() - began)
        report(f"a note that changed, {MANY:,} passages", sorted(changed)[5] * 1e3, "ms")


def main() -> None:
    for story in (relevance, scale):
        with tempfile.TemporaryDirectory() as folder:
            anyio.run(story, Path(folder))


if __name__ == "__main__":
    main()
