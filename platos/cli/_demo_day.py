"""The day of the demo, lived: 96 wake-ups on the virtual clock, and files that arrive between them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path

from platos.app import load_app
from platos.cli._demo_workspace import arrivals, deliver
from platos.clock import VirtualClock
from platos.core.instant import MINUTE, parse_instant

__all__ = ["MIDNIGHT", "STEP", "WAKES", "live_a_day"]

MIDNIGHT = parse_instant("2026-11-17")
"""When the day begins. It is a Tuesday, the same in every demo, so that every demo comes to the same."""

STEP = 15 * MINUTE
"""From one wake-up to the next, as the specialist's schedule has it."""

WAKES = 96


async def live_a_day(root: Path, tick: Callable[[], None]) -> None:
    """Let the workspace's specialist live from midnight to midnight; `tick` after each wake-up."""
    clock = VirtualClock(MIDNIGHT - MINUTE)
    app = load_app(root, environ={}, clock=clock, inline=True)
    post = deque(arrivals())
    async with app.engine("demo", inline=True) as engine:
        for number in range(WAKES):
            slot = MIDNIGHT + number * STEP
            while post and MIDNIGHT + post[0].after <= slot:
                arrival = post.popleft()
                await app.offload(deliver, root, arrival, MIDNIGHT + arrival.after)
            await engine.live(slot + 1)
            await engine.rest()
            tick()
