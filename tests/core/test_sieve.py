"""A sieve answers as each of its predicates does by itself."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from platos.core.predicate import Looked, Match, Predicate, Term
from platos.core.sieve import Sieve

VALUES = {
    Match.IS: ["a", "3", "ana@x.org", "É"],
    Match.DOMAIN: ["x.org", "fi.com"],
    Match.FOLDER: ["notes", "notes/a", "/srv", "É"],
    Match.SITE: ["https://x.org", "https://x.org/v1", "http://fi.com", "http://\ufb01.com"],
}
PIECES = ["a", "É", "e\u0301", "notes", "srv", "x.org", "X.ORG", "fi.com", "\ufb01.com", "ana@", "https://", "http://"]
ODD = ["/", "//", "..", "%2e", "\uff0f", ":443", "v1/", "<", ", ", " ", "\n", "\\", "y" * 201]
TEXTS = st.lists(st.sampled_from(PIECES + ODD), max_size=5).map("".join)
SCALARS: st.SearchStrategy[Any] = st.one_of(TEXTS, st.none(), st.booleans(), st.just(3), st.builds(dict, of=TEXTS))
NAMES = st.sampled_from(["to", "path"])
ARGUMENTS = st.dictionaries(NAMES, st.one_of(SCALARS, st.lists(SCALARS, max_size=3)))


@st.composite
def terms(draw: st.DrawFn, name: str) -> Term:
    match = draw(st.sampled_from(Match))
    values = draw(st.lists(st.sampled_from(VALUES[match]), min_size=1, max_size=2, unique=True))
    return Term(argument=name, values=tuple(values), match=match)


PREDICATES = st.builds(
    lambda of: Predicate(terms=tuple(of)),
    st.sets(NAMES).flatmap(lambda names: st.tuples(*map(terms, sorted(names)))),
)


@given(st.lists(PREDICATES, max_size=8), ARGUMENTS)
def test_a_sieve_lets_through_what_is_of_the_call_and_no_other(of: list[Predicate], arguments: dict[str, Any]) -> None:
    sieve, looked = Sieve(dict(enumerate(of))), Looked(arguments)
    assert list(sieve.covering(looked)) == [place for place, each in enumerate(of) if each.covers(arguments)]
    assert list(sieve.doubtful(looked)) == [place for place, each in enumerate(of) if each.may_cover(arguments)]


def test_what_fits_by_two_of_its_values_is_named_once() -> None:
    both = Predicate(terms=(Term(argument="path", values=("notes", "notes/a"), match=Match.FOLDER),))
    sieve, looked = Sieve({0: both}), Looked({"path": "notes/a/b"})
    assert list(sieve.covering(looked)) == list(sieve.doubtful(looked)) == [0]


def test_its_places_are_those_that_it_was_given() -> None:
    term = Term(argument="to", values=("a",))
    sieve = Sieve({7: Predicate(terms=(term,)), 9: Predicate()})
    assert list(sieve.covering(Looked({"to": "a"}))) == [7, 9]
