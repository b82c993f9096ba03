"""The tasks of `benchmarks/topology.py`: the same for a seed everywhere, and judged by what was claimed and quoted."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from benchmarks.shapes.play import play
from benchmarks.shapes.solver import Solver, latency, missed_by_length
from benchmarks.shapes.tasks import KINDS, Task, check, facts_in, make
from platos import Artifact, Claim
from platos.core.digest import digest
from platos.core.money import Usage
from platos.ports.model import Document, ModelRequest

DIGEST = "860ccedcbf0e9eccdc16d455697b7b1a36a41927e81623361c0cb1ba8078193a"
"""Of all kinds and three seeds. It changes only where the tasks do, and then no figure measured before holds."""

DRAFT: dict[str, Any] = {"properties": {"title": {}, "claims": {}, "note": {}}}
JUDGEMENT: dict[str, Any] = {"properties": {"accepted": {}, "remarks": {}, "confidence": {}}}


def names(task: Task) -> dict[str, str]:
    return {f"i{at}": item.id for at, item in enumerate(task.items, 1)}


def answer(task: Task) -> Artifact:
    """All that the task's items say."""
    claims = [
        Claim(text=f"It is said that {fact.about} is set at {fact.value}.", source=name, quote=fact.sentence)
        for name, item in zip(names(task), task.items, strict=True)
        for fact in facts_in(item.text)
    ]
    return Artifact(kind="report", title="All of it", claims=tuple(claims), by="test")


def changed(artifact: Artifact, fields: dict[str, str]) -> Artifact:
    """The same artifact, with its first claim changed."""
    first, *others = artifact.claims
    return msgspec.structs.replace(artifact, claims=(msgspec.structs.replace(first, **fields), *others))


def request(task: Task, answer: dict[str, Any] = DRAFT, *more: Document) -> ModelRequest:
    documents = [Document(id=name, text=item.text) for name, item in zip(names(task), task.items, strict=True)]
    return ModelRequest(model="solver", instructions="Report.", documents=(*documents, *more), answer=answer)


def test_a_seed_gives_the_same_tasks_everywhere() -> None:
    assert digest([make(kind, seed).digest for kind in KINDS for seed in range(3)]) == DIGEST


@pytest.mark.parametrize("kind", KINDS)
def test_the_known_answer_is_accepted_and_no_two_seeds_are_alike(kind: str) -> None:
    tasks = [make(kind, seed) for seed in range(5)]
    for task in tasks:
        score = check(task, [answer(task)], names(task))
        assert score.solved
        assert score.found == score.of > 0
    assert len({task.digest for task in tasks}) == 5


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": "The renewal fee of Kestrel Freight is set at 1 euros."},
        {"quote": "It is said somewhere else."},
        {"quote": ""},
        {"source": "i99"},
        {"source": ""},
    ],
)
def test_a_wrong_value_a_false_quote_and_a_wrong_source_are_refused(wrong: dict[str, str]) -> None:
    task = make("conditions", 1)
    score = check(task, [changed(answer(task), wrong)], names(task))
    assert not score.solved
    assert score.found == score.of - 1


def test_an_invented_value_is_refused_though_all_else_is_there() -> None:
    task = make("many", 1)
    right = answer(task)
    invented = msgspec.structs.replace(right.claims[0], text="The late charge of Ember Foods is set at 3 days.")
    score = check(task, [msgspec.structs.replace(right, claims=(*right.claims, invented))], names(task))
    assert (score.found, score.wrong, score.solved) == (score.of, 1, False)


def test_where_nine_of_ten_are_enough_a_tenth_may_be_missing_and_no_more() -> None:
    task = next(task for task in (make("many", seed) for seed in range(100)) if len(task.items) == 20)
    right = answer(task)
    kept = [msgspec.structs.replace(right, claims=right.claims[gone:]) for gone in (2, 3)]
    assert [check(task, [each], names(task)).solved for each in kept] == [True, False]


async def test_the_scripted_model_answers_alike_for_a_seed_and_anew_when_asked_again() -> None:
    task = make("conditions", 3)

    async def said(seed: int, times: int = 12) -> list[str]:
        solver = Solver(seed)
        return [(await solver.complete(request(task), lambda: None)).text for _ in range(times)]

    assert await said(1) == await said(1) != await said(2)
    assert len(set(await said(1))) > 1


async def test_the_critic_names_what_is_left_out_and_its_remark_helps() -> None:
    solver, task = Solver(5), make("conditions", 3)
    [item] = task.items
    draft = Document(id="draft", text="Nothing.")
    remarks: set[str] = set()
    for _ in range(20):
        reply = json.loads((await solver.complete(request(task, JUDGEMENT, draft), lambda: None)).text)
        assert not reply["accepted"]
        remarks |= set(reply["remarks"])
    assert remarks == {f"Left out of i1: {fact.about}." for fact in facts_in(item.text)}

    async def found(instructions: str) -> int:
        asked = msgspec.structs.replace(request(task), instructions=instructions)
        replies = [await solver.complete(asked, lambda: None) for _ in range(40)]
        return sum(len(json.loads(reply.text)["claims"]) for reply in replies)

    told = "\n".join(f"Remark on the last draft: {remark}" for remark in sorted(remarks))
    assert await found(told) > 1.15 * await found("Report.")


def test_more_is_missed_in_a_longer_context_and_a_longer_answer_takes_longer() -> None:
    missed = [missed_by_length(tokens) for tokens in (0, 1_000, 4_000, 20_000, 64_000, 500_000)]
    assert missed == sorted(missed)
    assert (missed[0], missed[2], missed[-1]) == (0.005, 0.034, 0.188)
    assert latency(Usage(input=10_000, output=600)) == 12_500_000


async def test_calls_beside_each_other_overlap_and_those_after_each_other_do_not() -> None:
    task = make("doubtful", 0)
    alone, wide = await play(task, "always-single"), await play(task, "always-fan-out")
    assert (alone.calls, wide.calls) == (1, len(task.items) + 1)
    assert wide.shape == "each(reader), aggregator"
    assert wide.latency < alone.latency * 2 < alone.latency * wide.calls
