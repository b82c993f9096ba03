"""Two anyio memory object streams and a task: there and back, with no supervisor and no way to fail."""

import anyio
from _ping import WARM, ask
from anyio.abc import ObjectReceiveStream, ObjectSendStream


async def echo(there: ObjectReceiveStream[int], back: ObjectSendStream[int]) -> None:
    async for number in there:
        await back.send(number)


async def main() -> None:
    send, there = anyio.create_memory_object_stream[int](64)
    back, receive = anyio.create_memory_object_stream[int](64)
    async with anyio.create_task_group() as tasks, send, there, back, receive:
        tasks.start_soon(echo, there, back)

        async def once(number: int) -> int:
            await send.send(number)
            return await receive.receive()

        await ask(WARM, once)
        tasks.cancel_scope.cancel()


anyio.run(main)
