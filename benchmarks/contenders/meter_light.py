"""A bare client: the same question over HTTP, the answer decoded, and nothing kept."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import anyio
from _calls import Call, calls
from _chat_server import ANSWER, INSTRUCTIONS, document

SYSTEM = [{"role": "system", "content": INSTRUCTIONS}]


@asynccontextmanager
async def prepare(base: str) -> AsyncIterator[Call]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:

        async def call(seconds: float) -> None:
            messages = [*SYSTEM, {"role": "user", "content": document(0, seconds)}]
            body = {"model": "bench", "messages": messages, "max_tokens": 500}
            async with client.post(f"{base}/chat/completions", json=body) as response:
                reply = await response.json()
            assert reply["choices"][0]["message"]["content"] == ANSWER

        yield call


anyio.run(calls, prepare)
