"""Sources: the texts that claims may quote, under the names by which they are cited."""

from __future__ import annotations

from collections.abc import Iterable

from platos import Claim, Context, Document, HandOff, Status, Work

__all__ = ["GIVEN", "claims_of", "given_to", "items_of", "numbered", "recorded", "sources_of", "weakest", "work_of"]

GIVEN = """\
The document `given` holds what was found out before, each claim with its source and its quote. Take up what matters of
it, with that source and that quote."""


async def items_of(context: Context, work: Work) -> dict[str, str]:
    """The texts of a node's items, by name."""
    return {extract.item: (await context.read(extract.item)).full_text for extract in work.items}


async def recorded(context: Context, work: Work) -> dict[str, str]:
    """What the inputs' evidence says, by name: receipts of this run, which were there before the inputs were made."""
    names = dict.fromkeys(name for each in work.inputs for name in each.evidence)
    return {name: (await context.read(name)).full_text for name in names}


async def sources_of(context: Context, work: Work) -> dict[str, str]:
    """All that the inputs' claims may rest on: items, evidence, and the facts on the items where one cites something
    else."""
    items = await items_of(context, work)
    texts = items | await recorded(context, work)
    if all(claim.source in texts for claim in claims_of(work)):
        return texts
    return texts | {fact.source: fact.full_text for fact in await context.facts("\n\n".join(items.values()))}


def work_of(work: Work) -> list[HandOff]:
    """The pieces of work among the inputs: all but reviews."""
    return [each for each in work.inputs if each.artifact.kind != "review"]


def claims_of(work: Work) -> list[Claim]:
    """The claims of all pieces of work, in order."""
    return [claim for each in work_of(work) for claim in each.artifact.claims]


def given_to(work: Work) -> list[Document]:
    """The document `given`, where there are inputs: their titles and claims."""
    if not work_of(work):
        return []
    claims = [f"{claim.text} (source {claim.source}, quote: {claim.quote})" for claim in claims_of(work)]
    titles = [each.artifact.title for each in work_of(work)]
    return [Document(id="given", text="\n".join([*titles, *claims]), known=True)]


def numbered(claims: Iterable[Claim]) -> list[Document]:
    """A document for each claim, `c1` and on: what it says, and what it quotes."""
    return [Document(id=f"c{at}", text=f"{claim.text}\n\n{claim.quote}") for at, claim in enumerate(claims, start=1)]


def weakest(given: Iterable[HandOff]) -> Status:
    """What a piece of work made of others is worth: rejected where any was, verified only where all were."""
    found = {each.status for each in given} or {Status.UNVERIFIED}
    return next(status for status in (Status.REJECTED, Status.UNVERIFIED, Status.VERIFIED) if status in found)
