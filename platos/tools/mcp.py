"""mcp: one tool of an MCP server, granted by its name, and called only while it is what somebody accepted."""

from __future__ import annotations

import copy
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Literal, NamedTuple, cast

from pydantic import BaseModel, Field, RootModel, model_validator
from pydantic_core import PydanticCustomError

from platos.config.fields import Form, Text
from platos.config.pins import Listed, read_pins
from platos.config.settings import ServerSettings
from platos.config.workspace import SETTINGS_FILE
from platos.core.effect import EffectClass, Receipt
from platos.errors import ConfigurationError, PermissionDenied
from platos.ports.part import Environment, tool
from platos.ports.tool import Share, Tool
from platos.tools._mcp_form import arguments_of, receipt_of
from platos.tools._mcp_server import Line, connection_name, open_line, reached

__all__ = ["Mcp"]

log = logging.getLogger("platos")


class Anything(RootModel[dict[str, Any]]):
    """Arguments of a tool that nobody has accepted: it is not called with them."""


class McpOptions(Form):
    """`server` is a name under `[mcp]` in `platos.toml`, and `tool` what the server calls its tool.

    `effect` is the owner's word for what it does to the world; what the server says of that is a claim. `once_per`
    names the arguments that make two calls the same act; a `repeatable` tool may do it again in another place of the
    plan. `undone_by` names the specialist's tool that takes it back, and `undo_with` which of its arguments is what: an
    argument of this one, or what the answer says, as in `structured.id`.
    """

    server: Text
    tool: Text
    effect: Literal["read", "once"] = Field("once", description="read, or once: the default, and the worst")
    once_per: tuple[Text, ...] = ()
    repeatable: bool = False
    undone_by: str = Field("", description="a tool of the specialist", examples=["close-ticket"])
    undo_with: dict[Text, Text] = Field({}, description="argument: source", examples=[{"id": "structured.id"}])

    @model_validator(mode="after")
    def _both(self) -> McpOptions:
        if bool(self.undone_by) != bool(self.undo_with):
            what = "undone_by and undo_with go together"
            hint = "write undone_by: close-ticket, and undo_with: {id: structured.id}"
            raise PydanticCustomError("mistake", "{what}", {"what": what, "expected": "both, or neither", "hint": hint})
        return self


class _Standing(NamedTuple):
    """How the tool stands: the form of its arguments, its pin, or why it may not be called."""

    form: type[BaseModel]
    pin: str = ""
    refusal: str = ""
    accepted: Listed | None = None

    def refused(self, why: str) -> _Standing:
        """The form stays: what was done already is still read by it."""
        return _Standing(self.form, refusal=why)


@tool("mcp", version="1")
class Mcp:
    """The server is asked right before every call, in the same connection, whether the tool is what was accepted."""

    Options = McpOptions

    def __init__(self, options: McpOptions, environment: Environment) -> None:
        self._server, self._tool, self._environment = options.server, options.tool, environment
        servers: Mapping[str, ServerSettings] = environment.settings.get("mcp", {})
        self._its = servers.get(options.server)
        self.name = f"{options.server}/{options.tool}"
        self.effect = EffectClass(options.effect)
        self.once_per, self.repeatable = options.once_per, options.repeatable
        self.undone_by, self.undo_with = options.undone_by, options.undo_with
        self._share: Share | None = None
        self._stand(_Standing(Anything, refusal=self._unaccepted()))

    @property
    def does(self) -> str:
        """What the server says of it, as it was accepted: text from outside."""
        return self._accepted.description if self._accepted is not None else self.refusal

    async def in_run(self, share: Share | None) -> Tool:
        """The tool as it is accepted now, whose connection the run's other tools of the server share, where they do."""
        self._stand(await self._environment.offload(self._look_up, self._standing))
        if self.refusal:
            log.warning("%s", self.refusal)
        here = copy.copy(self)
        here._share = share
        return cast("Tool", here)

    async def observe(self, arguments: BaseModel) -> dict[str, str]:
        """Nothing of the world: what it is made of, the server does not say. Raises PermissionDenied where the tool is
        not what was accepted, so that nobody is asked about it, or what keeps the server from being reached."""
        async with self._line() as line:
            await self._check(line)
        return {}

    async def call(self, arguments: BaseModel, key: str) -> Receipt:
        """The answer, as data. Raises PermissionDenied where the tool is not what was accepted: nothing was sent.

        Raises InvalidOutput where the server says that the call failed, Unavailable, TimedOut, AuthFailed or
        RateLimited; their `sent` tells whether the call itself may have reached the server.
        """
        async with self._line() as line:
            await self._check(line)
            answer = await line.call(self._tool, arguments.model_dump(mode="json"))
            return receipt_of(self.name, answer, line.redact)

    async def probe(self, arguments: BaseModel, key: str) -> Receipt | None:
        """None: a server cannot be asked."""
        return None

    def _line(self) -> AbstractAsyncContextManager[Line]:
        return self._shared() if self._share is not None else self._opened()

    def _opened(self) -> AbstractAsyncContextManager[Line]:
        if self._its is None:
            raise PermissionDenied(self.refusal, where=self.name)
        return open_line(self._server, self._its, self._environment)

    @asynccontextmanager
    async def _shared(self) -> AsyncIterator[Line]:
        assert self._share is not None
        yield cast("Line", await self._share(connection_name(self._server), self._opened))

    async def _check(self, line: Line) -> None:
        """Raises PermissionDenied where the server does not list the tool once, and just as it was accepted."""
        if self._accepted is None:
            raise PermissionDenied(self.refusal, where=self.name)
        found = [each for each in await line.listed() if each.tool == self._tool]
        if found == [self._accepted]:
            return
        what = f"it differs in {', '.join(found[0].changes(self._accepted))}" if len(found) == 1 else ""
        what = what or ("the server has it no more" if not found else "the server lists it more than once")
        denied = PermissionDenied(
            f"the tool {self.name} is not what was accepted: {what}",
            where=self.name,
            hint=f"platos tools show {self.name}, and where it may be used, platos tools accept {self.name}",
        )
        log.warning("%s; it is not called", denied.what)
        raise denied

    def _stand(self, standing: _Standing) -> None:
        self._standing = standing
        self.Arguments: type[BaseModel] = standing.form
        self.pin, self.refusal, self._accepted = standing.pin, standing.refusal, standing.accepted

    def _look_up(self, before: _Standing) -> _Standing:
        """What was accepted, as the file says now. Blocking."""
        try:
            pin = read_pins(self._environment.workspace).get(self.name)
        except ConfigurationError as error:
            return before.refused(f"{error.where}: {error.what}")
        if pin is None:
            return before.refused(self._unaccepted())
        if self._its is None:
            return before.refused(f"{SETTINGS_FILE} has no server {self._server!r} any more")
        if pin.listed.reached != reached(self._its):
            return before.refused(
                f"the server of {self.name} is not reached as it was when it was accepted{self._way_on()}"
            )
        return before if pin.pin == before.pin else self._adopted(pin.listed, before)

    def _adopted(self, listed: Listed, before: _Standing) -> _Standing:
        unknown = [name for name in self.once_per if name not in listed.schema.get("properties", {})]
        if unknown:
            return before.refused(f"once_per names what is no argument of {self.name}: {', '.join(unknown)}")
        try:
            return _Standing(arguments_of(listed.schema), listed.pin, "", listed)
        except ValueError as error:
            return before.refused(f"{self.name} cannot be called: {error}")

    def _unaccepted(self) -> str:
        return f"nobody has accepted the tool {self.name}{self._way_on()}"

    def _way_on(self) -> str:
        return f" (platos tools accept {self.name})"
