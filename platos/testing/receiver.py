"""A server on loopback that takes what is posted to it, over real HTTP, as a webhook's other side does.

    with Receiver(500) as receiver:             # the first post is refused, all others are taken; or `async with`
        ...                                     # the part under test posts to receiver.url
        assert [post.body for post in receiver.posts] == [...]

What it was told to do with a post (`on_post`) is done before it answers.
"""

from __future__ import annotations

import socketserver
from collections.abc import Callable
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple, cast

from platos.testing.loopback import Loopback

__all__ = ["Post", "Receiver"]


class Post(NamedTuple):
    """What was posted, and what it was answered with."""

    path: str
    headers: Message
    body: bytes
    status: int


class Receiver(Loopback):
    """Keeps every post in `posts`. `statuses` are its first answers, in order; then `always`, which may be changed."""

    def __init__(self, *statuses: int, on_post: Callable[[Post], object] | None = None) -> None:
        super().__init__()
        self.statuses = list(statuses)
        self.always = 200
        self.headers: dict[str, str] = {}
        self.posts: list[Post] = []
        self.on_post = on_post

    @property
    def url(self) -> str:
        """Where to post."""
        return f"http://127.0.0.1:{self.port}/told"

    def listen(self) -> socketserver.TCPServer:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        server.daemon_threads = True
        server.receiver = self  # type: ignore[attr-defined]
        return server


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        receiver = cast(Receiver, self.server.receiver)  # type: ignore[attr-defined]
        status = receiver.statuses.pop(0) if receiver.statuses else receiver.always
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        post = Post(self.path, self.headers, body, status)
        receiver.posts.append(post)
        if receiver.on_post is not None:
            receiver.on_post(post)
        self.send_response(status)
        for name, value in {"Content-Length": "0", **receiver.headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test looks at `posts`."""
