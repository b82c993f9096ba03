"""Platos: a crowd that is due in the same second, over a hundredth as many folders, while people ask how it goes."""

import os
import resource
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from _measure import report
from _platos import engine_on, make_workspace

from platos.app import App, load_app
from platos.cli.up import _keep_going
from platos.config.template import read_template
from platos.core.instant import MINUTE, SECOND, Instant, Span
from platos.runtime.measures.counters import Counters
from platos.store import ReadStore, read_store, specialists

TEMPLATE = """---
owner: bench
schedule: "* * * * *"
sources:
  - directory: {path: "inbox/{{folder}}"}
triage:
  - rules: {dismiss: [{words: [newsletter]}]}
---

Measure {{name}}.
"""
SHARE = 100
"""So many specialists look at one folder."""

TICK = 0.005
LOOK_AGAIN = 0.05
ROUNDS = 4
QUESTIONS = ("status", "inbox")


class Watch:
    """What is seen of one minute: how late wake-ups are, and how late the loop comes back to who sleeps."""

    def __init__(self) -> None:
        self.lags: list[Span] = []
        self.late: list[float] = []
        self.held: list[float] = []
        self.busy = False

    def listen(self) -> None:
        """Hear of every wake-up."""
        watch, original = self, Counters.woke

        def woke(counters: Counters, now: Instant, slot: Instant | None) -> None:
            if slot is not None:
                watch.lags.append(now - slot)
            original(counters, now, slot)

        setattr(Counters, woke.__name__, woke)

    async def tick(self) -> None:
        while True:
            asked, cpu = time.perf_counter() + TICK, time.thread_time()
            await anyio.sleep(TICK)
            if self.busy:
                self.late.append(max(0.0, time.perf_counter() - asked))
                self.held.append(time.thread_time() - cpu)


def share(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


async def make(root: Path, count: int) -> None:
    rows = [(f"customer-{number:07d}", (str(number % (count // SHARE)),)) for number in range(count)]
    async with engine_on(root) as (engine, _):
        await engine.add(read_template(root / "template.md", {}).content, rows, by="person:bench")


async def woken(store: ReadStore) -> tuple[int, int]:
    """The wake-ups of whoever has had fewest, and of whoever has had most."""
    row = await store.one("SELECT min(wakes), max(wakes) FROM specialists")
    assert row is not None
    return row[0], row[1]


async def ask(root: Path, question: str) -> float:
    """The seconds that a command takes, from its start to its end, where Python keeps the bytecode of what it loads."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "platos", "--workspace", str(root), question, "--json"]
    began = time.perf_counter()
    await anyio.run_process(command, env={**kept, "PYTHONPYCACHEPREFIX": str(root / "bytecode")})
    return time.perf_counter() - began


async def minute(app: App, store: ReadStore, watch: Watch, place: int) -> dict[str, list[float]]:
    """Until all have handled their slot; how long each question took meanwhile, from the one of that place on."""
    now = app.clock.now()
    await anyio.sleep((now // MINUTE * MINUTE + MINUTE - now) / SECOND)
    slot = app.clock.now() // MINUTE * MINUTE
    took: dict[str, list[float]] = {question: [] for question in QUESTIONS}
    watch.busy = True

    async def asking() -> None:
        nonlocal place
        while watch.busy:
            question = QUESTIONS[place % len(QUESTIONS)]
            place += 1
            took[question].append(await ask(app.workspace.root, question))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(asking)
        while await specialists.due_now(store, slot, count=1):  # noqa: ASYNC110 - looked at from outside
            await anyio.sleep(LOOK_AGAIN)
        watch.busy = False
    return took


@asynccontextmanager
async def up(root: Path) -> AsyncIterator[tuple[App, ReadStore, Watch]]:
    """`platos up`, in this process, and who watches it."""
    watch, app = Watch(), load_app(root, environ={})
    watch.listen()
    async with anyio.create_task_group() as tasks, read_store(app.workspace.state) as store:
        tasks.start_soon(_keep_going, app, None, None)
        tasks.start_soon(watch.tick)
        yield app, store, watch
        tasks.cancel_scope.cancel()


async def main(count: int) -> None:
    root = make_workspace("", [])
    for number in range(count // SHARE):
        (root / "inbox" / str(number)).mkdir()
    (root / "template.md").write_text(TEMPLATE, "utf-8")
    await make(root, count)
    async with up(root) as (app, store, watch):
        for place in range(len(QUESTIONS)):
            await minute(app, store, watch, place)
        watch.lags.clear()
        watch.late.clear()
        watch.held.clear()
        before, began = await woken(store), resource.getrusage(resource.RUSAGE_SELF).ru_utime
        rounds = [await minute(app, store, watch, place) for place in range(ROUNDS)]
        after = await woken(store)
        cpu = resource.getrusage(resource.RUSAGE_SELF).ru_utime - began
    assert {low - high for low, high in zip(after, before, strict=True)} == {ROUNDS}, "a slot was lost, or ran twice"
    at_once = f"{count:,} due in the same second"
    report(f"{at_once}: lag, half less", share(watch.lags, 0.5) / SECOND, "s")
    report(f"{at_once}: lag, 99 of 100 less", share(watch.lags, 0.99) / SECOND, "s")
    report(f"{at_once}: the loop comes back late, 99 of 100 less", share(watch.late, 0.99) * 1e3, "ms")
    report(f"{at_once}: CPU that the loop takes meanwhile, 99 of 100 less", share(watch.held, 0.99) * 1e3, "ms")
    report(f"{at_once}: CPU of a wake", cpu / len(watch.lags) * 1e6, "µs")
    for question in QUESTIONS:
        took = [each for minute in rounds for each in minute[question]]
        report(f"{at_once}: platos {question} meanwhile, half less", share(took, 0.5) * 1e3, "ms")
        report(f"{at_once}: platos {question} at rest", await ask(root, question) * 1e3, "ms")


if __name__ == "__main__":
    anyio.run(main, int(sys.argv[1]))
