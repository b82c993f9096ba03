"""Words: letters and digits alone, whatever a text holds; forms of a word are one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.words import words

OPERATORS = st.sampled_from(
    ['"', "'", " AND ", " OR ", " NOT ", "NEAR(", ":", "*", "^", "+", "-", "\0", "(", ")", "😀"]
)
TEXTS = st.lists(st.one_of(st.text(), OPERATORS)).map("".join)


@given(TEXTS)
def test_a_word_holds_letters_and_digits_alone(text: str) -> None:
    assert all(word.replace(".", "").isalnum() for word in words(text))


@given(TEXTS, TEXTS)
def test_the_words_of_two_texts_are_those_of_both(one: str, other: str) -> None:
    assert words(f"{one}\n\n{other}") == words(one) + words(other)


@pytest.mark.parametrize(
    "forms",
    [
        ("rotate", "rotates", "rotated", "rotating"),
        ("policy", "policies"),
        ("Café", "CAFE", "cafe\u0301"),
        ("breach", "breaches"),
        ("stop", "stopped", "stopping"),
    ],
)
def test_forms_of_a_word_are_one(forms: tuple[str, ...]) -> None:
    assert len({tuple(words(form)) for form in forms}) == 1


@pytest.mark.parametrize(("one", "other"), [("status", "state"), ("4.2", "4.3"), ("news", "sing"), ("bus", "busy")])
def test_other_words_stay_others(one: str, other: str) -> None:
    assert words(one) != words(other)


def test_common_words_and_single_letters_tell_nothing() -> None:
    assert words("Which of these is it? I am a 1.") == []


def test_a_version_is_one_word() -> None:
    assert words("quartzdb 4.2, not 4.20.") == ["quartzdb", "4.2", "4.20"]


def test_a_script_without_spaces_is_cut_into_pairs() -> None:
    assert words("東京都 Tokyo") == ["東京", "京都", "tokyo"]
