"""Facts: the few passages that bear on a text, out of a workspace's notes and what its runs came to.

A note is a file that a person wrote; what a run came to rests on text from outside. Both are data to whoever reads
them, as everything is that has a source.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

__all__ = ["MOST_FACTS", "MOST_TOKENS", "Fact", "the_few", "tokens"]

MOST_FACTS = 3
MOST_TOKENS = 450
"""Of all facts on one text together."""

_BYTES_A_TOKEN = 4


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """A passage, word for word, and where it stands: `source` is `note:vendors.md#2`, the second passage of a file
    under `notes/`, or `r12`, what that run came to. `private` tells that something of the owner's own is in it: in a
    note always, and in what a run came to where its actors had seen such."""

    source: str
    title: str
    text: str
    private: bool = False

    @property
    def full_text(self) -> str:
        """What is read of the fact and may be quoted: its text, under its title."""
        return f"{self.title}\n\n{self.text}".strip()


def tokens(text: str) -> int:
    """About how many tokens a text comes to: one for four bytes of UTF-8, rounded up."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // _BYTES_A_TOKEN)


def the_few(facts: Iterable[Fact], *, most: int = MOST_FACTS, ceiling: int = MOST_TOKENS) -> list[Fact]:
    """The first facts that are within the bounds, none of which says what one before it said. One that is too long is
    passed over."""
    kept: dict[str, Fact] = {}
    left = ceiling
    for fact in facts:
        cost = tokens(fact.full_text)
        if len(kept) < most and fact.text not in kept and cost <= left:
            kept[fact.text] = fact
            left -= cost
    return list(kept.values())
