"""No actor of ours asks a model more often than it says: by that, what a run may cost at worst is told."""

from __future__ import annotations

from typing import Any

import pytest

from actors.aggregator import Aggregator
from actors.assistant import Assistant
from actors.critic import Critic
from actors.notifier import Notifier
from actors.reader import Reader
from platos import Artifact, Claim, Context, HandOff, Item, Work, actor
from platos.ports.part import declaration_of
from platos.testing.actor import MemoryContext, work_on

ITEMS = {"i1": Item(id="a", text="The pump failed."), "i2": Item(id="b", text="The pump runs.")}
CLAIMS = tuple(Claim(text="So.", source=name, quote=item.text) for name, item in ITEMS.items())
DRAFT = HandOff(artifact=Artifact(kind="report", title="One", claims=CLAIMS, by="test"))


async def asked(cls: Any) -> int:
    """How often it asked when it acted once, on two items and a draft that there is nothing against."""
    context = MemoryContext(items=ITEMS, tools=("outbox",))
    await cls().act(context, work_on(context, DRAFT))
    return len(context.questions)


@pytest.mark.parametrize("cls", [Aggregator, Assistant, Critic, Notifier, Reader])
async def test_an_actor_asks_as_often_as_it_declares(cls: Any) -> None:
    declared = declaration_of(cls)
    assert declared is not None
    assert await asked(cls) == declared.calls


@actor("twice", version="1", calls=1)
class Twice:
    """Asks once more than it says."""

    async def act(self, context: Context, work: Work) -> HandOff:
        await Reader().act(context, work)
        return await Assistant().act(context, work)


async def test_one_that_asks_more_often_is_noticed() -> None:
    """Planted: an actor that says less than it does."""
    declared = declaration_of(Twice)
    assert declared is not None
    assert await asked(Twice) != declared.calls


def test_an_actor_need_not_say() -> None:
    @actor("silent", version="1")
    class Silent:
        pass

    declared = declaration_of(Silent)
    assert declared is not None
    assert declared.calls is None
