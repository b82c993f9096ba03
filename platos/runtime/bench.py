"""The bench: what a tier may use while it judges. Small models out of the triage envelope, and its own memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
import pydantic

from platos.core.budget import date, triage_path
from platos.core.digest import digest
from platos.core.fact import Fact
from platos.core.instant import Instant
from platos.core.lesson import STANDING, Lesson, Standing, Usual
from platos.core.money import Nano
from platos.core.specialist import Specialist
from platos.errors import BudgetExceeded, TooLong
from platos.ports.model import Document, ModelReply, ModelRequest
from platos.ports.part import declaration_of
from platos.runtime.facts import bring_up, facts_on
from platos.runtime.host import Host
from platos.runtime.meter import Ask, Bought, Held, Purse, complete, reserve, turn
from platos.runtime.node.answers import ask_until_valid, first_to_answer
from platos.runtime.node.schema import schema_of
from platos.store import answers, labels, memories

__all__ = ["Sitting", "TriageBench"]

A = TypeVar("A", bound=pydantic.BaseModel)

_MOST_OUTPUT, _MORE_OUTPUT = 500, 250
"""Tokens of output: for an answer about one item, and for each further item that it is about."""


@dataclass
class Sitting:
    """One time that a specialist's triage sits: in the wake-up that began at `wake`.

    `refused` is why no more can be asked in it; `asked` are the questions' fixed parts, which a provider may hold;
    `looked` tells that notes and past runs were looked at: once, when the first tier asks for facts.
    """

    host: Host
    definition: Specialist
    wake: Instant
    refused: BudgetExceeded | None = None
    asked: set[str] = field(default_factory=set)
    looked: bool = False

    @property
    def may_miss(self) -> float:
        """The part of the misses that the ladder may have which each tier gets that dismisses by a cut.

        The misses of all of them together are at most the sum of theirs (the union bound).
        """
        tiers = [declaration_of(type(self.host.tier(spec))) for spec in self.definition.triage]
        return (1 - self.definition.recall) / max(1, sum(tier is not None and tier.promises for tier in tiers))


class TriageBench:
    """The `Bench` port, for one tier and one batch of items. `remembered` is what the tier wants to keep, `answered`
    which model answered last about an item, by its number."""

    def __init__(self, sitting: Sitting, tier: str, numbers: dict[str, int]) -> None:
        self._sitting, self._host, self._tier, self._numbers = sitting, sitting.host, tier, numbers
        self.remembered: dict[str, bytes] = {}
        self.answered: dict[int, str] = {}

    @property
    def scope(self) -> str:
        return self._sitting.definition.scope

    @property
    def may_miss(self) -> float:
        return self._sitting.may_miss

    async def facts(self, text: str) -> list[Fact]:
        if not self._sitting.looked:
            await bring_up(self._host)
            self._sitting.looked = True
        return await facts_on(self._host, self._sitting.definition.name, text)

    async def taught(self) -> int:
        return await labels.taught(self._host.store, self._sitting.definition.name)

    async def lessons(self) -> list[Lesson]:
        return await labels.lessons(self._host.store, self._sitting.definition.name, self._tier)

    async def usual(self, most: int) -> list[Usual]:
        return await labels.usual(self._host.store, self._sitting.definition.name, self._tier, most)

    def stand(self, standing: Standing) -> None:
        self.remember(STANDING, msgspec.msgpack.encode(standing))

    def models(self, model: str = "small") -> tuple[str, ...]:
        return self._sitting.definition.models[model]

    async def ask_model(
        self,
        instructions: str,
        documents: Sequence[Document],
        answer: type[A],
        *,
        model: str = "small",
        most_input: int | None = None,
    ) -> tuple[A, Nano]:
        cost = 0

        async def ask(request: ModelRequest, models: tuple[str, ...]) -> ModelReply:
            nonlocal cost
            self._measure(request, models, most_input)
            bought = await self._answer(request, models)
            cost += bought.cost
            self.answered |= dict.fromkeys(self._about(documents), bought.reply.served)
            return bought.reply

        models = self.models(model)
        request = ModelRequest(
            model=models[0],
            instructions=instructions,
            documents=tuple(documents),
            answer=schema_of(answer),
            max_output=_MOST_OUTPUT + _MORE_OUTPUT * max(0, len(self._about(documents)) - 1),
        )
        return await ask_until_valid(request, models, answer, ask), cost

    async def recall(self, key: str) -> bytes | None:
        if key in self.remembered:
            return self.remembered[key]
        return await memories.find(self._host.store, self._sitting.definition.name, self._tier, key)

    def remember(self, key: str, value: bytes) -> None:
        self.remembered[key] = value

    def _measure(self, request: ModelRequest, models: tuple[str, ...], most: int | None) -> None:
        """Raises TooLong where the input may be more than so many tokens, for any of the models."""
        for name in models:
            bound = self._host.model(name).input_bound(msgspec.structs.replace(request, model=name))
            if most is not None and bound > most:
                raise TooLong(
                    f"a question of up to {bound:,} tokens of input would pass the ceiling of {most:,}",
                    where=name,
                    hint="a shorter scope, or a higher ceiling",
                )

    def _about(self, documents: Sequence[Document]) -> list[int]:
        """The numbers of the items that a question is about."""
        return [self._numbers[id] for id in dict.fromkeys(each.id for each in documents) if id in self._numbers]

    async def _answer(self, request: ModelRequest, models: tuple[str, ...]) -> Bought[None]:
        """A reply, bought once: after a crash, the same question on the same day is answered from the store."""
        definition = self._sitting.definition
        question = digest([definition.name, date(self._host.now(), definition.schedule.zone), request])
        kept = await answers.find(self._host.store, question)
        if kept is not None:
            return Bought(kept, 0, None)
        request = msgspec.structs.replace(request, again=request.instructions in self._sitting.asked)
        self._sitting.asked.add(request.instructions)

        async def buy(models: tuple[str, ...], cause: str) -> Bought[None]:
            return await self._buy(request, models, cause, question)

        try:
            return await first_to_answer(models, buy)
        except BudgetExceeded as refusal:
            if models in definition.models.values() and not refusal.alone:
                self._sitting.refused = refusal
            raise

    async def _buy(self, request: ModelRequest, models: tuple[str, ...], cause: str, question: str) -> Bought[None]:
        ask = Ask(f"triage/{self._tier}", request, models, cause="repair" if request.repair else cause)
        async with turn(self._host, models):
            held = await self._reserve(ask)
            return await complete(self._host, held, answers.keep, question)

    async def _reserve(self, ask: Ask) -> Held:
        """Once one question was refused whoever might answer it, no other of this sitting is asked, unless it was one
        item's own cap."""
        if self._sitting.refused is not None:
            raise self._sitting.refused
        return await reserve(self._host, self._purse(ask.request), ask)

    def _purse(self, request: ModelRequest) -> Purse:
        host, live = self._host, self._host.live(self._sitting.definition)
        about = self._about(request.documents)
        path = triage_path(
            live.name,
            live.budget,
            host.budget,
            zone=live.schedule.zone,
            at=host.now(),
            wake=self._sitting.wake,
            items=about,
        )
        return Purse(live.name, None, "triage", path, len(about), live.retry.idle)
