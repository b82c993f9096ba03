"""Actors: who does the work, and the context through which alone they touch the world."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, TypeVarTuple

from platos.core.effect import Receipt
from platos.core.fact import Fact
from platos.core.handoff import Artifact, HandOff, Status, Work
from platos.core.item import Item
from platos.core.plan import Node
from platos.ports.model import Document

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["Actor", "Context"]

A = TypeVar("A", bound="BaseModel")
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Context(Protocol):
    """What an actor has. Every call is a step: once it has come to its result, a resumed actor gets that result back.

    A call that must wait (for a person, for time) ends the actor; it is started again, from its beginning, when the
    wait is over. Failures that the runtime answers itself (retries, repair) never reach the actor.
    """

    @property
    def scope(self) -> str:
        """The specialist's scope and instructions, in its owner's words."""
        ...

    @property
    def tools(self) -> tuple[str, ...]:
        """The tools that the plan gave to this node."""
        ...

    @property
    def signature(self) -> str:
        """How this actor signs what it makes: its name and its model's."""
        ...

    async def read(self, item: str) -> Item:
        """An item of the run by its name (`i12`), text included. Raises NotFound for any other item."""
        ...

    async def facts(self, text: str) -> list[Fact]:
        """What is known already that bears on a text: at most three passages of the notes and of this specialist's own
        past runs, the best first; none where nothing does. A claim may cite one by its source."""
        ...

    async def step(self, name: str, work: Callable[[*Ts], T | Awaitable[T]], *args: *Ts, returns: type[T]) -> T:
        """`work(*args)`, once. `args` and the result are plain data; the result is decoded to `returns`."""
        ...

    async def ask_model(self, name: str, instructions: str, documents: Sequence[Document], answer: type[A]) -> A:
        """A model's answer, in the form of `answer`. Raises BudgetExceeded, LowConfidence or InvalidOutput."""
        ...

    async def call_tool(self, tool: str, arguments: dict[str, Any], *, why: str) -> Receipt:
        """Ask the runtime to call a tool. It may have to wait for a person. Raises PermissionDenied or Denied."""
        ...

    async def request_approval(self, tool: str, arguments: dict[str, Any], *, why: str) -> Receipt:
        """Ask for a call before it is made, and wait where a person must answer; who allowed it. Nothing is done:
        `call_tool` with the same arguments does it, and asks again only where the world or the rules have changed.
        Raises PermissionDenied or Denied."""
        ...

    async def ask(self, actor: str, work: Work, *, tools: Mapping[str, Sequence[str]] = {}) -> HandOff:
        """What another actor makes of `work`. It has no tools of its own: `tools` lends it some of this node's, each
        within terms over its arguments, as in `{"file": ["path=notes/*"]}`; without a term, within what this node's
        reaches. Raises PermissionDenied where this node has no such tool."""
        ...

    async def grow(self, node: Node, work: Work, *, why: str) -> tuple[HandOff, ...]:
        """What helpers make of `work`: `node`, and all in it, becomes part of the plan, under this actor's node. They
        may use this node's tools and no others, and all bounds of a plan hold. Raises the failure that they came to, or
        Broken where they may not be asked for."""
        ...

    def hand_off(
        self,
        artifact: Artifact,
        *,
        scope: Sequence[str],
        status: Status = Status.UNVERIFIED,
        evidence: Sequence[str] = (),
    ) -> HandOff:
        """What the node gives to the next one."""
        ...


class Actor(Protocol):
    """A behaviour. It keeps nothing between two calls: what must last is a step's result or a hand-off."""

    async def act(self, context: Context, work: Work) -> HandOff:
        """Do the work. It may run again from its start, so everything that it does goes through `context`."""
        ...
