# /// script
# dependencies = ["pykka"]
# ///
"""Pykka: asks of a ThreadingActor, with their time limit; and actors that are idle, a thread each."""

import asyncio
from collections.abc import Sequence

import pykka
from _ping import COLD, TIMEOUT, WARM, ask_blocking, memory


class Echo(pykka.ThreadingActor):
    def on_receive(self, message: int) -> int:
        return message


async def make(count: int) -> Sequence[object]:
    actors = [Echo.start() for _ in range(count)]
    for actor in actors:
        actor.ask(0, timeout=TIMEOUT)
    return actors


def cold(number: int) -> int:
    actor = Echo.start()
    answer = actor.ask(number, timeout=TIMEOUT)
    actor.stop(block=False)
    return answer


actor = Echo.start()
ask_blocking(WARM, lambda number: actor.ask(number, timeout=TIMEOUT))
actor.stop()
ask_blocking(COLD, cold)
pykka.ActorRegistry.stop_all()
asyncio.run(memory(make, 2_000))
pykka.ActorRegistry.stop_all()
