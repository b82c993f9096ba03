"""Bare litellm, as its documentation has it, with its own retries off; nothing is kept."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import litellm
from _calls import Call, calls
from _chat_server import ANSWER, INSTRUCTIONS, SCHEMA, document

SYSTEM = [{"role": "system", "content": INSTRUCTIONS}]
FORM = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}


@asynccontextmanager
async def prepare(base: str) -> AsyncIterator[Call]:
    async def call(seconds: float) -> None:
        reply = await litellm.acompletion(
            model="openai/bench",
            messages=[*SYSTEM, {"role": "user", "content": document(0, seconds)}],
            response_format=FORM,
            max_tokens=500,
            api_base=base,
            api_key="none",
            max_retries=0,
            num_retries=0,
            timeout=60,
        )
        assert reply.choices[0].message.content == ANSWER

    yield call


anyio.run(calls, prepare)
