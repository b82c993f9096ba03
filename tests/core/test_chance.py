"""Chance: what is told is what counting every possibility gives."""

from __future__ import annotations

from itertools import product
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.chance import Chance

PASSAGES = 40
FOUND = st.dictionaries(st.sampled_from("abcdefg"), st.integers(1, PASSAGES // 2), min_size=1)


def counted(found: dict[str, int], shared: set[str]) -> float:
    """By every set of words that a passage can have. Words tell in whole steps, as they do there."""
    chance = Chance(found, PASSAGES)
    shares = {word: count / (PASSAGES + 1) for word, count in found.items()}
    total = 0.0
    for there in product([True, False], repeat=len(found)):
        have = {word for word, has in zip(found, there, strict=True) if has}
        if sum(chance._tells[word] for word in have) >= sum(chance._tells[word] for word in shared):
            total += prod(shares[word] if word in have else 1 - shares[word] for word in found)
    return PASSAGES * total


@given(FOUND, st.data())
def test_it_is_what_counting_gives(found: dict[str, int], data: st.DataObject) -> None:
    shared = data.draw(st.sets(st.sampled_from(sorted(found))))
    assert Chance(found, PASSAGES).expected(shared) == pytest.approx(counted(found, shared))


@given(FOUND)
def test_every_passage_shares_nothing_and_fewer_share_more(found: dict[str, int]) -> None:
    chance = Chance(found, PASSAGES)
    expected = [chance.expected(sorted(found)[:count]) for count in range(len(found) + 1)]
    assert expected[0] == pytest.approx(PASSAGES)
    assert expected == sorted(expected, reverse=True)


def test_two_rare_words_together_are_no_chance_and_one_of_many_is() -> None:
    chance = Chance(dict.fromkeys("abcdef", 1), 200)
    assert chance.expected("a") > 3
    assert chance.expected("ab") < 1
