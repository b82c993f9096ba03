"""Tiers: the rungs of the triage ladder, cheapest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from platos.core.item import StoredItem
from platos.core.money import Nano
from platos.core.verdict import Verdict
from platos.ports.model import Document

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["Bench", "Tier"]

A = TypeVar("A", bound="BaseModel")


class Bench(Protocol):
    """What a tier may use while it judges."""

    @property
    def scope(self) -> str:
        """The specialist's scope, in its owner's words."""
        ...

    async def ask_model(
        self, instructions: str, documents: Sequence[Document], answer: type[A], *, model: str = "small"
    ) -> tuple[A, Nano]:
        """A validated answer and what it cost, out of the triage envelope. Raises BudgetExceeded or another Failure."""
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
