# /// script
# dependencies = ["autogen-core"]
# ///
"""AutoGen: `send_message` to an agent on the single-threaded runtime, and its answer; and agents that are idle."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from _ping import COLD, WARM, ask, memory
from autogen_core import AgentId, MessageContext, RoutedAgent, SingleThreadedAgentRuntime, message_handler


@dataclass
class Note:
    number: int


class Echo(RoutedAgent):
    def __init__(self) -> None:
        super().__init__("echo")

    @message_handler
    async def on_note(self, message: Note, ctx: MessageContext) -> Note:
        return message


async def main() -> None:
    logging.disable(logging.CRITICAL)
    runtime = SingleThreadedAgentRuntime()
    await Echo.register(runtime, "echo", Echo)
    runtime.start()
    made = 0

    async def once(number: int) -> int:
        return (await runtime.send_message(Note(number), AgentId("echo", "one"))).number

    await ask(WARM, once)

    async def cold(number: int) -> int:
        nonlocal made
        made += 1
        return (await runtime.send_message(Note(number), AgentId("echo", f"cold-{made}"))).number

    await ask(COLD, cold)

    async def make(count: int) -> Sequence[object]:
        nonlocal made
        made += count
        ids = [AgentId("echo", str(number)) for number in range(made - count, made)]
        for each in ids:
            await runtime.send_message(Note(0), each)
        return ids

    await memory(make, 5_000)
    await runtime.stop()


asyncio.run(main())
