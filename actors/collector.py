"""collector: gathers what is known already that bears on its items, for whoever works on them next."""

from __future__ import annotations

from platos import Artifact, Claim, Context, HandOff, Work, actor

__all__ = ["Collector"]


@actor("collector", version="1", calls=0, takes=("items",), makes=("context",))
class Collector:
    """Makes a context: the passages of notes and past runs, each a claim that quotes itself. It asks no model."""

    async def act(self, context: Context, work: Work) -> HandOff:
        """A context, empty where nothing is known."""
        texts = [(await context.read(extract.item)).full_text for extract in work.items]
        facts = await context.facts("\n\n".join(texts))
        claims = tuple(Claim(text=fact.full_text, source=fact.source, quote=fact.full_text) for fact in facts)
        known = Artifact(kind="context", title="What is known", claims=claims, by=context.signature)
        return context.hand_off(known, scope=[extract.item for extract in work.items])
