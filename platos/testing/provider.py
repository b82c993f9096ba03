"""A provider of models on loopback: OpenAI's chat completions over real HTTP, with the faults that real ones have.

    async with FakeProvider(fails(500), answers('{"ok": true}')) as provider:     # or `with`, where nothing is async
        ...                                     # the part under test calls provider.url
        assert provider.tokens.input > 0        # what this side metered, whatever the other side believes
        assert provider.bill(input="1.00", output="4.00") == ...                    # and what it would charge

One turn answers one request; the last turn answers all that come after it. A token here is a word. It streams where it
is asked to.
"""

from __future__ import annotations

import json
import re
import socketserver
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import ceil
from typing import Any, Literal, cast

import msgspec

from platos.core.money import Usage
from platos.testing.loopback import Loopback

__all__ = [
    "Asked",
    "FakeProvider",
    "Turn",
    "answers",
    "cuts",
    "fails",
    "garbles",
    "hangs",
    "miscounts",
    "refuses",
    "repeats",
    "stalls",
]

Fault = Literal["", "hang", "stall", "cut", "end", "garble", "repeat"]

_WORD = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True)
class Turn:
    """What the provider does with one request. `worked` turns meter tokens, delivered or not.

    Of the input `cached` tokens came out of its cache, and before the answer it thought for `reasoning` tokens. It
    says what it used where `usage` is true, and `claims` instead of the truth where that is given. `pause` seconds
    pass before each piece of a stream.
    """

    content: str = ""
    status: int = 200
    worked: bool = True
    usage: bool = True
    claims: Usage | None = None
    cached: int = 0
    reasoning: int = 0
    finish: str = "stop"
    refusal: str = ""
    service: str = "default"
    pause: float = 0
    error: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault = ""


@dataclass(frozen=True)
class Asked:
    """A request as it arrived: its JSON body, and the key it came with."""

    body: dict[str, Any]
    key: str


def answers(
    content: str,
    *,
    usage: bool = True,
    cached: int = 0,
    reasoning: int = 0,
    finish: str = "stop",
    service: str = "default",
    pause: float = 0,
) -> Turn:
    """A reply of this content; without `usage` it does not say what it used."""
    return Turn(content, 200, True, usage, None, cached, reasoning, finish, "", service, pause)


def miscounts(content: str, claims: Usage) -> Turn:
    """A reply that says it used `claims`, whatever it did use."""
    return Turn(content=content, claims=claims)


def refuses(words: str = "") -> Turn:
    """The model refuses in these words; without any, the provider's filter holds the answer back."""
    return Turn(refusal=words) if words else Turn(finish="content_filter")


def fails(status: int, *, error: str = "refused", worked: bool = False, retry_after: float | str | None = None) -> Turn:
    """An HTTP error with `error` as its code. `worked`: the tokens were spent all the same.

    `retry_after` is in seconds, or a date as HTTP has it.
    """
    wish = retry_after if isinstance(retry_after, str | None) else f"{retry_after:g}"
    return Turn(status=status, error=error, worked=worked, headers={} if wish is None else {"Retry-After": wish})


def hangs() -> Turn:
    """The work is done and the answer never comes: not a byte of it."""
    return Turn(fault="hang")


def stalls(content: str = "a few words of it") -> Turn:
    """The answer begins to come, and then nothing more does. Where nothing is streamed, nothing comes."""
    return Turn(content=content, fault="stall")


def cuts(*, cleanly: bool = False) -> Turn:
    """The connection ends in the middle of the answer; `cleanly`: as if that were all, but a stream says no finish."""
    return Turn(content="cut off in the middle", fault="end" if cleanly else "cut")


def garbles() -> Turn:
    """The envelope around the answer is no JSON."""
    return Turn(fault="garble")


def repeats(content: str) -> Turn:
    """Every piece of a stream comes twice; a whole answer stands there twice."""
    return Turn(content=content, fault="repeat")


class FakeProvider(Loopback):
    """The server: `url` is its base, `requests` what came, `metered` what each of them used; `arrived` is set once one
    came. Without `streams` it answers in one piece whatever it is asked, as some servers do.
    """

    def __init__(self, *turns: Turn, streams: bool = True) -> None:
        super().__init__()
        self._turns = turns or (answers("{}"),)
        self._streams = streams
        self._lock = threading.Lock()
        self.arrived = threading.Event()
        self.requests: list[Asked] = []
        self.metered: list[Usage] = []

    @property
    def url(self) -> str:
        """The base of the API, as `api_base` wants it."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def tokens(self) -> Usage:
        """What it metered in all."""
        counts = zip(*map(msgspec.structs.astuple, self.metered), strict=True)
        return Usage(**dict(zip(Usage.__struct_fields__, map(sum, counts), strict=False)))

    def bill(self, **rates: str) -> int:
        """What it charges, in nano-dollars, each request rounded up. Rates are US dollars for a million tokens by
        class; a class without one costs what `input` or `output` does."""
        return sum(ceil(sum(_costs(usage, rates)) * 10**9) for usage in self.metered)

    def listen(self) -> socketserver.TCPServer:
        server = _Server(("127.0.0.1", 0), _Handler)
        server.provider = self
        return server

    def take(self, asked: Asked) -> tuple[Turn, Usage]:
        """Count a request: its turn, and what answering it uses."""
        with self._lock:
            turn = self._turns[min(len(self.requests), len(self._turns) - 1)]
            usage = _used(turn, asked.body)
            self.requests.append(asked)
            self.metered.append(usage)
            self.arrived.set()
            return turn, usage

    def streams(self, body: dict[str, Any]) -> bool:
        """Does the answer to this request come in pieces?"""
        return self._streams and bool(body.get("stream"))

    def hold(self) -> None:
        """Wait until the server is closed."""
        self.closing.wait()


def _used(turn: Turn, body: dict[str, Any]) -> Usage:
    if not turn.worked:
        return Usage()
    read = sum(len(str(message["content"]).split()) for message in body["messages"])
    words = len(turn.content.split()) * (2 if turn.fault == "repeat" else 1)
    return Usage(input=read - turn.cached, cached=turn.cached, output=words, reasoning=turn.reasoning)


def _costs(usage: Usage, rates: Mapping[str, str]) -> Iterator[Fraction]:
    """Each class of tokens in dollars."""
    for name in Usage.__struct_fields__:
        side = "output" if name in ("output", "reasoning") else "input"
        yield getattr(usage, name) * Fraction(rates.get(name, rates[side])) / 10**6


class _Server(ThreadingHTTPServer):
    provider: FakeProvider


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.close_connection = True
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked = Asked(body, self.headers.get("Authorization", "").removeprefix("Bearer "))
        turn, usage = self._provider.take(asked)
        streams = self._provider.streams(body)
        if turn.fault == "hang" or (turn.fault == "stall" and not streams):
            self._provider.hold()
        elif turn.status != 200:
            self._send(turn.status, _error(turn), headers=turn.headers)
        elif turn.fault == "garble":
            self._send(200, b"<html>no JSON here</html>")
        elif streams:
            self._stream(body, turn, usage)
        else:
            self._send(200, _completion(body, turn, usage), missing=500 * (turn.fault in ("cut", "end")))

    @property
    def _provider(self) -> FakeProvider:
        return cast(_Server, self.server).provider

    def _send(self, status: int, payload: bytes, *, headers: Mapping[str, str] | None = None, missing: int = 0) -> None:
        """A whole response. `missing` bytes of it never come."""
        self._head(status, {"Content-Type": "application/json", "Content-Length": str(len(payload) + missing)}, headers)
        self.wfile.write(payload)

    def _stream(self, body: dict[str, Any], turn: Turn, usage: Usage) -> None:
        """Server-sent events, each in a chunk of its own. A cut stream has no end."""
        self._head(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}, turn.headers)
        for event in _events(body, turn, usage):
            self._provider.closing.wait(turn.pause)
            self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event))
        if turn.fault == "stall":
            self._provider.hold()
        if turn.fault != "cut":
            self.wfile.write(b"0\r\n\r\n")

    def _head(self, status: int, *headers: Mapping[str, str] | None) -> None:
        self.send_response(status)
        self.send_header("Connection", "close")
        for each in headers:
            for name, value in (each or {}).items():
                self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """A test's output is no place for an access log."""


def _error(turn: Turn) -> bytes:
    error = {"message": turn.error, "type": turn.error, "code": turn.error}
    return json.dumps({"error": error}).encode()


def _completion(body: dict[str, Any], turn: Turn, usage: Usage) -> bytes:
    content = turn.content * (2 if turn.fault == "repeat" else 1)
    message = {"role": "assistant", "content": content, "refusal": turn.refusal or None}
    choice = {"index": 0, "finish_reason": turn.finish, "message": message}
    return json.dumps(_envelope(body, turn, "chat.completion", [choice], usage)).encode()


def _events(body: dict[str, Any], turn: Turn, usage: Usage) -> Iterator[bytes]:
    """The events of a stream, as far as the turn lets it come."""
    said = list(_said(turn))
    broken = turn.fault in ("cut", "end", "stall")
    for delta in said[: 1 + len(said) // 2] if broken else said:
        yield _event(_envelope(body, turn, "chat.completion.chunk", [{"index": 0, "delta": delta}]))
    if broken:
        return
    yield _event(
        _envelope(body, turn, "chat.completion.chunk", [{"index": 0, "delta": {}, "finish_reason": turn.finish}])
    )
    if (body.get("stream_options") or {}).get("include_usage"):
        yield _event(_envelope(body, turn, "chat.completion.chunk", [], usage))
    yield b"data: [DONE]\n\n"


def _said(turn: Turn) -> Iterator[dict[str, str]]:
    yield {"role": "assistant", "content": ""}
    if turn.refusal:
        yield {"refusal": turn.refusal}
    for word in _WORD.findall(turn.content):
        yield {"content": word}
        if turn.fault == "repeat":
            yield {"content": word}


def _event(chunk: dict[str, Any]) -> bytes:
    return b"data: %b\n\n" % json.dumps(chunk).encode()


def _envelope(
    body: dict[str, Any], turn: Turn, kind: str, choices: list[dict[str, Any]], usage: Usage | None = None
) -> dict[str, Any]:
    envelope = {"id": "fake", "object": kind, "created": 0, "model": body["model"], "choices": choices}
    if usage is not None and turn.usage:
        envelope["usage"] = _told(turn.claims or usage)
    return {**envelope, "service_tier": turn.service}


def _told(usage: Usage) -> dict[str, Any]:
    """In OpenAI's form the cached tokens are among the prompt's, and the reasoning is among the completion's."""
    return {
        "prompt_tokens": usage.read,
        "completion_tokens": usage.written,
        "total_tokens": usage.total,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }
