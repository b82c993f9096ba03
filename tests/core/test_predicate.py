"""Predicates over arguments: what they cover, what they do not, and that they are read as they are written."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from platos.core.predicate import ANY, Predicate, facets, parse_predicate, suggested
from platos.errors import UsageError

WORDS = st.sampled_from(["a", "b c", "notes", "a@x.org", "b@x.org", "c@y.org", "notes/a.md", "notes/x/b.md", "/etc/x"])
URLS = st.sampled_from(["https://x.org/v1/a", "https://x.org/v1/b?q=1", "http://x.org", "https://X.org:8443/a/b/c"])
ODD = st.text(alphabet='ab/@.*|"\\ =\n%:', max_size=12)
SCALARS = st.one_of(WORDS, URLS, ODD, st.integers(-3, 3), st.booleans(), st.none(), st.floats(allow_nan=False))
ARGUMENTS = st.dictionaries(
    st.sampled_from(["to", "path", "n"]), st.one_of(SCALARS, st.lists(SCALARS, max_size=3)), max_size=3
)


@pytest.mark.parametrize(
    ("term", "value"),
    [
        ("to=ana@example.com", "ana@example.com"),
        ("to=a|b", "b"),
        ("n=3", 3),
        ("ok=true", True),
        ("to=*@example.com", "Ana.Lee+x@EXAMPLE.com"),
        ("to=*@example.com", ["a@example.com", "b@example.com"]),
        ("path=notes/*", "notes/2026/a.md"),
        ("path=/srv/notes/*", "/srv/notes/a.md"),
        ("path=notes/*|drafts/*", "drafts/a.md"),
        ("url=https://api.example.com/*", "https://api.example.com"),
        ("url=https://api.example.com/*", "https://API.example.com/v1/x?q=../y"),
        ("url=https://api.example.com/v1/*", "https://api.example.com/v1/x"),
        ('to="a|b"', "a|b"),
        ('to="x*"|y', "x*"),
    ],
)
def test_a_term_covers_what_it_says(term: str, value: Any) -> None:
    name = term.partition("=")[0]
    assert parse_predicate([term]).covers({name: value})


@pytest.mark.parametrize(
    ("term", "value"),
    [
        ("to=ana@example.com", "Ana <ana@example.com>"),
        ("to=a", ["a", "b"]),
        ("to=a", []),
        ("to=a", None),
        ("to=a", {"a": 1}),
        ("to=a", [["a"]]),
        ("to=*@example.com", "a@evil.com, b@example.com"),
        ("to=*@example.com", "a@sub.example.com"),
        ("to=*@example.com", "a@example.com.evil.org"),
        ("to=*@example.com", "a@example.com\nbcc: x@evil.org"),
        ("to=*@example.com", "evil@x.org <b@example.com>"),
        ("to=*@example.com", ["a@example.com", "b@evil.org"]),
        ("path=notes/*", "notes"),
        ("path=notes/*", "notes/../secret"),
        ("path=notes/*", "notes/./../secret"),
        ("path=notes/*", "notes//etc/passwd"),
        ("path=notes/*", "notes\\..\\secret/x"),
        ("path=notes/*", "notesx/a"),
        ("path=notes/*", "/notes/a"),
        ("url=https://api.example.com/*", "http://api.example.com/x"),
        ("url=https://api.example.com/*", "https://api.example.com.evil.org/x"),
        ("url=https://api.example.com/*", "https://api.example.com@evil.org/x"),
        ("url=https://api.example.com/*", "https://api.example.com:8443/x"),
        ("url=https://api.example.com/*", "https://evil.org\\@api.example.com/"),
        ("url=https://api.example.com/v1/*", "https://api.example.com/v1/../v2/x"),
        ("url=https://api.example.com/v1/*", "https://api.example.com/v1/%2e%2e/v2/x"),
        ("url=https://api.example.com/v1/*", "https://api.example.com/v10/x"),
        ("url=https://api.example.com/*", "https://[api.example.com/x"),
        ("url=https://api.example.com/*", "\x01https://api.example.com/x"),
    ],
)
def test_what_is_in_doubt_is_not_covered(term: str, value: Any) -> None:
    name = term.partition("=")[0]
    assert not parse_predicate([term]).covers({name: value})


def test_an_argument_that_is_not_there_is_not_covered() -> None:
    assert not parse_predicate(["to=a"]).covers({"from": "a"})


def test_all_terms_must_hold() -> None:
    both = parse_predicate(["to=a", "n=1|2"])
    assert both.covers({"to": "a", "n": 2, "text": "whatever"})
    assert not both.covers({"to": "a", "n": 3})


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (["to"], "names no argument"),
        (["=a"], "names no argument"),
        (["to="], "is no value"),
        (["to=*"], "is no value"),
        (["to=a*"], "is no value"),
        (["path=../*"], "is no value"),
        (["path=a/../*"], "is no value"),
        (["path=a/*| b/*"], "is no value"),
        ([f"path={'/'.join('abcdefghij')}/*"], "is no value"),
        (["to=*@x y"], "is no value"),
        (["to=a|*@x.org"], "mixes two kinds"),
        (['to="a"b'], "goes on after a quote"),
        (["to=a", "to=b"], "spoken of twice"),
    ],
)
def test_what_cannot_be_read_is_refused_and_says_why(texts: list[str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse_predicate(texts)


@given(ARGUMENTS)
@example({"to": " notes/a"})
def test_what_is_suggested_covers_and_is_written_as_it_is_read(arguments: dict[str, Any]) -> None:
    for each in suggested(arguments):
        assert each.covers(arguments)
        assert parse_predicate(str(term) for term in each.terms) == each
        assert msgspec.json.decode(msgspec.json.encode(each), type=Predicate) == each


@given(ARGUMENTS, ARGUMENTS)
def test_what_a_call_does_not_suggest_does_not_cover_it(one: dict[str, Any], other: dict[str, Any]) -> None:
    """So that decisions can be counted by what they suggest."""
    mine = list(suggested(one))
    assert len(mine) == len(set(mine))
    for each in suggested(other):
        assert each.covers(one) == (each in mine)


@given(ARGUMENTS)
def test_the_facets_are_all_that_a_predicate_sees(arguments: dict[str, Any]) -> None:
    assert list(suggested(facets(arguments))) == list(suggested(arguments))


def test_contents_are_no_facets() -> None:
    assert facets({"name": "a", "text": "line\nline", "long": "x" * 201, "none": None, "deep": {"a": 1}}) == {
        "name": "a"
    }


def test_with_no_term_everything_is_covered() -> None:
    assert parse_predicate([]) == ANY
    assert ANY.covers({})
    assert str(ANY) == "any arguments"
