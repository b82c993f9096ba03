"""Platos: so many specialists of one template, over a hundredth as many folders in which nothing changes."""

import resource
import sys
import time
from pathlib import Path

import anyio
from _measure import report
from _platos import engine_on, make_workspace
from wakes_platos import LeapingClock

from platos.config.template import read_template
from platos.core.instant import MINUTE, Instant
from platos.runtime.engine import Engine
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
SHARE = 100
"""So many specialists look at one folder."""

LOOK_AGAIN = 0.1


def memory() -> float:
    """What this process holds now, in MB."""
    pages = int(Path("/proc/self/statm").read_text("utf-8").split()[1])
    return pages * resource.getpagesize() / 1e6


async def stored(engine: Engine) -> int:
    """Bytes of the database. What was written last may still lie beside it, in the write-ahead log."""
    row = await engine.store.one("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
    return row[0] if row else 0


async def woken(engine: Engine) -> int:
    row = await engine.store.one("SELECT sum(wakes) FROM specialists")
    return row[0] if row else 0


async def settle(engine: Engine, clock: LeapingClock) -> None:
    """Return when nobody waits for a slot that has come by now."""
    now = clock.now()
    while await waiting(engine, now):  # noqa: ASYNC110 - looked at from outside: nothing tells when all are done
        await anyio.sleep(LOOK_AGAIN)


async def waiting(engine: Engine, now: Instant) -> bool:
    return bool(await specialists.due_now(engine.store, now, count=1))


async def make(root: Path, count: int, clock: LeapingClock) -> None:
    """Add all of them: rows that were read and checked before."""
    rows = [(f"customer-{number:07d}", (str(number % (count // SHARE)),)) for number in range(count)]
    async with engine_on(root, clock=clock) as (engine, _):
        began = time.perf_counter()
        await engine.add(read_template(root / "template.md", {}).content, rows, by="person:bench")
        report(f"{count:,} added", count / (time.perf_counter() - began), "specialists/s")


async def live(root: Path, count: int, clock: LeapingClock) -> None:
    """Start over, with some slots that have come; then let all be due at once."""
    before, began = memory(), time.perf_counter()
    clock.leap_to(clock.now() + MINUTE)
    async with engine_on(root, clock=clock) as (engine, _), anyio.create_task_group() as tasks:
        tasks.start_soon(engine.live)
        while not await woken(engine):  # noqa: ASYNC110 - as above
            await anyio.sleep(LOOK_AGAIN)
        report(f"{count:,}: start to the first wake", time.perf_counter() - began, "s")
        await settle(engine, clock)
        done = await woken(engine)
        clock.leap_to(clock.now() + 15 * MINUTE)
        engine.nudge()
        began, cpu = time.perf_counter(), time.process_time()
        await settle(engine, clock)
        wakes = await woken(engine) - done
        report(f"{count:,} due at once", wakes / (time.perf_counter() - began), "wakes/s")
        report(f"{count:,}: CPU of a wake", (time.process_time() - cpu) / wakes * 1e6, "µs")
        report(f"{count:,}: memory gained", memory() - before, "MB")
        report(f"{count:,}: database", await stored(engine) / count, "bytes a specialist")
        tasks.cancel_scope.cancel()


async def main(count: int) -> None:
    root = make_workspace("", [], root=Path.cwd() / str(count))
    for number in range(count // SHARE):
        (root / "inbox" / str(number)).mkdir()
    (root / "template.md").write_text(TEMPLATE, "utf-8")
    clock = LeapingClock()
    await make(root, count, clock)
    await live(root, count, clock)


if __name__ == "__main__":
    for size in map(int, sys.argv[1:]):
        anyio.run(main, size)
