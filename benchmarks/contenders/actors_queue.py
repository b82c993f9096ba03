"""Two asyncio queues and a task: there and back, with no limit, no supervisor and no way to fail."""

import asyncio
from collections.abc import Sequence

from _ping import COLD, WARM, ask, memory

Wire = asyncio.Queue[int]


async def echo(there: Wire, back: Wire) -> None:
    while True:
        await back.put(await there.get())


async def main() -> None:
    there, back = Wire(64), Wire(64)
    tasks = {asyncio.create_task(echo(there, back))}

    async def once(number: int) -> int:
        await there.put(number)
        return await back.get()

    await ask(WARM, once)

    async def cold(number: int) -> int:
        there, back = Wire(64), Wire(64)
        task = asyncio.create_task(echo(there, back))
        await there.put(number)
        answer = await back.get()
        task.cancel()
        return answer

    await ask(COLD, cold)

    async def make(count: int) -> Sequence[object]:
        wires = [(Wire(64), Wire(64)) for _ in range(count)]
        for there, back in wires:
            tasks.add(asyncio.create_task(echo(there, back)))
            await there.put(0)
            await back.get()
        return wires

    await memory(make, 20_000)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


asyncio.run(main())
