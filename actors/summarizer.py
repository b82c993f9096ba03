"""summarizer: reports what was changed and why, out of the receipt and the cited reasons alone."""

from __future__ import annotations

from actors._change import change_in
from platos import Artifact, Context, HandOff, Work, actor

__all__ = ["Summarizer"]


@actor("summarizer", version="1", calls=0, takes=("change",), makes=("report",))
class Summarizer:
    """Makes a report. It asks no model: what was done is what the receipt says."""

    async def act(self, context: Context, work: Work) -> HandOff:
        """A report whose claims are the reasons for the change."""
        hand_off, change = change_in(work)
        made = hand_off.artifact
        said = [change.done or "nothing was applied", *change.checks, change.note]
        note = ". ".join(part.rstrip(".") for part in said if part) + "."
        report = Artifact(kind="report", title=made.title, claims=made.claims, by=made.by, note=note)
        return context.hand_off(report, scope=hand_off.scope, status=hand_off.status)
