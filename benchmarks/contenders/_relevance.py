"""Questions with known sources, and what is measured of whoever finds passages for them.

The notes are those of a company that does not exist; the questions were written beside them, in other words where
there are any, before anything was measured. Ten have no answer in the notes. The answer is the sentence that the
offline model quotes: it is right where it stands in the right passage and holds the words that were asked for.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from _measure import report
from pydantic import BaseModel

from platos.clock import SystemClock, ThreadOffload
from platos.core.fact import Fact, tokens
from platos.core.passage import passages_of
from platos.models.offline import Offline
from platos.ports.model import Document, ModelRequest
from platos.ports.part import Environment

__all__ = ["NOTES", "Find", "Question", "all_facts", "measure"]

FOLDER = Path(__file__).parent.parent / "relevance"
NOTES = FOLDER / "notes"

Find = Callable[[str], Awaitable[Sequence[Fact]]]


class Question(NamedTuple):
    """A question, the source of its answer, and words of the answer; both are empty where there is none."""

    text: str
    source: str
    answer: str


class Answer(BaseModel):
    """What the model says: a sentence and where it stands."""

    source: str
    quote: str


def all_facts() -> list[Fact]:
    """Every passage of the notes."""
    return [
        Fact(source=f"note:{path.name}#{n}", title=title, text=text)
        for path in sorted(NOTES.iterdir())
        for n, (title, text) in enumerate(passages_of(path.read_text("utf-8"), path.stem), start=1)
    ]


def questions(facts: Sequence[Fact]) -> list[Question]:
    """The questions. Raises ValueError where an answer does not stand in exactly one passage of its file."""
    lines: list[dict[str, Any]] = [json.loads(line) for line in (FOLDER / "questions.jsonl").open(encoding="utf-8")]
    made = []
    for line in lines:
        of_file = [fact for fact in facts if fact.source.startswith(f"note:{line['file']}#")]
        holds = [fact.source for fact in of_file if line["answer"] in fact.text]
        if line["file"] and len(holds) != 1:
            raise ValueError(
                f"{line['question']}: {line['answer']!r} stands in {len(holds)} passages of {line['file']}"
            )
        made.append(Question(line["question"], holds[0] if holds else "", line["answer"]))
    return made


async def measure(find: Find) -> None:
    """Ask every question, and print what came of it."""
    model = Offline(Environment(Path.cwd(), SystemClock(), ThreadOffload(), str))
    facts = all_facts()
    asked = questions(facts)
    known = [question for question in asked if question.source]
    found = right = read = silent = 0
    for question in asked:
        given = await find(question.text)
        read += sum(tokens(fact.full_text) for fact in given)
        if question.source:
            found += question.source in [fact.source for fact in given]
            right += await _answers(model, question, given)
        else:
            silent += not given
    report("recall: the source is among the facts", found / len(known), "of questions")
    report("answers that are right", right / len(known), "of questions")
    report("tokens read a question", read / len(asked), "tokens")
    report("nothing given where nothing is known", silent / (len(asked) - len(known)), "of questions")


async def _answers(model: Offline, question: Question, given: Sequence[Fact]) -> bool:
    request = ModelRequest(
        model="offline",
        instructions=question.text,
        documents=tuple(Document(id=fact.source, text=fact.text) for fact in given),
        answer=Answer.model_json_schema(),
    )
    reply = await model.complete(request, lambda: None)
    answer = Answer.model_validate_json(reply.text)
    return answer.source == question.source and question.answer in answer.quote
