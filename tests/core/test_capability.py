"""Capabilities: what a node may call can be narrowed by whoever holds it, and widened or made by nobody."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.capability import Capability, Narrowing, is_sealed, mint, narrow, refusal_of
from platos.core.predicate import ANY, Predicate, parse_predicate

KEY, OTHER = b"k" * 32, b"o" * 32
NOTES, MARCH = parse_predicate(["path=notes/*"]), parse_predicate(["path=notes/2026/*"])
predicates = st.sampled_from([ANY, NOTES, MARCH, parse_predicate(["path=notes/a.md|b.md"])])
paths = st.sampled_from(["notes/a.md", "notes/2026/b.md", "b.md", "notes/../b.md", "", None])


def held(where: Predicate = ANY, path: str = "work") -> Capability:
    return narrow(mint(KEY, 1, "work", "file", where), path)


def why(capability: Capability, path: str = "work", key: bytes = KEY, **changes: Any) -> str:
    call: dict[str, Any] = {"run": 1, "tool": "file", "arguments": {"path": "notes/a.md"}, **changes}
    return refusal_of(is_sealed(key, capability), capability, path=path, **call)


def test_it_allows_just_what_it_was_minted_for() -> None:
    assert why(held()) == why(held(NOTES)) == ""
    assert "r1" in why(held(), run=2)
    assert "it is for file" in why(held(), tool="mail")
    assert "it is for file at work" in why(held(), path="other")
    assert why(held(MARCH)) == "it reaches path=notes/2026/* of file, and not what is asked for"
    assert why(held(NOTES), arguments={"path": "notes/../a.md"})


def test_one_that_was_narrowed_to_no_place_is_of_no_use() -> None:
    assert why(mint(KEY, 1, "work", "file"))


@pytest.mark.parametrize("path", ["work[2]", "all[i1]/work", "work/helper[1]"])
def test_it_is_of_one_round_one_branch_and_not_of_whom_its_holder_asks(path: str) -> None:
    assert why(held(), path=path)


def test_another_net_has_another_key() -> None:
    assert why(held(), key=OTHER) == "the runtime minted no such capability for file"


@given(st.lists(predicates, max_size=3), paths)
def test_a_narrowed_one_never_reaches_more(wheres: list[Predicate], path: str | None) -> None:
    chain = [held(NOTES)]
    for number, where in enumerate(wheres):
        chain.append(narrow(chain[-1], f"{chain[-1].narrowed[-1].path}/h[{number}]", where))
    allowed = [not why(each, each.narrowed[-1].path, arguments={"path": path}) for each in chain]
    assert allowed == sorted(allowed, reverse=True)
    assert allowed[-1] == all(each.covers({"path": path}) for each in (NOTES, *wheres))


@pytest.mark.parametrize(
    "changes",
    [
        {"run": 2},
        {"node": "other"},
        {"tool": "mail"},
        {"where": ANY},
        {"narrowed": ()},
        {"narrowed": (Narrowing("work", ANY),)},
        {"narrowed": (Narrowing("work", ANY), Narrowing("work/h[1]", ANY))},
        {"narrowed": (Narrowing("work", ANY), Narrowing("work/h[2]", NOTES))},
        {"seal": b""},
        {"seal": b"\0" * 32},
    ],
    ids=str,
)
def test_a_changed_one_is_a_forged_one(changes: dict[str, Any]) -> None:
    true = narrow(held(MARCH), "work/h[1]", NOTES)
    forged = msgspec.structs.replace(true, **changes)
    call: dict[str, Any] = {"run": forged.run, "tool": forged.tool, "arguments": {"path": "notes/2026/a.md"}}
    path = forged.narrowed[-1].path if forged.narrowed else "work"
    assert refusal_of(is_sealed(KEY, true), true, path="work/h[1]", **{**call, "run": 1, "tool": "file"}) == ""
    assert refusal_of(is_sealed(KEY, forged), forged, path=path, **call).startswith(
        "the runtime minted no such capability"
    )


@pytest.mark.parametrize("path", ["other", "work", "workshop/h[1]", "wor"])
def test_narrowing_leads_only_further_in(path: str) -> None:
    assert why(narrow(held(), path), path=path)
    assert why(narrow(mint(KEY, 1, "work", "file"), "other"), path="other")
