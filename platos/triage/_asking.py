"""The questions of the tier `model`: about one item, or about a batch; and what becomes of them when they fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Annotated, Any, NamedTuple

import anyio
from pydantic import BaseModel, Field, ValidationInfo, model_validator

from platos.core.budget import root_of, split
from platos.core.failure import ANSWERS
from platos.core.failure import Answer as Remedy
from platos.core.money import Nano
from platos.core.verdict import Decision
from platos.errors import BudgetExceeded, Failure
from platos.ports.model import Document
from platos.ports.tier import Bench
from platos.triage._batches import Square, tags
from platos.triage._shown import Text

__all__ = ["Answer", "Answers", "Asking", "Wording"]

_AT_ONCE = 4
_DOUBTFUL = 2
"""A batch in which so many items got another answer than in their other one is not believed in anything."""

_WAITS = {Remedy.AGAIN, Remedy.BREAK, Remedy.STOP}
"""Of these failures, asking about each item alone would be no remedy."""


class Answer(BaseModel):
    """What the model says of one item."""

    signal: bool
    confidence: Annotated[float, Field(ge=0, le=1)]
    reason: str


class AnswerOn(Answer):
    """What the model says of one document, by the document's id."""

    document: str


class Answers(BaseModel):
    """What the model says of each document: once of each."""

    answers: list[AnswerOn]

    @model_validator(mode="after")
    def _once_of_each(self, info: ValidationInfo) -> Answers:
        asked = (info.context or {}).get("documents", ())
        said = Counter(each.document for each in self.answers)
        wrong = [name for name in asked if said[name] != 1]
        if wrong:
            raise ValueError(f"one answer for each document is asked for; not so: {', '.join(wrong)}")
        if len(said) > len(asked):
            raise ValueError(f"{len(said) - len(asked)} of the answers are about no document that was given")
        return self


class Wording(NamedTuple):
    """How it is asked: the fixed parts of a question about one item, of one beside which something is known, and of one
    about several; the model's name, the most tokens of input."""

    one: str
    known: str
    several: str
    model: str
    most_input: int


class Asking:
    """All that is asked in one judging. `answers` are what counts, by the items' numbers, `failed` why others have
    none, and `costs` each item's part of what was paid."""

    def __init__(self, bench: Bench, wording: Wording, decide: Callable[[Answer], Decision]) -> None:
        self._bench, self._wording, self._decide = bench, wording, decide
        self._limiter = anyio.CapacityLimiter(_AT_ONCE)
        self._refused: BudgetExceeded | None = None
        self._unfit = False
        self.answers: dict[int, Answer] = {}
        self.failed: dict[int, Failure] = {}
        self.costs: Counter[int] = Counter()

    async def alone(self, texts: Sequence[Text]) -> None:
        """Ask about each by itself. Once the budget refuses, unless it was an item's own, nothing more is asked."""
        async with anyio.create_task_group() as tasks:
            for text in texts:
                tasks.start_soon(self._one, text)

    async def square(self, square: Square) -> None:
        """Ask about each in two batches. What both say alike stands; the rest is asked about alone."""
        by_row = await self._batches(square.rows)
        by_column = await self._batches(square.columns)
        both = by_row.keys() & by_column.keys() - self.failed.keys()
        agreed = {number for number in both if self._decide(by_row[number]) is self._decide(by_column[number])}
        at_odds = both - agreed
        for batch in (*square.rows, *square.columns):
            numbers = {text.stored.number for text in batch}
            if len(numbers & at_odds) >= _DOUBTFUL:
                agreed -= numbers
        for number in agreed:
            self.answers[number] = max(by_row[number], by_column[number], key=_leaning)
        texts = [text for row in square.rows for text in row]
        await self.alone([text for text in texts if text.stored.number not in agreed | self.failed.keys()])

    async def _one(self, text: Text) -> None:
        async with self._limiter:
            try:
                wording = self._wording.known if text.known else self._wording.one
                known = [Document(id=fact.source, text=fact.full_text, known=True) for fact in text.known]
                item = Document(id=text.stored.name, text=text.shown)
                answer, cost = await self._ask(wording, [item, *known], Answer)
            except Failure as failure:
                self.failed[text.stored.number] = failure
            else:
                self.answers[text.stored.number] = answer
                self.costs[text.stored.number] += cost

    async def _batches(self, batches: Sequence[Sequence[Text]]) -> dict[int, Answer]:
        said: dict[int, Answer] = {}
        async with anyio.create_task_group() as tasks:
            for batch in batches:
                tasks.start_soon(self._batch, batch, said)
        return said

    async def _batch(self, batch: Sequence[Text], said: dict[int, Answer]) -> None:
        """Ask about a batch. An item that may not pay any more is left out. Where the model has no answer in the form
        that was asked for, or there is another reason why a batch may fail and an item not, no other batch is asked."""
        async with self._limiter:
            while left := [text for text in batch if text.stored.number not in self.failed and not self._unfit]:
                try:
                    self._record(left, *await self._ask(self._wording.several, _documents(left), Answers), said)
                    return
                except BudgetExceeded as refusal:
                    broke = [text for text in left if root_of(refusal.where) == f"item/{text.stored.number}"]
                    self.failed |= {text.stored.number: refusal for text in broke or left}
                except Failure as failure:
                    self._unfit = ANSWERS[failure.kind] not in _WAITS
                    if not self._unfit:
                        self.failed |= {text.stored.number: failure for text in left}
                    return

    async def _ask(self, instructions: str, documents: Sequence[Document], form: type[Any]) -> tuple[Any, Nano]:
        if self._refused is not None:
            raise self._refused
        try:
            model, most = self._wording.model, self._wording.most_input
            return await self._bench.ask_model(instructions, documents, form, model=model, most_input=most)
        except BudgetExceeded as refusal:
            if not refusal.alone:
                self._refused = refusal
            raise

    def _record(self, batch: Sequence[Text], answers: Answers, cost: Nano, said: dict[int, Answer]) -> None:
        by_tag = {each.document: each for each in answers.answers}
        for text, tag, part in zip(batch, tags(batch), split(cost, len(batch)), strict=True):
            said[text.stored.number] = by_tag[tag]
            self.costs[text.stored.number] += part


def _documents(batch: Sequence[Text]) -> list[Document]:
    """The items of a batch as documents, under names that no text among them can foretell."""
    return [
        Document(id=text.stored.name, text=text.shown, tag=tag) for text, tag in zip(batch, tags(batch), strict=True)
    ]


def _leaning(answer: Answer) -> float:
    """How far an answer leans towards a signal."""
    return answer.confidence if answer.signal else -answer.confidence
