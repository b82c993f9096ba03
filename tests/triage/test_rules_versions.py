"""Versions: their order by semver.org, and which of them a range names."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from platos.triage._versions import SCHEMES, affected, usual_scheme

PYTHON, SEMANTIC = SCHEMES["python"], SCHEMES["semver"]

ORDERED = """
    0.0.0-0 0.0.0 0.0.1 0.1.0-a 0.1.0 1.0.0-0 1.0.0-1 1.0.0-2 1.0.0-11 1.0.0-- 1.0.0-Z 1.0.0-alpha 1.0.0-alpha.1
    1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.1 1.2.0 1.10.0 2.0.0 2.1.0 2.1.1 10.0.0
"""
IN_ORDER = ORDERED.split()

IDENTIFIER = st.one_of(st.integers(0, 30).map(str), st.text("abAB-", min_size=1, max_size=3))
SEMANTIC_VERSION = st.builds(
    lambda numbers, before: ".".join(map(str, numbers)) + ("-" + ".".join(before) if before else ""),
    st.tuples(*[st.integers(0, 12)] * 3),
    st.lists(IDENTIFIER, max_size=3),
)


def comes_before(one: str, other: str) -> bool:
    """Section 11 of semver.org 2.0.0, told slowly, to compare with."""
    (core, _, before), (other_core, _, other_before) = one.partition("-"), other.partition("-")
    numbers, other_numbers = [int(part) for part in core.split(".")], [int(part) for part in other_core.split(".")]
    if numbers != other_numbers:
        return numbers < other_numbers
    if not before or not other_before:
        return bool(before) and not other_before
    mine, theirs = before.split("."), other_before.split(".")
    for a, b in zip(mine, theirs, strict=False):
        if a != b and not (a.isdigit() and b.isdigit() and int(a) == int(b)):
            if a.isdigit() and b.isdigit():
                return int(a) < int(b)
            return a.isdigit() if a.isdigit() != b.isdigit() else a < b
    return len(mine) < len(theirs)


def test_semantic_versions_have_the_order_of_the_standard() -> None:
    assert all(SEMANTIC.order(one) < SEMANTIC.order(other) for one, other in pairwise(IN_ORDER))


@given(SEMANTIC_VERSION, SEMANTIC_VERSION)
def test_the_order_is_total_and_that_of_the_standard(one: str, other: str) -> None:
    assert (SEMANTIC.order(one) < SEMANTIC.order(other)) == comes_before(one, other)
    assert (SEMANTIC.order(one) == SEMANTIC.order(other)) == (
        not comes_before(one, other) and not comes_before(other, one)
    )


@given(SEMANTIC_VERSION, SEMANTIC_VERSION, SEMANTIC_VERSION)
def test_the_order_is_transitive(a: str, b: str, c: str) -> None:
    low, middle, high = sorted((a, b, c), key=SEMANTIC.order)
    assert not comes_before(middle, low)
    assert not comes_before(high, middle)
    assert not comes_before(high, low)


def test_an_order_by_text_would_be_caught() -> None:
    assert any(not one < other for one, other in pairwise(IN_ORDER))


@pytest.mark.parametrize(
    ("one", "other"), [("1.2", "1.2.0"), ("v1.2.3", "1.2.3"), ("1.0.0+build.7", "1.0.0"), ("1", "1.0.0")]
)
def test_what_does_not_count_for_precedence_is_passed_over(one: str, other: str) -> None:
    assert SEMANTIC.order(one) == SEMANTIC.order(other)


@pytest.mark.parametrize(
    "text", ["", "x", "1.2.3.4", "1..2", "1.0.0-a..b", "1.0.0-", "^1.0.0", "file:../a", "\u0661.0.0"]
)
def test_what_is_no_semantic_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="semantic"):
        SEMANTIC.order(text)


RANGES: list[tuple[str, Any, bool]] = [
    ("4.0.2", [["introduced", "0"], ["fixed", "4.5.0"]], True),
    ("4.5.0", [["introduced", "0"], ["fixed", "4.5.0"]], False),
    ("4.5.0", [["introduced", "0"], ["last_affected", "4.5.0"]], True),
    ("4.5.1", [["introduced", "0"], ["last_affected", "4.5.0"]], False),
    ("9.9.9", [["introduced", "1.0.0"]], True),
    ("0.9.0", [["introduced", "1.0.0"]], False),
    ("1.5.0", [["introduced", "0"], ["fixed", "1.0.0"], ["introduced", "1.4.0"], ["fixed", "1.6.0"]], True),
    ("1.2.0", [["introduced", "0"], ["fixed", "1.0.0"], ["introduced", "1.4.0"], ["fixed", "1.6.0"]], False),
    ("1.7.0", [["introduced", "0"], ["fixed", "1.5.0"], ["introduced", "0"], ["fixed", "2.0.0"]], True),
    ("1.2.0", [{"introduced": "1.0.0"}, {"fixed": "1.3.0"}], True),
    ("1.2.0", ["1.1.0", "1.2.0"], True),
    ("1.2.1", ["1.1.0", "1.2.0"], False),
    ("1.2.0", "1.2.0", True),
    ("1.2.0", ">=1.0,<1.3", True),
    ("1.3.0", ">=1.0,<1.3", False),
    ("1.2.0", "!=1.2.0", False),
    ("1.2.0", [["introduced", "2.0.0"], "1.2.0"], True),
    ("1.2.0", [], False),
]


@pytest.mark.parametrize("scheme", [PYTHON, SEMANTIC], ids=["python", "semver"])
@pytest.mark.parametrize(("version", "said", "expected"), RANGES)
def test_a_version_is_affected_by_what_is_said(version: str, said: Any, expected: bool, scheme: Any) -> None:
    assert affected(version, said, scheme) == expected


@pytest.mark.parametrize(
    ("version", "said", "expected"),
    [
        ("1.0.0-rc.1", ">=0.9 <1.0.0", True),
        ("3.0.0", "< 1.0.0 || = 3.0.0", True),
        ("2.0.0", "< 1.0.0 || = 3.0.0", False),
    ],
)
def test_semantic_ranges_may_be_alternatives(version: str, said: str, expected: bool) -> None:
    assert affected(version, said, SEMANTIC) == expected


def test_a_release_before_the_fix_is_affected_in_python_too() -> None:
    assert affected("4.5.0rc1", [["introduced", "0"], ["fixed", "4.5.0"]], PYTHON)


@pytest.mark.parametrize("scheme", [PYTHON, SEMANTIC], ids=["python", "semver"])
@pytest.mark.parametrize(
    "said",
    [
        [["fixed", "1.0"]],
        [["introduced", "0"], ["fixed", "1.0"], ["fixed", "2.0"]],
        [["introduced", "not a version"]],
        [["limit", "1.0"]],
        [["introduced", 1]],
        [7],
        7,
        ">=what is this",
        "^1.0.0 || nonsense",
    ],
)
def test_what_cannot_be_read_is_never_guessed(said: Any, scheme: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        affected("1.0.0", said, scheme)


@given(st.tuples(*[st.integers(0, 5)] * 6))
def test_a_span_of_python_versions_is_what_packaging_says(numbers: tuple[int, ...]) -> None:
    version, low, high = (f"{numbers[place]}.{numbers[place + 1]}" for place in (0, 2, 4))
    expected = Version(low) <= Version(version) < Version(high)
    assert affected(version, [["introduced", low], ["fixed", high]], PYTHON) == (
        expected or (low == "0" and Version(version) < Version(high))
    )


@pytest.mark.parametrize(
    ("names", "scheme"),
    [(["django", "Zope.interface"], PYTHON), (["left-pad", "@babel/core"], SEMANTIC), ([], PYTHON)],
)
def test_a_name_that_python_cannot_have_tells_semantic_versions(names: list[str], scheme: Any) -> None:
    assert usual_scheme(names) is scheme
