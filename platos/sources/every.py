"""The source `every`: the slot itself is the item. For weekly roll-ups, and to collect now and report later."""

from __future__ import annotations

from pydantic import Field

from platos.config.fields import Form
from platos.core.instant import MINUTE, iso
from platos.core.item import Item
from platos.ports.part import Environment, source
from platos.ports.source import Polled

__all__ = ["Every"]


@source("every", version="1")
class Every:
    """Every poll yields one item, called after its minute: the specialist's schedule says when that is.

    The cursor is that minute, so that two polls within one yield one item.
    """

    class Options(Form):
        """`text` is what the item says: what is to be done each time, in the owner's words."""

        text: str = Field("", description="what the item says", examples=["Roll up the week."])

    def __init__(self, options: Options, environment: Environment) -> None:
        self._text = options.text
        self._clock = environment.clock

    async def poll(self, cursor: bytes | None) -> Polled:
        """The item of this minute, unless it was yielded."""
        now = self._clock.now()
        minute = now - now % MINUTE
        position = iso(minute).encode()
        if position == cursor:
            return Polled(cursor=cursor)
        title = f"every {iso(minute)}"
        item = Item(id=iso(minute), kind="slot", title=title, text=self._text, ts=minute)
        return Polled(cursor=position, items=(item,))
