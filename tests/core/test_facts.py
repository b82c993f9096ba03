"""Passages and facts: cut word for word, titled by their headings, few and short."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from platos.core.fact import Fact, the_few, tokens
from platos.core.passage import LONGEST, Passage, passages_of, stretches

TEXTS = st.text(st.sampled_from("ab .\n#😀東。"), max_size=3_000)
FACTS = st.lists(st.builds(Fact, source=st.text(max_size=3), title=st.text(max_size=9), text=st.text(max_size=200)))

NOTE = """\
Before any heading.

# Vendors
Northgate takes payments.

## Harbor ##

It stores invoices.
In Oslo.
# Rules

Be kind.
"""


def test_a_paragraph_stands_under_its_headings() -> None:
    assert passages_of(NOTE, "notes of ours") == [
        Passage("notes of ours", "Before any heading."),
        Passage("Vendors", "Northgate takes payments."),
        Passage("Vendors / Harbor", "It stores invoices.\nIn Oslo."),
        Passage("Rules", "Be kind."),
    ]


@given(TEXTS)
def test_a_passage_stands_in_its_note_word_for_word_and_is_short(text: str) -> None:
    for passage in passages_of(text, "name"):
        assert passage.text in text
        assert 0 < len(passage.text) <= LONGEST


@given(st.text(st.sampled_from("ab .\n"), max_size=3_000))
def test_cutting_loses_nothing_but_space(text: str) -> None:
    assert "".join("".join(stretches(text, LONGEST)).split()) == "".join(text.split())


def test_a_long_text_is_cut_at_the_end_of_a_sentence() -> None:
    one, other = "a" * 400 + ".", "b" * 400 + "."
    assert stretches(f"{one} {other}", LONGEST) == [one, other]


@given(st.text(st.sampled_from("ab .\n"), max_size=300), st.integers(1, 40))
def test_stretches_are_short_and_two_that_follow_each_other_are_more_than_one_could_be(text: str, longest: int) -> None:
    """So a text has at most one more than twice as many as it would fill."""
    found = stretches(text, longest)
    assert all(0 < len(each) <= longest and each in text for each in found)
    assert len(found) <= 2 * len(text) / longest + 1


@given(FACTS, st.integers(0, 4), st.integers(0, 120))
def test_the_few_are_within_both_bounds_and_in_order(facts: list[Fact], most: int, ceiling: int) -> None:
    few = the_few(facts, most=most, ceiling=ceiling)
    assert len(few) <= most
    assert sum(tokens(fact.full_text) for fact in few) <= ceiling
    assert [fact for fact in facts if fact in few][: len(few)] == few or len({f.text for f in facts}) < len(facts)


def test_the_same_is_not_said_twice() -> None:
    said = [Fact(source=f"r{n}", title="Report", text="Upgrade quartz.") for n in (1, 2)]
    assert the_few(said) == said[:1]


def test_one_that_is_too_long_makes_room_for_the_next() -> None:
    long, short = Fact(source="a", title="", text="x" * 900), Fact(source="b", title="", text="y")
    assert the_few([long, short], ceiling=100) == [short]
