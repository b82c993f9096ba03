"""Sentences: cutting documents into them, and ranking them by the words that they share with a question.

The rank is BM25 over sentences, with a small advantage for those that stand early. The same documents and the same
question give the same order, always.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from platos.ports.model import Document

__all__ = ["Ranked", "Sentence", "rank", "relevance", "split", "terms"]

_END = re.compile(r"(?<=[.!?])\s+|\n\s*\n|\n(?=\s*[#>*\-|]|\s*\d+[.)])")
_WORD = re.compile(r"\w{2,}")
_COMMON = frozenset(
    _WORD.findall(
        "an and any are as at be been but by can do does for from had has have how if in into is it its may must no not"
        " of on one only or other our out should so some such than that the their them then there these they this to"
        " too up was we were what when where which who why will with would you your"
    )
)

_LONGEST = 400
"""Characters: a longer sentence is quoted from its start, to the end of a word."""

_SATURATION, _LENGTH = 1.2, 0.75
"""BM25's k1 and b, at their usual values."""

_EARLY = 0.1
"""What the first sentence of a document gains; it is less than any shared word brings."""


class Sentence(msgspec.Struct, frozen=True):
    """A piece of a document, word for word, and which one in the document it is, from 0."""

    source: str
    text: str
    position: int


class Ranked(msgspec.Struct, frozen=True):
    """A sentence, its score, and how many different words of the question stand in it."""

    sentence: Sentence
    score: float
    shared: int


def split(document: Document) -> list[Sentence]:
    """The sentences of a document. Each stands in its text word for word."""
    pieces = (_shortened(piece.strip()) for piece in _END.split(document.text))
    said = [piece for piece in pieces if _WORD.search(piece)]
    return [Sentence(document.shown, text, position) for position, text in enumerate(said)]


def terms(text: str) -> list[str]:
    """The words that carry meaning: lower case, without common words, a plural like its singular."""
    return [_stem(word) for word in _WORD.findall(text.casefold()) if word not in _COMMON]


def rank(documents: Iterable[Document], question: str) -> list[Ranked]:
    """Every sentence of the documents, the one that matters most first."""
    sentences = [sentence for document in documents for sentence in split(document)]
    bags = [Counter(terms(sentence.text)) for sentence in sentences]
    wanted = _weights(bags, set(terms(question)))
    usual = sum(bag.total() for bag in bags) / max(len(bags), 1)
    ranked = [_ranked(sentence, bag, wanted, usual) for sentence, bag in zip(sentences, bags, strict=True)]
    return sorted(ranked, key=lambda each: -each.score)


def relevance(ranked: Sequence[Ranked]) -> float:
    """How much the documents have to do with the question: n / (n + 1), where n words of it stand in one sentence.

    0.0 for none, 0.5 for one, 0.667 for two, 0.75 for three.
    """
    shared = max((each.shared for each in ranked), default=0)
    return round(shared / (shared + 1), 3)


def _weights(bags: Sequence[Counter[str]], wanted: set[str]) -> dict[str, float]:
    """Each wanted word's weight: the fewer sentences have it, the more it tells."""
    found = Counter(word for bag in bags for word in wanted & bag.keys())
    return {word: math.log(1 + (len(bags) - count + 0.5) / (count + 0.5)) for word, count in found.items()}


def _ranked(sentence: Sentence, bag: Counter[str], wanted: dict[str, float], usual: float) -> Ranked:
    shared = sorted(wanted.keys() & bag.keys())  # sorted: a sum of floats depends on its order
    damping = _SATURATION * (1 - _LENGTH + _LENGTH * bag.total() / (usual or 1))
    score = sum(wanted[word] * bag[word] * (_SATURATION + 1) / (bag[word] + damping) for word in shared)
    return Ranked(sentence, score + _EARLY / (1 + sentence.position), len(shared))


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    head = text[:_LONGEST]
    return head.rsplit(maxsplit=1)[0] if re.search(r"\s", head) else head
