"""A chain of digests in which nothing can be changed, moved, dropped or added unseen."""

from __future__ import annotations

from functools import reduce
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from platos.core.chain import GENESIS, link

journals = st.lists(st.binary(max_size=12), max_size=6)


def head(bodies: list[bytes]) -> bytes:
    return reduce(link, bodies, GENESIS)


def test_the_first_entry_is_linked_to_nothing() -> None:
    assert link(GENESIS, b"first") == sha256(bytes(32) + b"first").digest()


@given(journals, journals)
def test_two_journals_have_one_head_only_where_they_are_equal(one: list[bytes], other: list[bytes]) -> None:
    assert (head(one) == head(other)) == (one == other)


@given(journals.filter(bool), st.data())
def test_a_changed_byte_changes_the_head(bodies: list[bytes], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(bodies) - 1))
    changed = [*bodies[:place], bodies[place] + b"!", *bodies[place + 1 :]]
    assert head(changed) != head(bodies)
