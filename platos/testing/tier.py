"""A scripted bench, items to judge, and the contract that every triage tier keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from platos.core.fact import Fact
from platos.core.item import Item, ItemState, StoredItem
from platos.core.lesson import Lesson, Standing, Usual
from platos.core.money import Nano
from platos.core.verdict import Verdict
from platos.errors import Failure
from platos.ports.model import Document
from platos.ports.tier import Bench, Tier

__all__ = ["ScriptedBench", "check_tier", "stored"]

A = TypeVar("A", bound=BaseModel)
Reply = Mapping[str, Any] | Failure


class ScriptedBench:
    """A bench whose model says what a test wrote.

    `reply` turns the documents of a question into the fields of its answer, or into a Failure to raise; without it,
    asking is an error: the bench of a tier that is free. `asked` are the questions, in order, as (model, instructions,
    documents); `memory` is what the tier remembered, `standing` where it said that it stands. `lessons` are labelled
    items, `usual` such as nobody labelled, and `may_miss` is what the tier may dismiss of the true signals; `facts`
    turns a text into what is known that bears on it.
    """

    def __init__(
        self,
        reply: Callable[[Sequence[Document]], Reply] | None = None,
        *,
        scope: str = "Tell me what matters.",
        cost: Nano = 1_000,
        lessons: Sequence[Lesson] = (),
        usual: Sequence[Usual] = (),
        may_miss: float = 0.05,
        facts: Callable[[str], Sequence[Fact]] = lambda text: (),
    ) -> None:
        self._reply, self._scope, self._cost = reply, scope, cost
        self.asked: list[tuple[str, str, tuple[Document, ...]]] = []
        self.memory: dict[str, bytes] = {}
        self._lessons, self._usual = list(lessons), list(usual)
        self.may_miss = may_miss
        self._facts = facts
        self.standing: Standing | None = None

    @property
    def scope(self) -> str:
        return self._scope

    async def ask_model(
        self, instructions: str, documents: Sequence[Document], answer: type[A], *, model: str = "small"
    ) -> tuple[A, Nano]:
        assert self._reply, "the tier asked a model, and this bench has none"
        self.asked.append((model, instructions, tuple(documents)))
        reply = self._reply(documents)
        if isinstance(reply, Failure):
            raise reply
        return answer.model_validate(reply), self._cost

    async def facts(self, text: str) -> list[Fact]:
        return list(self._facts(text))

    async def taught(self) -> int:
        return len(self._lessons)

    async def lessons(self) -> list[Lesson]:
        return list(self._lessons)

    async def usual(self, most: int) -> list[Usual]:
        return self._usual[-most:] if most else []

    def stand(self, standing: Standing) -> None:
        self.standing = standing

    async def recall(self, key: str) -> bytes | None:
        return self.memory.get(key)

    def remember(self, key: str, value: bytes) -> None:
        self.memory[key] = value


def stored(*items: Item | str) -> list[StoredItem]:
    """Items as the store hands them to a tier, numbered from 1; a string is an item of that text."""
    made = [Item(id=item, text=item) if isinstance(item, str) else item for item in items]
    return [
        StoredItem(number=number, specialist="test", source="test", item=item, state=ItemState.NEW, seen=0)
        for number, item in enumerate(made, 1)
    ]


async def check_tier(
    make_tier: Callable[[], Tier], items: Sequence[StoredItem], make_bench: Callable[[], Bench] = ScriptedBench
) -> list[Verdict]:
    """Hold a tier to its contract; the verdicts, for further checks. Raises AssertionError where it breaks it.

    Give it items that get different verdicts, and a bench that answers each document alike, whenever it is asked.
    """
    together = await make_tier().judge(items, make_bench())
    assert len(together) == len(items), f"{len(items)} items got {len(together)} verdicts"
    for item, verdict in zip(items, together, strict=True):
        _check_verdict(item, verdict)
        alone = await make_tier().judge([item], make_bench())
        assert alone == [verdict], f"the verdict on {item.name} depends on the items around it, or on their order"
    backwards = await make_tier().judge(items[::-1], make_bench())
    assert backwards[::-1] == together, "in another order, the items get other verdicts"
    assert await make_tier().judge([], make_bench()) == [], "no items, and yet a verdict"
    return together


def _check_verdict(item: StoredItem, verdict: Verdict) -> None:
    assert 0 <= verdict.confidence <= 1, f"the confidence in the verdict on {item.name} is not between 0 and 1"
    assert verdict.reason.strip(), f"the verdict on {item.name} has no reason"
    assert verdict.cost >= 0, f"the verdict on {item.name} costs less than nothing"
