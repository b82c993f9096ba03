"""A bare client: the same question over HTTP, the answer decoded, and nothing kept."""

import anyio
import httpx2
from _calls import calls
from _chat_server import ANSWER, DOCUMENT, INSTRUCTIONS, serving

MESSAGES = [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": DOCUMENT}]


async def main() -> None:
    with serving() as base:
        limits = httpx2.Limits(max_connections=100, max_keepalive_connections=100)
        async with httpx2.AsyncClient(limits=limits, timeout=60) as client:

            async def call() -> None:
                body = {"model": "bench", "messages": MESSAGES, "max_tokens": 500}
                reply = await client.post(f"{base}/chat/completions", json=body)
                assert reply.json()["choices"][0]["message"]["content"] == ANSWER

            await calls(call)


anyio.run(main)
