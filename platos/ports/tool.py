"""Tools: how actors touch the world."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeGuard, runtime_checkable

import msgspec

from platos.core.digest import canonical
from platos.core.effect import EffectClass, Receipt
from platos.core.instant import Span

if TYPE_CHECKING:
    import anyio
    from pydantic import BaseModel

__all__ = [
    "Compares",
    "Connection",
    "Honoured",
    "Previews",
    "Remote",
    "Says",
    "Share",
    "TakesBack",
    "Tool",
    "ToolForm",
    "is_remote",
]


class Tool(Protocol):
    """Something that an actor may call.

    `effect` declares what it does to the world: `read`, `keyed`, `probed`, or `once`, the worst and the default.
    `once_per` names the arguments that make two calls the same act (default: all of them); a `repeatable` tool may do
    the same act again in another place of the plan. `Arguments` validates what a model or an actor asks for.

    It may have two more. `outward` tells whether a call can carry something to where others read it: without it, all do
    but those that only read. `provenance` is that of what it answers; without it, others wrote that.
    """

    effect: ClassVar[EffectClass]
    once_per: ClassVar[tuple[str, ...]]
    repeatable: ClassVar[bool]
    Arguments: ClassVar[type[BaseModel]]

    async def call(self, arguments: Any, key: str) -> Receipt:
        """Do it, once. `key` is the idempotency key of the act. Raises a Failure whose `sent` says whether it may have
        happened."""
        ...

    async def probe(self, arguments: Any, key: str) -> Receipt | None:
        """Has it happened, and does it still hold? The receipt, or None. Asked of `probed` tools only."""
        ...

    async def observe(self, arguments: Any) -> dict[str, str]:
        """The preconditions: what of the world the call relies on, as names and digests or versions. Read again right
        before dispatch; where they differ, the call is not made."""
        ...


@runtime_checkable
class Compares(Protocol):
    """A tool that compares and sets: it acts only where the world is still what `observe` saw, and looks in the same
    breath as it acts."""

    async def call_if(self, arguments: Any, key: str, world: Mapping[str, str]) -> Receipt:
        """As `call`, where `world` still holds. Raises StaleWorld, and then nothing was done."""
        ...


@runtime_checkable
class Previews(Protocol):
    """A tool that can tell what a call would change, before anybody allows it."""

    async def preview(self, arguments: Any) -> str:
        """What would change, in text for people, as a diff where that fits. Made of the world and the arguments alone,
        and changes nothing. A long one is cut."""
        ...


@runtime_checkable
class TakesBack(Protocol):
    """A tool that can take back what it did, by another call of itself: an act of its own, with its own receipt."""

    def undo(self, arguments: Any, receipt: Receipt) -> dict[str, Any]:
        """The arguments of the call that takes back the one of these arguments and that receipt."""
        ...


class Connection(Protocol):
    """Something that calls go over. `ended` is set when it can be used no more, or when nobody needs it any more."""

    @property
    def ended(self) -> anyio.Event: ...


class ToolForm(msgspec.Struct, frozen=True, kw_only=True):
    """What a model may know of a tool: its name, what it does, its class, and the JSON schema of its arguments.

    What a tool that lives elsewhere says of itself was accepted by its owner, and is text from outside all the same.
    """

    name: str
    does: str
    effect: EffectClass
    arguments: dict[str, Any]

    @property
    def full_text(self) -> str:
        """All of it, as a document's text."""
        return f"{self.name}: {self.does} ({self.effect})\n{canonical(self.arguments).decode()}"


@runtime_checkable
class Says(Protocol):
    """A tool that says itself what it does, in a line or a few."""

    does: str


Share = Callable[[str, Callable[[], AbstractAsyncContextManager[Connection]]], Awaitable[Connection]]
"""The connection of that name, opened by the function where there is none. It lasts as long as the run is worked on.
Raises what the function raises."""


class Remote(Protocol):
    """A tool that lives elsewhere: it is what somebody accepted it to be, and is reached over a connection.

    `pin` is the digest of what was accepted. `refusal` says why it may not be called now, whatever policy says; it is
    empty where it may. A tool that is found not to be what was accepted raises PermissionDenied, and nothing was sent.
    """

    pin: str
    refusal: str

    async def in_run(self, share: Share | None) -> Tool:
        """The tool as it is accepted now, for a run whose tools share their connections; with None, each call of it has
        one of its own."""
        ...


def is_remote(tool: object) -> TypeGuard[Remote]:
    """Does a tool live elsewhere? Asked several times before every call: `isinstance` would take the protocol apart
    each time."""
    return hasattr(tool, "in_run")


@runtime_checkable
class Honoured(Protocol):
    """A `keyed` tool whose other side forgets keys.

    What was sent `honoured` ago, or longer, is not sent again: it is in doubt, as though the tool were `once`. The keys
    of a tool that says nothing are honoured for ever.
    """

    honoured: ClassVar[Span]
