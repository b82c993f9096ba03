"""The contract of an actor, kept by every one that the registry knows, on all that it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import BaseModel

from platos import Actor, Artifact, Context, Document, HandOff, Item, Receipt, Work, actor, errors
from platos.registry import Registry
from platos.testing.actor import MemoryContext, check_actor, work_on
from platos.testing.team import check_team

ITEMS = {
    "i1": Item(id="a", title="Pump", text="The pump failed twice in March. A new pump costs 900 euros."),
    "i2": Item(id="b", text="The pump runs. A spare pump stands in hall 3."),
}
SCOPE = "Tell the owner what matters of the pumps.\nFile: notes.md\nCheck: make check"


class Line(BaseModel):
    """One line, out of the documents."""

    text: str


OWN = '''\
"""An actor of a user's."""

from platos import Artifact, Context, HandOff, Work, actor


@actor("counter", version="1", calls=0, takes=("extract", "tally"), makes=("tally",))
class Counter:
    """Counts claims."""

    async def act(self, context: Context, work: Work) -> HandOff:
        count = sum(len(each.artifact.claims) for each in work.inputs)
        made = Artifact(kind="tally", title=f"{count} claims", claims=(), by=context.signature)
        return context.hand_off(made, scope=[extract.item for extract in work.items])
'''


@pytest.fixture
def team(tmp_path: Path) -> dict[str, Actor]:
    """Every registered actor, and one of a user's."""
    (tmp_path / "parts.py").write_text(OWN)
    registry = Registry([tmp_path / "parts.py"])
    return {name: registry.find("actor", name).cls() for name in registry.names("actor")}


def bench() -> MemoryContext:
    """A model that understands nothing, and a tool that says what it was asked for."""
    world = {"any": lambda arguments: Receipt(summary="it is done", data=arguments)}
    return MemoryContext(items=ITEMS, scope=SCOPE, answer=None, tools=("any",), receipts=world)


async def test_every_registered_actor_keeps_it(
    team: dict[str, Actor], record_cases: Callable[[str, int], None]
) -> None:
    """A new actor needs no line here, and neither does one of a user's."""
    checked = [each async for each in check_team(team, bench())]
    assert {name for name, _ in checked} == set(team)
    assert {("counter", "extract"), ("counter", "tally"), ("reader", "items"), ("applier", "change")} <= set(checked)
    record_cases("actors on what they take", len(checked))


def told(context: Context, kind: str = "report", evidence: Sequence[str] = ()) -> HandOff:
    return context.hand_off(Artifact(kind=kind, title="One", claims=(), by="test"), scope=(), evidence=evidence)


@actor("stray", version="1", makes=("report",))
class MakesAnother:
    """Makes what it does not say."""

    async def act(self, context: Context, work: Work) -> HandOff:
        return told(context, "verdict")


@actor("eager", version="1", calls=1)
class AsksOften:
    """Asks twice, and says once."""

    async def act(self, context: Context, work: Work) -> HandOff:
        for _ in range(2):
            await context.ask_model("ask", context.scope, [], Line)
        return told(context)


@actor("credulous", version="1", calls=1)
class ObeysItems:
    """Takes an item's text for its instructions."""

    async def act(self, context: Context, work: Work) -> HandOff:
        await context.ask_model("ask", (await context.read("i1")).text, [], Line)
        return told(context)


@actor("obedient", version="1", calls=2)
class ObeysAModel:
    """Takes for its instructions what a model said of an item: it comes from outside all the same."""

    async def act(self, context: Context, work: Work) -> HandOff:
        read = [Document(id="i1", text=(await context.read("i1")).full_text)]
        said = await context.ask_model("ask", context.scope, read, Line)
        await context.ask_model("ask", f"{context.scope}\n{said.text}", [], Line)
        return told(context)


@actor("grasping", version="1", calls=0)
class CallsAnothers:
    """Tries a tool that its node has not, and says nothing of it."""

    async def act(self, context: Context, work: Work) -> HandOff:
        with suppress(errors.PermissionDenied):
            await context.call_tool("mail", {}, why="it may")
        return told(context)


@actor("handless", version="1", calls=0, tools=False)
class CallsAfterAll:
    """Says that it works without tools."""

    async def act(self, context: Context, work: Work) -> HandOff:
        await context.call_tool(context.tools[0], {}, why="it may")
        return told(context)


@actor("forger", version="1", calls=0)
class NamesAnything:
    """Names evidence that nobody recorded."""

    async def act(self, context: Context, work: Work) -> HandOff:
        return told(context, evidence=["e9"])


@pytest.mark.parametrize(
    ("planted", "caught"),
    [
        (MakesAnother(), "'verdict', which it does not say"),
        (AsksOften(), "asked a model 2 times, and says 1"),
        (ObeysItems(), "text from outside stands in a model's instructions"),
        (ObeysAModel(), "text from outside stands in a model's instructions"),
        (CallsAnothers(), "a tool that its node has not: mail"),
        (CallsAfterAll(), "without tools, it says, and called one"),
        (NamesAnything(), "evidence that nobody recorded"),
    ],
)
async def test_one_that_does_not_keep_it_is_caught(planted: Actor, caught: str) -> None:
    context = replace(bench(), answer=lambda _, read: {"text": " ".join(document.text for document in read)})
    with pytest.raises(AssertionError, match=caught):
        await check_actor(planted, work_on(context), context)


async def test_a_team_in_which_one_does_not_keep_it_is_caught(team: dict[str, Actor]) -> None:
    with pytest.raises(AssertionError, match="which it does not say"):
        _ = [each async for each in check_team({**team, "stray": MakesAnother()}, bench())]
