"""A scripted model that errs, costs and takes its time as models do. It sees a request and nothing else.

It does not know the task, the plan or the planner: it finds facts in the documents by their form, answers by the form
that it is asked for, and misses, garbles and misjudges by chance. The chance comes from the seed, the request and how
often the same was asked before. What is assumed, and from where:

price            5 and 25 US dollars for a million tokens in and out: the list price of claude-opus-4-5 in litellm
                 1.106.2. No cache.
tokens           four bytes each; of the input also the answer's schema, and 10 for the frame of each document.
latency          1.5 s to the first token, 1 s more for 10,000 tokens of input, then 60 tokens a second: of the order of
                 what is measured publicly for that model. An assumption.
length           how many facts are missed by tokens of input: the mean scores of GPT-4 in RULER (Hsieh et al. 2024,
                 arXiv:2404.06654), 96.6, 96.3, 95.2, 93.2, 87.0 and 81.2 of 100 from 4,000 to 128,000 tokens; on
                 a line between them, and below 4,000 on one that begins at 0.5 % missed.
documents        0.01 more for each doubling of their number: a fifth of the some 20 points that GPT-3.5-Turbo lost from
                 one document to ten and twenty (Liu et al. 2023, arXiv:2307.03172). That today's lose a fifth of it is
                 an assumption.
place            a fact in the middle of the input is missed 1.5 times as often as that, at its ends half as often: the
                 U of the same paper, flattened.
hard facts       missed 0.35 of the time at the first try. An assumption.
own difficulty   a half of the draws are the fact's own and fall alike at every try: what is missed once is missed
                 again more often. An assumption.
contradictions   where documents of one prompt contradict each other, all but the last on a matter are silently dropped
                 with 0.3 each. Models that see two contradicting passages name both in a tenth to a half of all cases
                 (Hou et al. 2024, arXiv:2406.13805); they are asked for an answer there, not for claims by source.
quotes           not word for word in 0.02 of all claims; a value read wrongly in 0.003. Assumptions.
remarks          what a remark names is missed a fifth as often.
a critic         finds what is left out, or wrong, with 0.8 each, less what the length takes from it, and rejects a
                 draft without fault with 0.08. Assumptions, of the order of what models find of planted faults.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from itertools import pairwise
from typing import Any

from platos.core.digest import digest
from platos.core.fact import tokens
from platos.core.instant import SECOND, Span
from platos.core.money import NANO, Nano, Price, Usage, charge_for
from platos.ports.model import Document, Finish, ModelReply, ModelRequest
from platos.testing.model import Scripted

from .tasks import Fact, facts_in

__all__ = ["PRICE", "Solver", "latency", "missed_by_length"]

PRICE = Price.flat(input=5 * NANO, output=25 * NANO, source="claude-opus-4-5 in litellm 1.106.2")

_RULER = (
    (0, 0.005),
    (4_000, 0.034),
    (8_000, 0.037),
    (16_000, 0.048),
    (32_000, 0.068),
    (64_000, 0.13),
    (128_000, 0.188),
)
_A_DOUBLING, _HARD, _OWN, _DROPPED = 0.01, 0.35, 0.5, 0.3
_GARBLED, _MISREAD, _REMARKED = 0.02, 0.003, 0.2
_NOTICED, _FALSELY = 0.8, 0.08
_FRAME = 10
_LEFT_OUT = "Left out of {}: {}."
_FIRST_TOKEN, _READ_A_SECOND, _WRITTEN_A_SECOND = 1.5, 10_000, 60


def latency(usage: Usage) -> Span:
    """How long a call of so many tokens takes, in microseconds."""
    return round((_FIRST_TOKEN + usage.read / _READ_A_SECOND + usage.written / _WRITTEN_A_SECOND) * SECOND)


def missed_by_length(read: int) -> float:
    """The share of facts that is missed in so many tokens of input; beyond the last that was measured, as there."""
    for (low, least), (high, most) in pairwise(_RULER):
        if read < high:
            return least + (most - least) * (read - low) / (high - low)
    return _RULER[-1][1]


class Solver(Scripted):
    """The model part. `calls` are the tokens of each call it was paid for, in order."""

    def __init__(self, seed: int) -> None:
        super().__init__(self._reply, price=PRICE)
        self._seed = seed
        self._asked: Counter[str] = Counter()
        self.calls: list[Usage] = []

    @property
    def cost(self) -> Nano:
        """What the calls came to, in nano-dollars."""
        return sum(charge_for(PRICE, usage) for usage in self.calls)

    def input_bound(self, request: ModelRequest) -> int:
        """Exact, as it counts itself."""
        return _read(request)

    def _reply(self, request: ModelRequest) -> ModelReply:
        again = digest(request)
        self._asked[again] += 1
        chance = random.Random(f"{self._seed} {again} {self._asked[again]}")
        text = json.dumps(self._answer(request, chance))
        finish = Finish.DONE
        if tokens(text) > request.max_output:
            text, finish = text[: 4 * request.max_output], Finish.CUT
        usage = Usage(input=_read(request), output=tokens(text))
        self.calls.append(usage)
        return ModelReply(text=text, usage=usage, served=request.model, finish=finish)

    def _answer(self, request: ModelRequest, chance: random.Random) -> dict[str, Any]:
        fields = request.answer["properties"]
        if "claims" in fields:
            return self._draft(request, chance)
        if "accepted" in fields:
            return self._judge(request, chance)
        return {"title": f"What {len(request.documents)} sources say"}

    def _draft(self, request: ModelRequest, chance: random.Random) -> dict[str, Any]:
        """Claims on the facts that are not missed. Told that its answer was cut, it keeps what fits."""
        claims = [_claim(document, fact, chance) for document, fact in self._seen(request, chance)]
        answer = {"title": f"What {len(request.documents)} documents say", "claims": claims, "note": ""}
        while request.repair and claims and tokens(json.dumps(answer)) > request.max_output:
            claims.pop()
        return answer

    def _seen(self, request: ModelRequest, chance: random.Random) -> list[tuple[Document, Fact]]:
        documents = [document for document in request.documents if not document.known]
        told = [(document, fact) for document in documents for fact in facts_in(document.text)]
        last = {fact.about: fact.value for _, fact in told}
        seen = []
        for document, fact in told:
            missed = _chance_to_miss(request, documents, fact)
            drop = _DROPPED if last[fact.about] != fact.value else 0.0
            if _is_remarked(request, document, fact):
                missed, drop = missed * _REMARKED, drop * _REMARKED
            if self._draw(fact, chance, "miss") >= missed and self._draw(fact, chance, "drop") >= drop:
                seen.append((document, fact))
        return seen

    def _draw(self, fact: Fact, chance: random.Random, of: str) -> float:
        own = random.Random(f"{self._seed} {of} {fact.sentence}")
        fresh = chance.random()
        return own.random() if chance.random() < _OWN else fresh

    def _judge(self, request: ModelRequest, chance: random.Random) -> dict[str, Any]:
        """Compare the draft with the documents, as far as it sees."""
        *documents, draft = request.documents
        said = Counter((fact.about, fact.value) for fact in facts_in(draft.text))
        noticed = _NOTICED * (1 - missed_by_length(_read(request)))
        remarks = [
            _LEFT_OUT.format(document.shown, fact.about)
            for document in documents
            for fact in facts_in(document.text)
            if not said[fact.about, fact.value] and chance.random() < noticed
        ]
        stated = {(fact.about, fact.value) for document in documents for fact in facts_in(document.text)}
        wrong = [about for about, value in said if (about, value) not in stated and chance.random() < noticed]
        remarks += [f"No document says this of {about}." for about in wrong]
        if not remarks and chance.random() < _FALSELY:
            remarks = ["Say more of what it means for the owner."]
        return {"accepted": not remarks, "remarks": remarks[:5], "confidence": round(chance.uniform(0.6, 0.95), 2)}


def _read(request: ModelRequest) -> int:
    text = [request.instructions, request.repair, *(document.text for document in request.documents)]
    return sum(map(tokens, text)) + tokens(json.dumps(request.answer)) + _FRAME * len(request.documents)


def _is_remarked(request: ModelRequest, document: Document, fact: Fact) -> bool:
    """Do the remarks on the last try name the fact, or its document as one on which nothing rests?"""
    remarks = [line for line in request.instructions.splitlines() if line.startswith("Remark on")]
    named = (_LEFT_OUT.format(document.shown, fact.about), f"No claim rests on {document.shown}.")
    return any(line.endswith(named) for line in remarks)


def _chance_to_miss(request: ModelRequest, documents: list[Document], fact: Fact) -> float:
    text = "\n".join(document.text for document in documents)
    place = text.find(fact.sentence) / max(len(text), 1)
    bend = 0.5 + 4 * place * (1 - place)
    doublings = len(documents).bit_length() - 1
    missed = bend * (missed_by_length(_read(request)) + _A_DOUBLING * doublings)
    return min(1.0, missed + (_HARD if fact.hard else 0.0))


def _claim(document: Document, fact: Fact, chance: random.Random) -> dict[str, str]:
    value, quote = fact.value, fact.sentence
    if chance.random() < _MISREAD:
        value = f"{chance.randrange(12, 9_800):,} days"
    if chance.random() < _GARBLED:
        quote = quote.replace(" is set at ", " amounts to ")
    text = f"{fact.about[0].upper()}{fact.about[1:]} is set at {value}."
    return {"text": text, "source": document.shown, "quote": quote}
