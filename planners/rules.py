"""rules: plans by rule. It counts and measures what arrived; the shape follows from two questions."""

from __future__ import annotations

from collections.abc import Sequence as Many

from platos import Brief, Extract, FanOut, Loop, Node, Plan, Sequence, Single, planner

__all__ = ["LARGE", "UNSURE", "WIDE", "Rules"]

LARGE = 4_000
"""From this many characters on, an item is large: one reading of it may miss what matters."""

UNSURE = 0.7
"""Below this confidence, triage let an item through without being sure of it."""

WIDE = 200
"""Past this many items, nobody reads them one by one."""

_CRITIC = Single(name="review", actor="critic")


@planner("rules", version="1")
class Rules:
    """How many items are there, and does any of them need care: is it large, or was triage unsure of it?

    =============  =====================================  ====================================================
    items          none needs care                        one or more need care
    =============  =====================================  ====================================================
    one            an assistant drafts                    an assistant drafts until a critic accepts
    several        a reader for each, then an aggregator  a reader for each until a critic accepts, then an
                                                          aggregator
    more than 200  an assistant drafts                    an assistant drafts
    =============  =====================================  ====================================================

    Where the specialist has tools, a notifier comes last, and it alone is given one: the specialist's first. Work that
    is planned again keeps its shape; what was delivered before is not delivered again.
    """

    async def plan(self, brief: Brief) -> Plan:
        """A plan of one of these shapes, and in one sentence why."""
        nodes, why = _shape(brief.items)
        if brief.tools and not brief.receipts:
            nodes = [*nodes, Single(name="deliver", actor="notifier", tools=brief.tools[:1])]
        root = nodes[0] if len(nodes) == 1 else Sequence(name="work", nodes=tuple(nodes))
        return Plan(root=root, why=why + _history(brief), by="rules")


def _shape(items: Many[Extract]) -> tuple[list[Node], str]:
    draft = Single(name="draft", actor="assistant")
    if len(items) > WIDE:
        return [draft], f"{len(items)} items are too many to read one by one, so one draft covers them"
    care = _care(items)
    if len(items) <= 1:
        return [_reviewed(draft) if care else draft], f"one item: {care or 'small and sure'}"
    reader = Single(name="read", actor="reader")
    fan_out = FanOut(name="each", body=_reviewed(reader) if care else reader)
    return [fan_out, Single(name="merge", actor="aggregator")], f"{len(items)} items: {care or 'all small and sure'}"


def _reviewed(body: Single) -> Loop:
    return Loop(name="until_accepted", body=body, until=_CRITIC, rounds=3)


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
