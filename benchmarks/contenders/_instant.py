"""A user's parts: an actor that does nothing, plans of it and of one call, and a model that answers at once."""

import json
from collections.abc import Callable

from platos import (
    Artifact,
    Brief,
    Context,
    FanOut,
    HandOff,
    ModelReply,
    ModelRequest,
    Plan,
    Price,
    Sequence,
    Single,
    Terms,
    Usage,
    Work,
    actor,
    model,
    planner,
)


@actor("instant", version="1", calls=0)
class Instant:
    """Hands over nothing, at once."""

    async def act(self, context: Context, work: Work) -> HandOff:
        return context.hand_off(Artifact(kind="report", title="Done", claims=(), by="instant"), scope=())


@planner("two-each", version="1")
class TwoEach:
    """Two nodes for each item."""

    async def plan(self, brief: Brief) -> Plan:
        two = Sequence(name="two", nodes=(Single(name="a", actor="instant"), Single(name="b", actor="instant")))
        return Plan(root=FanOut(name="each", body=two), why="two nodes for each item", by="two-each")


@planner("one-call", version="1")
class OneCall:
    """One assistant."""

    async def plan(self, brief: Brief) -> Plan:
        return Plan(root=Single(name="draft", actor="assistant"), why="a single call", by="one-call")


@model("at-once", version="1")
class AtOnce:
    """Quotes the first line of the first document."""

    def price(self, name: str) -> Price | None:
        return Price.flat(input=1, output=1, source="at-once")

    def terms(self, name: str) -> Terms:
        return Terms("at-once")

    def input_bound(self, request: ModelRequest) -> int:
        return 1_000

    async def complete(self, request: ModelRequest, alive: Callable[[], None]) -> ModelReply:
        first = request.documents[0]
        claim = {"text": "It says so.", "source": first.shown, "quote": first.text.partition("\n")[0]}
        answer = {"title": "Done", "claims": [claim], "note": ""}
        return ModelReply(text=json.dumps(answer), usage=Usage(input=100, output=100), served="at-once")

    async def close(self) -> None:
        """It holds nothing open."""
