"""Which items are asked about together, so that none can speak for another.

Whoever reads several texts at once may obey one of them, and no search for orders finds all. So nothing that was said
in one batch counts by itself. Items that came in together are laid out in a square, in an order that none of them
chose; its rows are batches, and its columns are. Two items meet at most once, in a row or in a column: what a text does
to its neighbours in one, the other batch of each of them does not know. Only what both say alike stands; the rest is
asked about alone.

So one text, whatever it says, moves no other item, even where the model obeys it in everything. Two may, where one lies
in the row and the other in the column of a third: they cannot arrange that, but with enough of them it will happen.

It costs every text twice. With a question's fixed part of F bytes, and of each of n items its text and the weight of
one more answer, the square pays where `(n - rows - columns) F` is more than the sum of these; long texts are better
asked about alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from math import isqrt
from typing import NamedTuple

from platos.core.digest import digest
from platos.triage._shown import Text

__all__ = ["Square", "squares", "tags"]

_ANSWER = 800
"""What one more answer weighs, in bytes of input: some 40 tokens of output, each as dear as five of input."""

_TAG = 8


class Square(NamedTuple):
    """Items that are asked about twice, in a row and in a column each."""

    rows: list[list[Text]]
    columns: list[list[Text]]


def squares(texts: Sequence[Text], side: int, fixed: int, room: int) -> list[Square]:
    """The squares; what is in none is asked about alone. A batch has at most `side` items and `room` bytes of them;
    `fixed` is the size of what stands in every question.

    Items that came in later change nothing: after a crash, the same are together again. With a side of 1 there is none.
    """
    short = [each for each in texts if each.size + _ANSWER < fixed * (1 - 2 / side) and each.size * side <= room]
    found: list[Square] = []
    for _, together in groupby(sorted(short, key=_arrival), key=lambda each: each.stored.seen):
        block = list(together)
        for start in range(0, len(block), side * side):
            square = _square(block[start : start + side * side])
            if _pays(square, fixed):
                found.append(square)
    return found


def tags(batch: Sequence[Text]) -> list[str]:
    """A name for each item of a batch, made of all of them: short, its own, and nothing that one of them could know."""
    key = _key(batch)
    return [digest([key, each.stored.number])[:_TAG] for each in batch]


def _square(block: Sequence[Text]) -> Square:
    key = _key(block)
    laid = sorted(block, key=lambda each: digest([key, each.stored.number]))
    width = isqrt(len(laid) - 1) + 1
    rows = [list(laid[start : start + width]) for start in range(0, len(laid), width)]
    return Square(rows, [list(laid[place::width]) for place in range(width)])


def _pays(square: Square, fixed: int) -> bool:
    texts = [each for row in square.rows for each in row]
    saved = len(texts) - len(square.rows) - len(square.columns)
    return saved * fixed > sum(each.size + _ANSWER for each in texts)


def _key(texts: Sequence[Text]) -> str:
    """What stands for all of these items, whatever their order."""
    return digest(sorted([each.stored.number, each.stored.item.digest()] for each in texts))


def _arrival(text: Text) -> tuple[int, int]:
    return text.stored.seen, text.stored.number
