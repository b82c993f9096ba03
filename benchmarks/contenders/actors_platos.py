"""Platos: asks of a supervised actor, with their time limit and without; and actors that are idle."""

from collections.abc import Sequence

import anyio
from _ping import COLD, TIMEOUT, WARM, ask, memory

from platos.runtime.live.supervisor import Ref, supervision

IDLE = 100_000


async def behave(number: int) -> int:
    return number


async def main() -> None:
    async with supervision(crashes=3) as supervisor:
        actor = supervisor.start("echo", behave)

        async def with_limit(number: int) -> int:
            return await actor.ask(number, timeout=TIMEOUT)

        await ask(WARM, with_limit)
        await ask(f"{WARM}, without a limit", actor.ask, against=WARM)

    async with supervision(crashes=3) as supervisor:

        async def cold(number: int) -> int:
            return await supervisor.start("echo", behave).ask(number, timeout=TIMEOUT)

        await ask(COLD, cold)

    async with supervision(crashes=3) as supervisor:

        async def make(count: int) -> Sequence[Ref[int, int]]:
            actors = [supervisor.start(f"echo {number}", behave) for number in range(count)]
            for actor in actors:
                await actor.ask(0)
            return actors

        await memory(make, IDLE)


anyio.run(main)
