"""Platos: so many specialists of one template, a hundred over each folder. They are made, started over, woken all at
once, and then live by the clock while one folder of a hundred changes."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import anyio
from _measure import report
from _platos import engine_on, make_workspace
from wakes_platos import LeapingClock, woken

from platos.config.template import read_template
from platos.core.instant import MINUTE, SECOND, Instant
from platos.runtime.engine import Engine
from platos.runtime.measures.counters import Counters
from platos.store import specialists

TEMPLATE = """---
owner: bench
schedule: "*/15 * * * *"
jitter: 14m59s
sources:
  - directory: {path: "inbox/{{folder}}"}
triage:
  - rules: {dismiss: [{words: [newsletter]}]}
---

Measure {{name}}.
"""
EVERY = 15 * 60
"""Seconds between two slots of one specialist."""

SHARE = 100
"""So many specialists look at one folder, and of so many folders one changes between two slots."""

LOOK_AGAIN = 0.1
SETTLE = 30


class HeldClock(LeapingClock):
    """Can be held at a moment, so that nobody comes due while others are worked off; then it goes on from there."""

    held: Instant | None = None

    def now(self) -> Instant:
        return super().now() if self.held is None else self.held

    def let_go(self) -> None:
        assert self.held is not None
        held, self.held = self.held, None
        self.leap_to(held)


class Lags(Counters):
    """Keeps how long after its slot each wake-up was done, in the stretch that is looked at; a quiet one is done when
    it is on disk, any other is counted as it begins."""

    def __init__(self, clock: HeldClock) -> None:
        super().__init__()
        self.clock = clock
        self.kept: list[float] = []

    def woke(self, now: Instant, slot: Instant | None) -> None:
        super().woke(now, slot)
        if slot is not None:
            self.kept.append((self.clock.now() - slot) / SECOND)


def memory(what: str) -> float:
    """What this process holds (`VmRSS`), or ever held (`VmHWM`), in MB."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) * 1024 / 1e6


async def stored(engine: Engine) -> int:
    """Bytes of the database. What was written last may still lie beside it, in the write-ahead log."""
    row = await engine.store.one("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
    return row[0] if row else 0


async def settle(engine: Engine, clock: HeldClock) -> None:
    """Return when nobody waits for a slot that has come by now."""
    now = clock.now()
    while await specialists.due_now(engine.store, now, count=1):  # noqa: ASYNC110 - nothing tells when all are done
        await anyio.sleep(LOOK_AGAIN)


async def make(root: Path, count: int) -> None:
    """Add all of them: rows that were read and checked before."""
    rows = [(f"customer-{number:07d}", (str(number % (count // SHARE)),)) for number in range(count)]
    async with engine_on(root) as (engine, _):
        began = time.perf_counter()
        await engine.add(read_template(root / "template.md", {}).content, rows, by="person:bench")
        report(f"{count:,} added", count / (time.perf_counter() - began), "specialists/s")


async def wake_all(engine: Engine, clock: HeldClock, what: str) -> None:
    """Let a quarter of an hour pass at once, so that each has a slot; wait until all have handled it."""
    done = await woken(engine)
    clock.held = clock.now() + EVERY * SECOND
    engine.nudge()
    began, cpu = time.perf_counter(), time.process_time()
    await settle(engine, clock)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    wakes = await woken(engine) - done
    clock.let_go()
    report(what, wakes / seconds, "wakes/s")
    report(f"{what}: CPU of a wake", cpu / wakes * 1e6, "µs")


async def change(root: Path, folders: int) -> None:
    """Change each of the first of these folders between two slots of who looks at it, for ever."""
    changing, number = max(1, folders // SHARE), 0
    while True:
        fresh = root / "fresh"
        fresh.write_text(f"newsletter {number} " * 20, "utf-8")
        fresh.rename(root / "inbox" / str(number % changing) / "news.txt")
        number += 1
        await anyio.sleep(EVERY / changing)


async def live(root: Path, engine: Engine, lags: Lags, count: int, seconds: int) -> None:
    """What it takes to keep up, by the clock."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(change, root, count // SHARE)
        await anyio.sleep(SETTLE)
        await settle(engine, lags.clock)
        done, began, cpu = await woken(engine), time.perf_counter(), time.process_time()
        lags.kept.clear()
        await anyio.sleep(seconds)
        cpu, elapsed, late = time.process_time() - cpu, time.perf_counter() - began, sorted(lags.kept)
        wakes = await woken(engine) - done
        tasks.cancel_scope.cancel()
    what = f"{count:,} by the clock"
    report(what, wakes / elapsed, "wakes/s")
    report(f"{what}: CPU of a wake", cpu / wakes * 1e6, "µs")
    report(f"{what}: share of a core", 100 * cpu / elapsed, "%")
    report(f"{what}: from slot to disk, half are faster", late[len(late) // 2], "s")
    report(f"{what}: from slot to disk, 99 of 100 are faster", late[len(late) * 99 // 100], "s")
    found = await engine.store.one("SELECT count(*) FROM items")
    report(f"{what}: items found", found[0] if found else 0, "items")


async def start(root: Path, count: int, seconds: int) -> None:
    """Start over, with some slots that have come; let all be due at once, twice, and then live on."""
    before, began, clock = memory("VmRSS"), time.perf_counter(), HeldClock()
    clock.leap_to(clock.now() + MINUTE)
    lags = Lags(clock)
    async with engine_on(root, clock=clock, counters=lags) as (engine, _), anyio.create_task_group() as tasks:
        tasks.start_soon(engine.live)
        while not lags.kept:  # noqa: ASYNC110 - nothing tells
            await anyio.sleep(LOOK_AGAIN / 10)
        report(f"{count:,}: start to the first wake", time.perf_counter() - began, "s")
        await settle(engine, clock)
        await wake_all(engine, clock, f"{count:,} due at once")
        await wake_all(engine, clock, f"{count:,} due at once, again")
        report(f"{count:,}: database", await stored(engine) / count, "bytes a specialist")
        await live(root, engine, lags, count, seconds)
        report(f"{count:,}: memory at most", memory("VmHWM"), "MB")
        report(f"{count:,}: of it gained since the start", memory("VmHWM") - before, "MB")
        tasks.cancel_scope.cancel()


def whole(count: int, seconds: int) -> None:
    """Made by one process, and lived with by another."""
    root = make_workspace("", [], root=Path.cwd() / str(count))
    for number in range(count // SHARE):
        (root / "inbox" / str(number)).mkdir()
    (root / "template.md").write_text(TEMPLATE, "utf-8")
    for part in ("make", "start"):
        subprocess.run([sys.executable, __file__, part, str(count), str(seconds)], check=True)


def main(arguments: Sequence[str]) -> None:
    """`SIZE:SECONDS,...`, or a part of one of them."""
    if arguments[0] in ("make", "start"):
        count, seconds = map(int, arguments[1:])
        root = Path.cwd() / str(count)
        anyio.run(*((make, root, count) if arguments[0] == "make" else (start, root, count, seconds)))
    else:
        for each in arguments[0].split(","):
            whole(*map(int, each.split(":")))


if __name__ == "__main__":
    main(sys.argv[1:])
