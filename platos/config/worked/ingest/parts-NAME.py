"""Parts of the specialist NAME: one cuts documents into pieces, one writes a piece into the index."""

import re

from platos import Artifact, Claim, Context, HandOff, Work, actor

LONGEST = 600
"""Characters of a piece. A longer paragraph is cut between two of its sentences."""


def pieces(text: str) -> list[str]:
    """A text in paragraphs, each with its heading, and long ones in parts. Each stands in the text word for word."""
    found: list[str] = []
    for paragraph in re.findall(r"(?:#.*\n+)?\S.*(?:\n.+)*", text):
        part = ""
        for sentence in re.split(r"(?<=[.!?])(?=\s)", paragraph):
            if part and len(part) + len(sentence) > LONGEST:
                found.append(part.strip())
                part = ""
            part += sentence
        found.append(part.strip())
    return found


def entry(piece: Claim) -> str:
    """What the index has of a piece: where it stands, the words it is found by, and the piece."""
    words = sorted(set(re.findall(r"[a-z]{4,}", piece.quote.lower())))
    return f"{piece.text} | {' '.join(words)} | {' '.join(piece.quote.split())}"


@actor("NAME-splitter", version="1", calls=0, takes=("items",), makes=("extract",))
class Splitter:
    """Makes an extract of which every claim is a piece of a document."""

    async def act(self, context: Context, work: Work) -> HandOff:
        claims = []
        for extract in work.items:
            item = await context.read(extract.item)
            for number, piece in enumerate(pieces(item.full_text), start=1):
                claims.append(Claim(text=f"{item.id}#{number}", source=extract.item, quote=piece))
        title = f"{len(claims)} pieces of {len(work.items)} documents"
        made = Artifact(kind="extract", title=title, claims=tuple(claims), by=context.signature)
        return context.hand_off(made, scope=[extract.item for extract in work.items])


@actor("NAME-indexer", version="1", calls=0, takes=("extract",), makes=("extract",))
class Indexer:
    """Writes the piece that it is given into the index, and hands it on."""

    async def act(self, context: Context, work: Work) -> HandOff:
        [given] = work.inputs
        for piece in given.artifact.claims:
            await context.call_tool(context.tools[0], {"text": entry(piece)}, why=f"index {piece.text}")
        return context.hand_off(given.artifact, scope=given.scope)
