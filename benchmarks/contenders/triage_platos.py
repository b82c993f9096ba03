"""The tier `learned`: how few items go up where it picks its labels, what its cut delivers, and how fast it is."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from random import Random
from typing import Any

import anyio
import numpy as np
from _measure import report
from _triage_streams import MARKS, read, share_up

from platos.clock import SystemClock, ThreadOffload
from platos.core.item import Item, ItemState, StoredItem
from platos.core.lesson import Lesson, Origin, Usual
from platos.core.proportion import interval
from platos.core.verdict import Decision
from platos.ports.part import Environment
from platos.testing.tier import ScriptedBench
from platos.triage._classifier import Classifier, train, train_rows
from platos.triage._features import rows_of
from platos.triage._learning import pick
from platos.triage.learned import Learned

SHUFFLES = 3
ALPHAS = (0.05, 0.1)
BATCH = 50
AUDITED = {True: 0.5, False: 0.1}
"""The share that is audited of what was dismissed, near the cut and far from it."""

Line = dict[str, Any]


def item_of(line: Line) -> Item:
    return Item(id=line["id"], text=line["text"], fields={"source": line["source"], **line["fields"]})


# -- ranking


def rank() -> None:
    """Ten signals to begin with; then labels of the items that the system picks, five at a time, then twenty."""
    lines = read("tickets-banking77")
    found: dict[int, list[float]] = {mark: [] for mark in MARKS}
    for shuffle in range(SHUFFLES):
        order = list(range(len(lines)))
        if shuffle:
            Random(shuffle).shuffle(order)
        for mark, share in ranked([lines[place] for place in order]).items():
            found[mark].append(share)
    for mark, shares in found.items():
        report(f"items up at {mark} labels", shares[0] * 100, "% of items")
        report(f"items up at {mark} labels, the worst of {SHUFFLES} orders", max(shares) * 100, "% of items")


def ranked(lines: list[Line]) -> dict[int, float]:
    rows, signals = rows_of([item_of(line) for line in lines]), np.array([line["signal"] for line in lines])
    labelled = np.flatnonzero(signals)[:10].tolist()
    found: dict[int, float] = {}
    while True:
        left = np.setdiff1d(np.arange(len(lines)), labelled)
        known, pool = rows.some(np.array(labelled)), rows.some(left)
        classifier = train_rows(known, signals[labelled], pool)
        if len(labelled) in MARKS:
            found[len(labelled)] = share_up(classifier.of_rows(rows).tolist(), signals.tolist())
        if len(labelled) == MARKS[-1]:
            return found
        step = 5 if len(labelled) < MARKS[0] else 20
        labelled += left[pick(pool, known, signals[labelled], classifier, step)].tolist()


# -- the promised cut


async def promise(name: str, alpha: float, shuffle: int = 0) -> None:
    """Live through a stream. What goes up is labelled by the truth, as a person would decide on it, and so are audits
    of what was dismissed. What the later half delivers is told, with the alarms, and how much of it a cut judged."""
    lines = read(name)
    if shuffle:
        Random(shuffle).shuffle(lines)
    tier = Learned(Learned.Options(), Environment(Path.cwd(), SystemClock(), ThreadOffload(), str))
    memory: dict[str, bytes] = {}
    lessons: list[Lesson] = []
    usual: list[Usual] = []
    draw, half = Random(1), len(lines) // 2
    up = signals = found = measured = 0
    whys: set[str] = set()
    for start in range(0, len(lines), BATCH):
        batch = lines[start : start + BATCH]
        bench = ScriptedBench(lessons=lessons, usual=usual, may_miss=alpha)
        bench.memory.update(memory)
        stored = [_stored(start + place, line) for place, line in enumerate(batch, 1)]
        for line, each, verdict in zip(batch, stored, await tier.judge(stored, bench), strict=True):
            goes_up = verdict.decision is not Decision.DISMISS
            chance = 1.0 if goes_up else AUDITED[verdict.confidence < 0.9]
            if draw.random() < chance:
                lessons.append(
                    Lesson(item=each, signal=line["signal"], origin=Origin.DECISION, chance=chance, said=verdict)
                )
            else:
                usual.append(Usual(item=each))
            if each.number > half:
                up += goes_up
                signals += line["signal"]
                found += line["signal"] and goes_up
                measured += verdict.confidence > 0
        memory = bench.memory
        if bench.standing and bench.standing.why and ";" in bench.standing.why:
            whys.add(bench.standing.why.partition(";")[0])
    low, high = interval(found, signals)
    what = f"{name}{f', order {shuffle}' if shuffle else ''}, {1 - alpha:.0%} promised"
    report(f"{what}: recall delivered", found / signals, "of signals")
    report(f"{what}: its interval, from", low, "of signals")
    report(f"{what}: its interval, to", high, "of signals")
    report(f"{what}: items up", 100 * up / (len(lines) - half), "% of items")
    report(f"{what}: judged by a cut", 100 * measured / (len(lines) - half), "% of items")
    report(f"{what}: changes that were caught", len(whys), "kinds")
    if whys:
        print(what, whys, file=sys.stderr)


def _stored(number: int, line: Line) -> StoredItem:
    return StoredItem(
        number=number, specialist="s", source=line["source"], item=item_of(line), state=ItemState.NEW, seen=number
    )


# -- speed


def speed() -> None:
    lines = read("tickets-banking77")
    items, signals = [item_of(line) for line in lines], [line["signal"] for line in lines]
    began = time.process_time()
    classifier = train(items[:10_000], signals[:10_000])
    report("training on 10,000 labels", time.process_time() - began, "s of CPU")
    began = time.process_time()
    classifier.scores(items)
    report("items scored", len(items) / (time.process_time() - began), "items/s and core")
    kept = classifier.encode()
    report("size of a classifier", len(kept) / 1e6, "MB")
    began = time.perf_counter()
    Classifier.decode(kept)
    report("loading it", (time.perf_counter() - began) * 1e3, "ms")
    late = anyio.run(_lateness, items[:10_000], signals[:10_000])
    report("the loop's latency while it trains, 99 of 100 within", late * 1e3, "ms")


async def _lateness(items: list[Item], signals: list[bool]) -> float:
    """How late a loop comes back from a sleep of 2 ms while another thread trains."""
    late: list[float] = []
    thread = threading.Thread(target=train, args=(items, signals))
    thread.start()
    while thread.is_alive():
        began = time.perf_counter()
        await anyio.sleep(0.002)
        late.append(time.perf_counter() - began - 0.002)
    return sorted(late)[len(late) * 99 // 100]


def main() -> None:
    rank()
    speed()
    for alpha in ALPHAS:
        for name in ("advisories-pypi", "status-github", "commits-java", "metrics-nab"):
            anyio.run(promise, name, alpha)
        for shuffle in range(SHUFFLES):
            anyio.run(promise, "tickets-banking77", alpha, shuffle)


if __name__ == "__main__":
    main()
