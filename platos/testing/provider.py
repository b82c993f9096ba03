"""A provider of models on loopback: OpenAI's chat completions over real HTTP, with the faults that real ones have.

    async with FakeProvider(fails(500), answers('{"ok": true}')) as provider:     # or `with`, where nothing is async
        ...                                     # the part under test calls provider.url
        assert provider.tokens.input > 0        # what this side metered, whatever the other side believes

One turn answers one request; the last turn answers all that come after it. A token here is a word.
"""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, cast

from platos.core.money import Usage
from platos.testing.loopback import Loopback

__all__ = ["Asked", "FakeProvider", "Turn", "answers", "cuts", "fails", "garbles", "hangs"]


@dataclass(frozen=True)
class Turn:
    """What the provider does with one request. `worked` turns meter tokens, delivered or not."""

    content: str = ""
    status: int = 200
    worked: bool = True
    usage: bool = True
    error: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Literal["", "hang", "cut", "garble"] = ""


@dataclass(frozen=True)
class Asked:
    """A request as it arrived: its JSON body, and the key it came with."""

    body: dict[str, Any]
    key: str


def answers(content: str, *, usage: bool = True) -> Turn:
    """A reply of this content; without `usage` it does not say what it used."""
    return Turn(content=content, usage=usage)


def fails(status: int, *, error: str = "refused", worked: bool = False, retry_after: float | None = None) -> Turn:
    """An HTTP error with `error` as its code. `worked`: the tokens were spent all the same."""
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    return Turn(status=status, error=error, worked=worked, headers=headers)


def hangs() -> Turn:
    """The work is done and the answer never comes."""
    return Turn(fault="hang")


def cuts() -> Turn:
    """The connection ends in the middle of the answer."""
    return Turn(content="cut off", fault="cut")


def garbles() -> Turn:
    """The envelope around the answer is no JSON."""
    return Turn(fault="garble")


class FakeProvider(Loopback):
    """The server: `url` is its base, `requests` what came, `tokens` what it metered; `arrived` is set once one came."""

    def __init__(self, *turns: Turn) -> None:
        super().__init__()
        self._turns = turns or (answers("{}"),)
        self._lock = threading.Lock()
        self.arrived = threading.Event()
        self.requests: list[Asked] = []
        self.tokens = Usage()

    @property
    def url(self) -> str:
        """The base of the API, as `api_base` wants it."""
        return f"http://127.0.0.1:{self.port}/v1"

    def listen(self) -> socketserver.TCPServer:
        server = _Server(("127.0.0.1", 0), _Handler)
        server.provider = self
        return server

    def take(self, asked: Asked) -> tuple[Turn, Usage]:
        """Count a request: its turn, and what answering it uses."""
        with self._lock:
            turn = self._turns[min(len(self.requests), len(self._turns) - 1)]
            self.requests.append(asked)
            self.arrived.set()
            usage = Usage(input=_words(asked.body), output=len(turn.content.split())) if turn.worked else Usage()
            self.tokens = Usage(input=self.tokens.input + usage.input, output=self.tokens.output + usage.output)
            return turn, usage

    def hold(self) -> None:
        """Wait until the server is closed."""
        self.closing.wait()


def _words(body: dict[str, Any]) -> int:
    return sum(len(str(message["content"]).split()) for message in body["messages"])


class _Server(ThreadingHTTPServer):
    provider: FakeProvider


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        provider = cast(_Server, self.server).provider
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        turn, usage = provider.take(Asked(body, self.headers.get("Authorization", "").removeprefix("Bearer ")))
        if turn.fault == "hang":
            provider.hold()
        elif turn.fault == "cut":
            self._send(200, _completion(body, turn, usage), missing=500)
        elif turn.fault == "garble":
            self._send(200, b"<html>no JSON here</html>")
        elif turn.status != 200:
            self._send(turn.status, _error(turn), headers=turn.headers)
        else:
            self._send(200, _completion(body, turn, usage))
        self.close_connection = True

    def _send(self, status: int, payload: bytes, *, headers: Mapping[str, str] | None = None, missing: int = 0) -> None:
        self.send_response(status)
        fixed = {"Content-Type": "application/json", "Connection": "close"}
        for name, value in {**fixed, "Content-Length": str(len(payload) + missing), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: Any) -> None:
        """A test's output is no place for an access log."""


def _error(turn: Turn) -> bytes:
    error = {"message": turn.error, "type": turn.error, "code": turn.error}
    return json.dumps({"error": error}).encode()


def _completion(body: dict[str, Any], turn: Turn, usage: Usage) -> bytes:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": turn.content}}
    reply = {"id": "fake", "object": "chat.completion", "created": 0, "model": body["model"], "choices": [choice]}
    if turn.usage:
        total = usage.input + usage.output
        reply["usage"] = {"prompt_tokens": usage.input, "completion_tokens": usage.output, "total_tokens": total}
    return json.dumps(reply).encode()
