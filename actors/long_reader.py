"""long-reader: reads what is too long for any model to read at once, one stretch after the other. Like the reader it
judges nothing, and works without tools."""

from __future__ import annotations

from actors._sources import items_of
from actors.reader import Reading, question
from platos import Artifact, Context, Document, HandOff, Work, actor, stretches, strike_uncited

__all__ = ["STRETCH", "LongReader"]

STRETCH = 16_000
"""Characters that are read at once: what a window of 7,000 tokens holds well."""


@actor("long-reader", version="1", calls=1, stretch=STRETCH, tools=False, takes=("items",), makes=("extract",))
class LongReader:
    """Makes an extract of items that are too long to be read at once: the claims of each stretch, in their order."""

    async def act(self, context: Context, work: Work) -> HandOff:
        """An unverified extract, without the claims whose quotes do not stand in their items. It has the title of the
        first stretch, and what was noted on each."""
        texts = await items_of(context, work)
        read = [
            reading
            for name, text in texts.items()
            for reading in await _readings(context, question(context, work), name, stretches(text, STRETCH))
        ]
        made = Artifact(
            kind="extract",
            title=read[0].title if read else "Nothing to read",
            claims=tuple(claim for each in read for claim in each.claims),
            by=context.signature,
            note=" ".join(dict.fromkeys(each.note for each in read if each.note)),
        )
        return context.hand_off(strike_uncited(made, texts), scope=list(texts))


async def _readings(context: Context, asked: str, name: str, pieces: list[str]) -> list[Artifact]:
    """What each stretch of an item says. A question begins as all the others do, for a provider's cache."""
    found = []
    for at, piece in enumerate(pieces, start=1):
        place = f"The document is stretch {at} of {len(pieces)} of {name}, which is too long to be read at once."
        reading = await context.ask_model("read", f"{asked}\n{place}", [Document(id=name, text=piece)], Reading)
        found.append(reading.artifact(context.signature))
    return found
