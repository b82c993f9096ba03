"""Tiers: the rungs of the triage ladder, cheapest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from platos.core.fact import Fact
from platos.core.item import StoredItem
from platos.core.lesson import Lesson, Standing, Usual
from platos.core.money import Nano
from platos.core.verdict import Verdict
from platos.ports.model import Document

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["Bench", "Learner", "Tier"]

A = TypeVar("A", bound="BaseModel")


class Bench(Protocol):
    """What a tier may use while it judges."""

    @property
    def scope(self) -> str:
        """The specialist's scope, in its owner's words."""
        ...

    def models(self, model: str = "small") -> tuple[str, ...]:
        """The models that the specialist has under that name: the one that is asked first, and those after it."""
        ...

    async def ask_model(
        self,
        instructions: str,
        documents: Sequence[Document],
        answer: type[A],
        *,
        model: str = "small",
        most_input: int | None = None,
    ) -> tuple[A, Nano]:
        """A validated answer and what it cost, out of the triage envelope.

        The form may check what is said against what was asked: `info.context["documents"]` of its validators are the
        documents' names as they were shown. `most_input` is the most tokens that the input may come to, by the bound of
        each model. Raises TooLong where it may be more, BudgetExceeded, or another Failure.
        """
        ...

    async def facts(self, text: str) -> list[Fact]:
        """What is known already that bears on a text: at most three passages of the notes and of this specialist's own
        past runs, the best first; none where nothing does."""
        ...

    @property
    def may_miss(self) -> float:
        """The share of true signals that reach this tier which it may dismiss: its part of what the ladder promises."""
        ...

    async def taught(self) -> int:
        """A number that grows whenever an item of the specialist is labelled. It is cheap to ask."""
        ...

    async def lessons(self) -> list[Lesson]:
        """Every labelled item of the specialist, in order of arrival, with what this tier said of it."""
        ...

    async def usual(self, most: int) -> list[Usual]:
        """The latest items of the specialist that nobody has labelled, oldest first: what it usually gets."""
        ...

    def stand(self, standing: Standing) -> None:
        """Say where the tier stands with what it promised, for `platos status`; remembered as by `remember`."""
        ...

    async def recall(self, key: str) -> bytes | None:
        """What this tier of the specialist remembered under a key, or None."""
        ...

    def remember(self, key: str, value: bytes) -> None:
        """Remember something. It is stored in the transaction that stores the verdicts, or not at all."""
        ...


class Tier(Protocol):
    """One rung."""

    async def judge(self, items: Sequence[StoredItem], bench: Bench) -> list[Verdict]:
        """One verdict for each item, in order. An item's text changes no other item's verdict.

        A Failure leaves the items where they are: they wait, and are judged again.
        """
        ...


@runtime_checkable
class Learner(Protocol):
    """A tier that learns from labels, and can say of which items it would like to have one."""

    async def choose(self, items: Sequence[StoredItem], bench: Bench, count: int) -> list[int]:
        """The places of at most so many items from whose labels it would learn most, the best first."""
        ...
