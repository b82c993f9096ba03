"""A provider that answers at once, or after as long as the question says: OpenAI's chat completions, whole or as a
stream, always the same answer.

Run as a process of its own, so that what it does falls on no contender: it prints its port. The standard library alone.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["ANSWER", "INSTRUCTIONS", "SCHEMA", "document", "serving"]

INSTRUCTIONS = "Say whether this document matters to somebody who pins quartz 4.2, and why. " * 10
DOCUMENT = "Version 4.2 of quartz loses support on 15 January. Version 5.0 changes the default isolation. " * 10
SCHEMA = {
    "type": "object",
    "properties": {"signal": {"type": "boolean"}, "reason": {"type": "string"}},
    "required": ["signal", "reason"],
}
ANSWER = json.dumps({"signal": True, "reason": "Version 4.2 of quartz loses support."})

_USAGE = {"prompt_tokens": 420, "completion_tokens": 18, "total_tokens": 438}
_HEAD = {"id": "chatcmpl-1", "created": 1_760_000_000, "model": "bench"}


def _chunk(delta: dict[str, str], finish: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return _event({**_HEAD, "object": "chat.completion.chunk", "choices": [choice]})


def _event(value: object) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()


def _stream() -> bytes:
    pieces = [_chunk({"role": "assistant", "content": ANSWER[:30]}, None), _chunk({"content": ANSWER[30:]}, None)]
    usage = _event({**_HEAD, "object": "chat.completion.chunk", "choices": [], "usage": _USAGE})
    return b"".join((*pieces, _chunk({}, "stop"), usage, b"data: [DONE]\n\n"))


def _whole() -> bytes:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": ANSWER}}
    return json.dumps({**_HEAD, "object": "chat.completion", "choices": [choice], "usage": _USAGE}).encode()


def _reply(kind: str, body: bytes) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


STREAM, WHOLE = _reply("text/event-stream", _stream()), _reply("application/json", _whole())


_TAKE = re.compile(rb"take (\d\.\d+) s")


def document(number: int, seconds: float) -> str:
    """What the question is about; where there are seconds, it takes the provider so long to answer."""
    asked = f"take {seconds:.3f} s. " if seconds else ""
    return f"{number}: {asked}{DOCUMENT}"


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(length)
            if asked := _TAKE.search(body):
                await asyncio.sleep(float(asked[1]))
            writer.write(STREAM if b'"stream":true' in body.replace(b" ", b"") else WHOLE)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _serve() -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", 0, backlog=1_000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def serving() -> Iterator[str]:
    """The base of the API of such a server, for as long as the block lasts."""
    command = [sys.executable, str(Path(__file__))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        finally:
            server.kill()


if __name__ == "__main__":
    asyncio.run(_serve())
