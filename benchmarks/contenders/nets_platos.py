"""Platos: a net of a thousand nodes, assembled and driven; then runs of a single call, from wake-up to close."""

import time
from pathlib import Path

import anyio
from _measure import report
from _open_runs import item, planned
from _platos import engine_on, make_workspace

from platos.core.item import Item
from platos.runtime.assemble import assemble
from platos.runtime.close import close
from platos.runtime.drive import drive
from platos.runtime.engine import Engine
from platos.runtime.host import Host
from platos.runtime.net import Done
from platos.runtime.verify import verify
from platos.runtime.wake import Wake

FRONT_MATTER = """
schedule: "0 0 1 1 *"
sources:
  - directory: {path: inbox}
triage:
  - rules: {signal: [{words: [count]}]}
models: {small: at-once, frontier: at-once}
planner: PLANNER
"""
PART = Path(__file__).with_name("_instant.py")
NODES, NETS, CALLS = 1_000, 3, 100


async def thousand(host: Host) -> None:
    """The nets are opened and planned before; each node's hand-off is durable."""
    taken, cpu = [], []
    for number in range(NETS + 1):
        given = tuple(Item(id=f"{number}/{at}", text="count to ten") for at in range(NODES // 2))
        run = await planned(Wake(host, "wide", given=given))
        began, before = time.perf_counter(), time.process_time()
        async with assemble(run) as net:
            result = await drive(net)
        taken.append(time.perf_counter() - began)
        cpu.append(time.process_time() - before)
        assert isinstance(result, Done)
        await close(run, await verify(run, result))
    report(f"{NODES:,} nodes, or as many steps", min(taken[1:]) * 1e3, "ms")
    report("CPU of a node, or of a step", min(cpu[1:]) / NODES * 1e6, "µs")


async def single(engine: Engine) -> None:
    """The model answers at once: what is left is ours."""
    taken = []
    for number in range(CALLS + 10):
        began = time.perf_counter()
        await engine.wake("narrow", (item(f"call {number}"),), by="person:bench")
        taken.append(time.perf_counter() - began)
    found = sorted(taken[10:])
    report("a run of one call from wake-up to close, half less", found[len(found) // 2] * 1e3, "ms")
    report("a run of one call, 99 of 100 less", found[len(found) * 99 // 100] * 1e3, "ms")


async def main() -> None:
    root = make_workspace(FRONT_MATTER.replace("PLANNER", "two-each"), ["wide"], parts=[PART])
    narrow = FRONT_MATTER.replace("PLANNER", "one-call")
    (root / "specialists" / "narrow.md").write_text(f"---\n{narrow}---\n\nMeasure.\n", "utf-8")
    async with engine_on(root) as (engine, host):
        await thousand(host)
        await single(engine)


anyio.run(main)
