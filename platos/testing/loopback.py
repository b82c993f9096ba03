"""What the fake servers share: a free port of this machine, in threads, for as long as a `with` block lasts."""

from __future__ import annotations

import socketserver
import threading
from abc import abstractmethod
from types import TracebackType
from typing import Self

from anyio import to_thread

__all__ = ["Loopback"]


class Loopback:
    """A server on loopback. Inside an event loop use `async with`; `closing` is set when the block ends."""

    def __init__(self) -> None:
        self.closing = threading.Event()

    @abstractmethod
    def listen(self) -> socketserver.TCPServer:
        """The server, bound to a port of 127.0.0.1."""

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._server = self.listen()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await to_thread.run_sync(self.__exit__, kind, error, trace)
