"""Parts of the specialist NAME: a tool that searches pages, and two actors that prepare what a researcher reads."""

import re
from typing import Annotated

from pydantic import Field

from platos import Artifact, Claim, Context, EffectClass, Environment, HandOff, Receipt, Work, actor, tool_function

PAGES = "pages-NAME"
PASSAGES = 2
"""So many of them a search finds at most."""
LONGEST = 400
"""Characters that one search may be for."""


def words_of(text: str) -> set[str]:
    return {word.rstrip("s") for word in re.findall(r"[a-z]{4,}", text.lower())}


@tool_function("NAME-search", version="1", effect=EffectClass.READ, outward=False)
def search(words: Annotated[str, Field(max_length=LONGEST)], environment: Environment) -> Receipt:
    """Searches the pages, and gives the passages that have most of these words."""
    found = []
    for page in sorted((environment.workspace / PAGES).glob("*.md")):
        for passage in re.split(r"\n\s*\n", page.read_text("utf-8")):
            common = len(words_of(words) & words_of(passage))
            if common and not passage.startswith("#"):
                found.append((-common, page.name, passage.strip()))
    best = sorted(found)[:PASSAGES]
    pages = ", ".join(dict.fromkeys(page for _, page, _ in best)) or "no page"
    return Receipt(summary=f"from {pages}", data={"text": "\n\n".join(text for _, _, text in best)})


@actor("NAME-questions", version="1", calls=0, takes=("items",), makes=("extract",))
class Questions:
    """Makes an extract of which every claim is a question."""

    async def act(self, context: Context, work: Work) -> HandOff:
        claims: list[Claim] = []
        for extract in work.items:
            asked = re.findall(r"[A-Z][^.?!#]*\?", (await context.read(extract.item)).full_text)
            claims += [Claim(text=" ".join(each.split()), source=extract.item, quote=each) for each in asked]
        made = Artifact(kind="extract", title=f"{len(claims)} questions", claims=tuple(claims), by=context.signature)
        return context.hand_off(made, scope=[extract.item for extract in work.items])


@actor("NAME-look", version="1", calls=0, takes=("extract",), makes=("extract",))
class Look:
    """Searches for its question, and hands it on with what was found as evidence."""

    async def act(self, context: Context, work: Work) -> HandOff:
        [given] = work.inputs
        words = " ".join(claim.text for claim in given.artifact.claims)[:LONGEST]
        receipt = await context.call_tool(context.tools[0], {"words": words}, why="what do the pages say?")
        return context.hand_off(given.artifact, scope=given.scope, evidence=[await context.cite(receipt)])
