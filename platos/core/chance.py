"""Chance: how many of the passages would share as much with a question if words stood in them at random.

A word that stands in a share p of all passages tells -ln p where it is shared, and what two passages of a text share
adds up, as if words came independently of each other. So the telling that a passage comes to by chance alone has an
exact distribution; its tail, times the number of passages, is the count that is expected to do as well (the E-value of
sequence search: Karlin and Altschul, "Methods for assessing the statistical significance of molecular sequence
features", 1990). Words do not come independently; what is told here is a floor, and not a proof.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

__all__ = ["Chance"]

_STEPS = 8
"""Steps of telling in a nat: sums are kept in whole steps."""


class Chance:
    """What chance gives for the words of one question, each of which stands in so many of the passages."""

    def __init__(self, found: Mapping[str, int], passages: int) -> None:
        self._passages = passages
        shares = {word: count / (passages + 1) for word, count in found.items()}
        self._tells = {word: round(-math.log(share) * _STEPS) for word, share in shares.items()}
        self._tail = _tail(_distribution([(shares[word], self._tells[word]) for word in sorted(shares)]))

    def expected(self, shared: Collection[str]) -> float:
        """How many passages would share at least as telling words by chance."""
        told = sum(self._tells[word] for word in shared)
        return self._passages * self._tail[told]


def _distribution(words: list[tuple[float, int]]) -> list[float]:
    """The chance of each sum of tellings, where each word is there or not."""
    chances = [1.0]
    for share, tells in words:
        there = [0.0] * tells + [chance * share for chance in chances]
        away = [chance * (1 - share) for chance in chances] + [0.0] * tells
        chances = [one + other for one, other in zip(there, away, strict=True)]
    return chances


def _tail(chances: list[float]) -> list[float]:
    """The chance of each sum or a greater one."""
    total, tail = 0.0, []
    for chance in reversed(chances):
        total += chance
        tail.append(total)
    return tail[::-1]
