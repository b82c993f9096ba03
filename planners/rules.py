"""rules: plans by rule. It counts and measures what arrived; the shape follows from a few questions."""

from __future__ import annotations

from collections.abc import Sequence as Many

from platos import Brief, Extract, FanOut, Loop, Node, Plan, Role, Sequence, Single, planner
from platos.errors import InvalidPlan

__all__ = ["CHARS_A_TOKEN", "FILL", "LARGE", "TOGETHER", "UNSURE", "WIDE", "Rules"]

LARGE = 4_000
"""From this many characters on, an item is large: one reading of it may miss what matters."""

UNSURE = 0.65
"""Below this confidence, triage let an item through without being sure of it."""

WIDE = 200
"""Past this many items, nobody reads them one by one."""

TOGETHER = 1
"""Up to so many items of one kind, none of which needs care, are drafted in one go."""

CHARS_A_TOKEN = 4
"""What a token comes to, in English prose; other text has more tokens for as many characters."""

FILL = 0.6
"""The part of a window that items may fill by that reckoning: instructions, remarks and what is known take room too."""


@planner("rules", version="3")
class Rules:
    """How many items are there, does a window hold them, and does any of them need care: is it large, or was triage
    unsure of it?

    ==================  ==================================  ====================================================
    items               none needs care                     one or more need care
    ==================  ==================================  ====================================================
    one, or TOGETHER    an assistant drafts                 one: an assistant drafts until a critic accepts
    of one kind
    several             a reader for each, then an          a reader for each until a critic accepts, then an
                        aggregator                          aggregator
    more than WIDE      an assistant drafts; where no       the same
                        window holds them all, a reader for
                        each, then an aggregator
    ==================  ==================================  ====================================================

    Who works asks the tier `frontier`, and where its window does not hold what they read at once, the tier with the
    largest one. Where one of the items is more than any window holds well, a long-reader reads each, stretch after
    stretch, and an aggregator merges; no critic could read it. What not even that one can read, and more items than a
    fan-out has branches that no window holds together, are refused.

    An actor that is not in the catalogue is stood in for by another that takes and makes the same. Where the specialist
    has tools, a notifier comes last, and it alone is given one: the specialist's first. Work that is planned again
    keeps its shape; what was delivered before is not delivered again.
    """

    async def plan(self, brief: Brief) -> Plan:
        """A plan of one of these shapes, and in one sentence why. Raises InvalidPlan where nobody can read it all."""
        nodes, why = _shape(brief)
        if brief.tools and not brief.receipts:
            deliver = _who(brief, "notifier", takes="report", makes="")
            nodes = [*nodes, Single(name="deliver", actor=deliver, tools=brief.tools[:1])]
        root = nodes[0] if len(nodes) == 1 else Sequence(name="work", nodes=tuple(nodes))
        return Plan(root=root, why=why + _history(brief), by="rules")


def _shape(brief: Brief) -> tuple[list[Node], str]:
    items = brief.items
    whole = sum(item.chars for item in items)
    long = _long_reader(brief)
    if long is not None:
        count = "one item" if len(items) == 1 else f"{len(items)} items"
        return _each(brief, "", long), f"{count}: more in one than any model reads at once, so in stretches"
    if len(items) > WIDE:
        if _fits(brief, whole):
            return [
                _draft(brief, whole)
            ], f"{len(items)} items are too many to read one by one, so one draft covers them"
        return _each(
            brief, ""
        ), f"{len(items)} items: too much for one draft to read at once, so each is read by itself"
    care = _care(items)
    if len(items) <= 1:
        draft = _draft(brief, whole)
        return [_reviewed(brief, draft, "report") if care else draft], f"one item: {care or 'small and sure'}"
    if not care and len(items) <= TOGETHER and len({item.kind for item in items}) == 1 and _fits(brief, whole):
        return [_draft(brief, whole)], f"{len(items)} items of one kind: all small and sure, so one draft covers them"
    return _each(brief, care), f"{len(items)} items: {care or 'all small and sure'}"


def _draft(brief: Brief, chars: int) -> Single:
    actor = _who(brief, "assistant", takes="items", makes="report")
    return Single(name="draft", actor=actor, model=_tier(brief, chars))


def _long_reader(brief: Brief) -> Role | None:
    """Who reads the items in stretches, where no window holds one of them well; None where nobody does or has to."""
    longest = max((item.chars for item in brief.items), default=0)
    if any(_fits(brief, longest, tier) for tier in ("frontier", *brief.window)):
        return None
    able = [role for role in brief.roles if role.stretch and "items" in role.takes and "extract" in role.makes]
    return min(able, key=lambda role: (role.actor != "long-reader", role.actor), default=None)


def _each(brief: Brief, care: str, long: Role | None = None) -> list[Node]:
    """A reader for each item, or who is given in its place, and who merges what they made."""
    if len(brief.items) > brief.bounds.width:
        raise InvalidPlan(
            f"{len(brief.items)} items are more than any model reads at once, and than a fan-out has branches",
            where="each",
            expected=f"at most {brief.bounds.width} items, or a model with a larger window",
        )
    largest = max(item.chars for item in brief.items)
    actor = _who(brief, "reader", takes="items", makes="extract") if long is None else long.actor
    at_once = largest if long is None else min(largest, long.stretch)
    reader = Single(name="read", actor=actor, model=_tier(brief, at_once))
    merge = Single(name="merge", actor=_who(brief, "aggregator", takes="extract", makes="report"))
    if len(brief.items) == 1:
        return [reader, merge]
    return [FanOut(name="each", body=_reviewed(brief, reader, "extract") if care else reader), merge]


def _reviewed(brief: Brief, body: Single, made: str) -> Loop:
    critic = Single(name="review", actor=_who(brief, "critic", takes=made, makes="review"), model=body.model)
    return Loop(name="until_accepted", body=body, until=critic, rounds=3)


def _who(brief: Brief, name: str, *, takes: str, makes: str) -> str:
    """The actor of that name, or, where there is none, the first by name that says that it takes and makes this."""
    if any(role.actor == name for role in brief.roles):
        return name
    others = sorted(role.actor for role in brief.roles if takes in role.takes and (makes in role.makes or not makes))
    return others[0] if others else name


def _fits(brief: Brief, chars: int, tier: str = "frontier") -> bool:
    """Does a window hold so many characters well? One that is not known is taken to."""
    window = brief.window.get(tier)
    return window is None or chars <= window * CHARS_A_TOKEN * FILL


def _tier(brief: Brief, chars: int) -> str:
    """The tier that is asked about so many characters at once. Raises InvalidPlan where none can be."""
    if _fits(brief, chars):
        return "frontier"
    largest = max(brief.window, key=lambda tier: (brief.window[tier], tier))
    if chars > brief.window[largest] * CHARS_A_TOKEN:
        raise InvalidPlan(
            f"{chars:,} characters are to be read at once, and no model here reads more than"
            f" {brief.window[largest]:,} tokens",
            where="read",
            expected=f"at most {brief.window[largest] * CHARS_A_TOKEN:,} characters",
            hint="a model with a larger window, or a source that yields it in parts",
        )
    return largest


def _care(items: Many[Extract]) -> str:
    """Why these items need care; empty where they do not."""
    large = sum(item.chars > LARGE for item in items)
    unsure = sum(item.confidence < UNSURE for item in items)
    reasons = [f"{large} over {LARGE} characters"] * bool(large) + [f"triage unsure of {unsure}"] * bool(unsure)
    return " and ".join(reasons) + ", so a critic must accept" if reasons else ""


def _history(brief: Brief) -> str:
    again = f"; planned again, because {brief.again}" if brief.again else ""
    done = f"; {len(brief.receipts)} already done and not done again" if brief.receipts else ""
    return again + done
