"""A bare client: the same question over HTTP, the answer decoded, and nothing kept."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import httpx2
from _calls import Call, calls
from _chat_server import ANSWER, DOCUMENT, INSTRUCTIONS

MESSAGES = [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": DOCUMENT}]


@asynccontextmanager
async def prepare(base: str) -> AsyncIterator[Call]:
    limits = httpx2.Limits(max_connections=100, max_keepalive_connections=100)
    async with httpx2.AsyncClient(limits=limits, timeout=60) as client:

        async def call() -> None:
            body = {"model": "bench", "messages": MESSAGES, "max_tokens": 500}
            reply = await client.post(f"{base}/chat/completions", json=body)
            assert reply.json()["choices"][0]["message"]["content"] == ANSWER

        yield call


anyio.run(calls, prepare)
