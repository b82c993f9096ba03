"""notifier: delivers a finished piece of work, as Markdown, through the tool that the plan gave to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from platos import Claim, Context, Extract, HandOff, Item, Status, Work, actor, errors, mark_deeds

__all__ = ["Notifier", "escape", "render"]

_INLINE = re.compile(r"[\\`*_\[\]<#&~@]|:(?=//)|(?<=www)\.", re.IGNORECASE)
_STANDING = {
    Status.VERIFIED: "A critic accepted it.",
    Status.UNVERIFIED: "No critic has judged it.",
    Status.REJECTED: "A critic did not accept it.",
}
_END = "\n"
_OPENING = re.compile(r"^(\d*)([-+=>.)])")


@actor("notifier", version="1", calls=0, takes=("report", "extract", "document", "answer"))
class Notifier:
    """Hands on what it was given, once it is delivered. It changes no word of it."""

    async def act(self, context: Context, work: Work) -> HandOff:
        """The hand-off that came in. Raises Broken where there is not exactly one piece of work and a tool."""
        delivered = _only(work)
        if not context.tools:
            raise errors.Broken("the notifier was given no tool", where="plan", expected="a node with one tool")
        artifact = delivered.artifact
        items = [(extract, await context.read(extract.item)) for extract in work.items]
        cited = {claim.source for claim in artifact.claims}
        read = [await context.read(name) for name in dict.fromkeys(delivered.evidence) if name in cited]
        arguments = {"name": artifact.title, "text": render(delivered, items, read)}
        why = f"deliver the {artifact.kind} ({delivered.status}; claims: {len(artifact.claims)}, items: {len(items)})"
        await context.call_tool(context.tools[0], arguments, why=why)
        return context.hand_off(artifact, scope=delivered.scope, status=delivered.status, evidence=delivered.evidence)


def _only(work: Work) -> HandOff:
    made = [hand_off for hand_off in work.inputs if hand_off.artifact.kind != "review"]
    if len(made) != 1:
        raise errors.Broken(
            f"the notifier was given {len(made)} pieces of work",
            where="plan",
            expected="exactly one",
            hint="put an aggregator before the notifier",
        )
    return made[0]


def render(delivered: HandOff, items: list[tuple[Extract, Item]], read: Sequence[Item] = ()) -> str:
    """The report as Markdown: title, claims with their quotes, under their headings where it is a text in sections,
    sources, `read` by tools too, by whom it was made, and what it is worth.

    A sentence that tells of a deed, and not in a word of the quotes, is marked: this report is no receipt of it.
    """
    artifact = delivered.artifact
    quotes = [claim.quote for claim in artifact.claims]
    claims = list(_claims(artifact.claims)) or ["No claim could be made that the items bear out."]
    sources = [_source(extract, item) for extract, item in items]
    sources += [f"- {escape(each.id)}: {escape(each.text.partition(_END)[0])}" for each in read]
    note = escape(mark_deeds(artifact.note, quotes))
    made = f"Made by {escape(artifact.by)}. {_STANDING[delivered.status]} {note}".strip()
    return "\n".join(
        [f"# {escape(mark_deeds(artifact.title, quotes))}", "", *claims, "", "## Sources", "", *sources, "", made, ""]
    )


def _claims(claims: Sequence[Claim]) -> Iterator[str]:
    section = ""
    for claim in claims:
        if claim.section != section:
            section = claim.section
            yield f"\n## {escape(mark_deeds(section, [claim.quote]))}\n"
        yield _claim(claim)


def _claim(claim: Claim) -> str:
    return f"- {escape(mark_deeds(claim.text, [claim.quote]))} ({escape(claim.source)})\n  > {escape(claim.quote)}"


def _source(extract: Extract, item: Item) -> str:
    title = escape(item.title) or "untitled"
    return f"- {escape(extract.item)}: {title}, from {escape(extract.source)}: {escape(item.id)}"


def escape(text: str) -> str:
    """Text from outside as one line of Markdown that says just what the text says.

    It cannot open a heading, list, quote, link, image, table or code, nor hide or reverse what stands around it.
    """
    shown = "".join(character if character.isprintable() else " " for character in text)
    line = _INLINE.sub(r"\\\g<0>", " ".join(shown.split()))
    return _OPENING.sub(r"\1\\\2", line)
