"""The bench: what a tier may use while it judges. Small models out of the triage envelope, and its own memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import pydantic

from platos.core.digest import digest
from platos.core.money import Nano
from platos.core.specialist import Specialist
from platos.errors import BudgetExceeded
from platos.ports.model import Document, ModelReply, ModelRequest
from platos.runtime.answers import ask_until_valid
from platos.runtime.host import Host
from platos.runtime.meter import Bought, Purse, complete, reserve
from platos.runtime.schema import schema_of
from platos.store import answers, memories

__all__ = ["TriageBench"]

A = TypeVar("A", bound=pydantic.BaseModel)

_MOST_OUTPUT = 500


class TriageBench:
    """The `Bench` port, for one tier and one batch of items.

    `broke` tells that the triage envelope was too small for a question; `remembered` is what the tier wants to keep.
    """

    def __init__(self, host: Host, definition: Specialist, tier: str) -> None:
        self._host, self._definition, self._tier = host, definition, tier
        self.broke = False
        self.remembered: dict[str, bytes] = {}

    @property
    def scope(self) -> str:
        return self._definition.scope

    async def ask_model(
        self, instructions: str, documents: Sequence[Document], answer: type[A], *, model: str = "small"
    ) -> tuple[A, Nano]:
        cost = 0

        async def ask(request: ModelRequest) -> ModelReply:
            nonlocal cost
            bought = await self._answer(request)
            cost += bought.cost
            return bought.reply

        request = ModelRequest(
            model=self._definition.models[model],
            instructions=instructions,
            documents=tuple(documents),
            answer=schema_of(answer),
            max_output=_MOST_OUTPUT,
        )
        return await ask_until_valid(request, answer, ask), cost

    async def recall(self, key: str) -> bytes | None:
        if key in self.remembered:
            return self.remembered[key]
        return await memories.find(self._host.store, self._definition.name, self._tier, key)

    def remember(self, key: str, value: bytes) -> None:
        self.remembered[key] = value

    async def _answer(self, request: ModelRequest) -> Bought[None]:
        """A reply, bought once: after a crash, the same question on the same day is answered from the store."""
        question = digest([self._definition.name, self._host.day(self._host.now()), request])
        kept = await answers.find(self._host.store, question)
        if kept is not None:
            return Bought(kept, 0, None)
        try:
            held = await reserve(self._host, self._purse(), f"triage/{self._tier}", request)
        except BudgetExceeded:
            self.broke = True
            raise
        return await complete(self._host, held, request, answers.keep, question)

    def _purse(self) -> Purse:
        host, live = self._host, self._host.live(self._definition)
        day = host.day(host.now())
        caps = ((f"all/{day}", host.day_cap), (f"triage/{live.name}/{day}", live.budget.triage_day))
        return Purse(live.name, None, "triage", caps)
