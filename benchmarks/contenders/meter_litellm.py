"""Bare litellm, as its documentation has it, with its own retries off; nothing is kept."""

import anyio
import litellm
from _calls import calls
from _chat_server import ANSWER, DOCUMENT, INSTRUCTIONS, SCHEMA, serving

MESSAGES = [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": DOCUMENT}]
FORM = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}


async def main() -> None:
    with serving() as base:

        async def call() -> None:
            reply = await litellm.acompletion(
                model="openai/bench",
                messages=MESSAGES,
                response_format=FORM,
                max_tokens=500,
                api_base=base,
                api_key="none",
                max_retries=0,
                num_retries=0,
                timeout=60,
            )
            assert reply.choices[0].message.content == ANSWER

        await calls(call)


anyio.run(main)
