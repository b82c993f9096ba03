"""Tools: how actors touch the world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from platos.core.effect import EffectClass, Receipt
from platos.core.instant import Span

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["Honoured", "Tool"]


class Tool(Protocol):
    """Something that an actor may call.

    `effect` declares what it does to the world: `read`, `keyed`, `probed`, or `once`, the worst and the default.
    `once_per` names the arguments that make two calls the same act (default: all of them); a `repeatable` tool may do
    the same act again in another place of the plan. `Arguments` validates what a model or an actor asks for.
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
class Honoured(Protocol):
    """A `keyed` tool whose other side forgets keys.

    What was sent `honoured` ago, or longer, is not sent again: it is in doubt, as though the tool were `once`. The keys
    of a tool that says nothing are honoured for ever.
    """

    honoured: ClassVar[Span]
