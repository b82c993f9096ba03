"""A connection to an MCP server, by the official SDK, which is imported when the first one is opened.

The server may answer questions and nothing else: it is told of no sampling, elicitation or roots, and what it asks for
all the same is refused by the SDK. What it says is data.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import anyio

from platos.config.pins import Listed
from platos.config.settings import ServerSettings
from platos.core.instant import SECOND
from platos.core.redact import redact
from platos.errors import Failure, TimedOut, Unavailable
from platos.ports.part import Environment
from platos.tools._mcp_stdio import environment, over_stdio
from platos.tools._mcp_wire import Wire

if TYPE_CHECKING:
    from mcp import ClientSession
    from mcp_types import CallToolResult

__all__ = ["Line", "connection_name", "open_line", "reached"]

log = logging.getLogger("platos")

T = TypeVar("T")

_MOST_PAGES = 50
_CLOSED = ("Connection closed", "SSE stream")
"""How the SDK says that no answer can come any more, under a code that servers use for errors of their own, too."""


class Line:
    """A server that was reached. `ended` is set when it answers no more, or is needed no more."""

    def __init__(self, session: ClientSession, wire: Wire, name: str, its: ServerSettings) -> None:
        self._session, self._wire, self._name, self._its = session, wire, name, its
        self.ended = anyio.Event()
        self._turn = anyio.Lock()

    def redact(self, said: str) -> str:
        """What the server said, without the secrets that it was given, and without what has the form of one."""
        return self._wire.redact(said)

    async def listed(self) -> list[Listed]:
        """The server's tools, as it lists them now. Raises a Failure; nothing was done."""
        from mcp_types import PaginatedRequestParams

        found: list[Listed] = []
        cursor: str | None = None
        async with self._turn:
            for _ in range(_MOST_PAGES):
                ask = self._session.list_tools(params=PaginatedRequestParams(cursor=cursor) if cursor else None)
                page = await self._answer(ask, sent=False)
                found += [self._listed(tool) for tool in page.tools]
                cursor = page.next_cursor
                if not cursor:
                    return found
        raise Unavailable(f"its tools are on more than {_MOST_PAGES} pages", where=self._name)

    async def call(self, tool: str, arguments: dict[str, Any]) -> CallToolResult:
        """What the server answers to a call. Raises a Failure that says whether the call may have been sent."""
        from mcp_types import CallToolRequest, CallToolRequestParams, CallToolResult, InputRequiredResult
        from pydantic import TypeAdapter

        params = CallToolRequestParams(name=tool, arguments=arguments)
        form: TypeAdapter[CallToolResult | InputRequiredResult] = TypeAdapter(CallToolResult | InputRequiredResult)
        async with self._turn:
            ask = self._session.send_request(CallToolRequest(params=params), form)
            answer = await self._answer(ask, sent=True)
        if isinstance(answer, InputRequiredResult):
            raise Unavailable("the server asks for something itself, and gets nothing", where=self._name, sent=True)
        return answer

    async def _answer(self, asked: Awaitable[T], *, sent: bool) -> T:
        """The answer to one question; `sent` tells whether it matters that it was. A line that fails has ended."""
        from mcp import MCPError

        self._wire.ask()
        try:
            with anyio.fail_after(self._its.timeout / SECOND):
                return await asked
        except MCPError as error:
            if error.message.startswith(_CLOSED):
                self.ended.set()
            raise _with(_reason(error, self._wire), sent=sent) from None
        except TimeoutError:
            self.ended.set()
            raise TimedOut("the server did not answer in time", where=self._name, sent=sent) from None
        except (ValueError, RuntimeError) as error:
            self.ended.set()
            what = f"the server's answer has not the form of one: {self._wire.plain(str(error))}"
            raise Unavailable(what, where=self._name, sent=sent) from None
        except anyio.get_cancelled_exc_class():
            self.ended.set()  # nobody knows what the server is at
            raise

    def _listed(self, tool: Any) -> Listed:
        told = tool.model_dump(by_alias=True, mode="json", exclude_none=True)
        said = self._session.server_info
        return Listed(
            server=self._name,
            reached=reached(self._its),
            said=said.name if said is not None else "",
            tool=tool.name,
            title=tool.title or "",
            description=tool.description or "",
            schema=told["inputSchema"],
            answers=told.get("outputSchema"),
            hints=told.get("annotations", {}),
        )


def reached(its: ServerSettings) -> tuple[str, ...]:
    """How a server is reached, as its owner wrote it."""
    return its.command or (its.url or "",)


def connection_name(name: str) -> str:
    """The name of the connection that all tools of a server share."""
    return f"mcp/{name}"


@asynccontextmanager
async def open_line(name: str, its: ServerSettings, where: Environment) -> AsyncIterator[Line]:
    """A server, started or called, for as long as the block lasts. It is killed with everything that it started.

    Raises Unavailable, TimedOut, AuthFailed, RateLimited or SecretMissing where it cannot be had; nothing was sent.
    Where the way breaks later, whoever waits for an answer is told by a Failure, or the block is ended with one.
    """
    await where.offload(_load)
    secrets = await where.offload(_resolved, its, where)
    wire = Wire(name, its.most_bytes, partial(redact, known=list(secrets.values())))
    line: Line | None = None
    inside: Exception | None = None
    left = False
    try:
        async with AsyncExitStack() as stack:
            line = Line(await _reach(stack, wire, its, secrets, where), wire, name, its)
            try:
                yield line
                left = True
            except Exception as error:  # noqa: BLE001 - it is the block's own, raised below without the SDK's groups
                inside, left = error, True
            finally:
                line.ended.set()
    except BaseExceptionGroup as group:
        _only_of_the_line(group)
        if not left:  # the SDK cut the block off, or it never began
            raise _with(_reason(group, wire), sent=line is not None) from None
        log.info("%s: the way to the server broke as it ended: %s", name, wire.ended().what)
    except (OSError, RuntimeError, ValueError) as error:
        raise Unavailable(f"the server cannot be used: {wire.plain(str(error))}", where=name) from None
    if inside is not None:
        raise inside


async def _reach(
    stack: AsyncExitStack, wire: Wire, its: ServerSettings, secrets: dict[str, str], where: Environment
) -> ClientSession:
    """The SDK's session, once it and the server know of each other. Raises a group where that is not to be."""
    from mcp import ClientSession

    seconds = its.timeout / SECOND
    if its.url is None:
        way = over_stdio(wire, its.command, where.workspace, environment(secrets))
    else:
        from platos.tools._mcp_http import over_http

        way = over_http(wire, its.url, secrets, seconds, its.most_bytes)
    session: ClientSession = await stack.enter_async_context(ClientSession(*await stack.enter_async_context(way)))
    try:
        with anyio.fail_after(seconds):
            await _greet(session)
    except TimeoutError:
        what = f"the server did not begin to speak within {seconds:g} seconds"
        raise TimedOut(what, where=wire.server) from None
    return session


async def _greet(session: ClientSession) -> None:
    """Agree on a version of the protocol: a new one if the server knows one, else by the handshake of the old ones."""
    from mcp import MCPError

    try:
        await session.discover()
    except (MCPError, RuntimeError, ValueError):
        await session.initialize()


def _reason(error: BaseException, wire: Wire) -> Failure:
    """Why there is no answer: what the way knows of itself, before what the SDK makes of it."""
    from mcp import MCPError

    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if wire.failure is not None:
        return wire.failure
    if isinstance(error, Failure):
        return error
    if isinstance(error, MCPError) and not error.message.startswith(_CLOSED):
        said = f"the server answers with error {error.code}: {wire.plain(error.message)}"
        return Unavailable(said, where=wire.server, sent=True)
    return wire.ended()


def _with(failure: Failure, *, sent: bool) -> Failure:
    """The failure, where it matters whether it was sent: a way that was never reached sent nothing."""
    return type(failure)(failure.what, where=failure.where, hint=failure.hint, sent=sent and failure.sent)


def _only_of_the_line(group: BaseExceptionGroup[BaseException]) -> None:
    """Raises the group where something in it is no ordinary error, such as being cancelled."""
    _, others = group.split(Exception)
    if others is not None:
        raise group


def _load() -> None:
    """Blocking: it takes more than a second. The SDK's own log, which quotes servers, is ours to write."""
    for name in ("mcp", "client"):
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
    for module in ("mcp", "mcp.client.streamable_http", "mcp_types"):
        importlib.import_module(module)


def _resolved(its: ServerSettings, where: Environment) -> dict[str, str]:
    """The values of its variables or headers. Blocking. Raises SecretMissing."""
    return {name: where.secret(reference) for name, reference in {**its.env, **its.headers}.items()}
