"""The part `offline`: everything that it answers stands in the documents or in the schema."""

from __future__ import annotations

import json
from typing import Any

import anyio
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import validate
from pydantic import BaseModel, Field

from platos.models._fill import CUT
from platos.models._sentences import rank, relevance, split
from platos.models.offline import NOTE, Offline, answer_to
from platos.ports.model import Document, ModelReply, ModelRequest
from platos.ports.part import Environment
from platos.testing.model import check_model

from .conftest import quiet


class Claim(BaseModel):
    text: str
    source: str
    quote: str


class Made(BaseModel):
    title: str
    claims: list[Claim]
    note: str = ""


class Judged(BaseModel):
    accepted: bool
    remarks: list[str]
    confidence: float = Field(ge=0, le=1)


class Triaged(BaseModel):
    signal: bool
    confidence: float = Field(ge=0, le=1)
    reason: str


MAIL = "Dear all, the weather is fine.\n\nAn advisory for openssl 3.0 is out. Lunch is at noon."
NEWS = "# Sports\n- our team won the cup\n- nobody was hurt"


def asked(answer: dict[str, Any], *texts: str, instructions: str = "Report any openssl advisory.") -> ModelRequest:
    documents = tuple(Document(id=f"i{number}", text=text) for number, text in enumerate(texts, 1))
    return ModelRequest(model="offline", instructions=instructions, documents=documents, answer=answer)


def told(environment: Environment, request: ModelRequest) -> Any:
    return json.loads(reply_to(environment, request).text)


def reply_to(environment: Environment, request: ModelRequest) -> ModelReply:
    return anyio.run(Offline(environment).complete, request, quiet)


async def test_keeps_the_contract(environment: Environment, question: ModelRequest) -> None:
    await check_model(Offline(environment), question)


def test_it_is_free_and_says_so(environment: Environment) -> None:
    price = Offline(environment).price("any name")
    assert price is not None
    assert price.free


def test_the_sentence_that_matters_is_quoted_with_its_source(environment: Environment) -> None:
    made = Made.model_validate(told(environment, asked(Made.model_json_schema(), NEWS, MAIL)))
    sentence = "An advisory for openssl 3.0 is out."
    assert made.claims == [Claim(text=sentence, source="i2", quote=sentence)]


def test_every_document_that_shares_a_word_is_quoted(environment: Environment) -> None:
    texts = [f"Noise. Advisory number {number} for openssl." for number in range(8)]
    made = Made.model_validate(told(environment, asked(Made.model_json_schema(), *texts)))
    assert {claim.source for claim in made.claims} == {f"i{number}" for number in range(1, 9)}


def test_it_says_that_it_extracted_and_did_not_write(environment: Environment) -> None:
    assert told(environment, asked(Made.model_json_schema(), MAIL))["note"] == NOTE


def test_two_words_of_the_question_in_one_sentence_are_a_signal(environment: Environment) -> None:
    triaged = told(environment, asked(Triaged.model_json_schema(), MAIL))
    assert triaged["signal"] is True
    assert triaged["confidence"] > CUT
    assert triaged["reason"] == "An advisory for openssl 3.0 is out."


def test_a_document_about_something_else_is_no_signal(environment: Environment) -> None:
    triaged = told(environment, asked(Triaged.model_json_schema(), NEWS))
    assert (triaged["signal"], triaged["confidence"]) == (False, 1.0)


def test_the_words_of_a_repair_join_the_question(environment: Environment) -> None:
    request = msgspec.structs.replace(asked(Triaged.model_json_schema(), NEWS), repair="who won the cup?")
    assert told(environment, request)["reason"] == "- our team won the cup"


def test_an_enum_is_answered_with_the_value_that_is_named(environment: Environment) -> None:
    schema = {"type": "object", "properties": {"kind": {"enum": ["mail", "advisory"]}}}
    assert told(environment, asked(schema, MAIL)) == {"kind": "advisory"}


def test_the_same_question_has_the_same_answer(environment: Environment) -> None:
    request = asked(Made.model_json_schema(), MAIL, NEWS)
    assert reply_to(environment, request) == reply_to(environment, request)


@pytest.mark.parametrize(("shared", "expected"), [(0, 0.0), (1, 0.5), (2, 0.667), (3, 0.75)])
def test_relevance_grows_with_the_words_in_one_sentence(shared: int, expected: float) -> None:
    words = ["alpha", "beta", "gamma"]
    document = Document(id="i1", text=" ".join([*words[:shared], "other"]))
    assert relevance(rank([document], " ".join(words))) == expected


PROSE = st.text(alphabet=st.sampled_from('openssl advisory.!?\n#-> \t"{}\\é𝄞0'), max_size=300) | st.text(max_size=300)
DOCUMENTS = st.lists(PROSE, max_size=4)

LEAVES: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"type": "string"},
        {"type": "string", "maxLength": 5},
        {"type": "boolean"},
        {"type": "number", "minimum": 0, "maximum": 1},
        {"type": "number", "exclusiveMinimum": 2},
        {"type": "integer", "minimum": 3, "maximum": 7},
        {"type": "integer", "maximum": -4},
        {"enum": ["low", "high"]},
        {"const": 1},
        {"type": "null"},
        {"type": ["null", "string"]},
        {"anyOf": [{"type": "null"}, {"type": "string"}]},
        {"$ref": "#/$defs/Named"},
    ]
)


def _wider(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    arrays = st.fixed_dictionaries(
        {"type": st.just("array"), "items": inner},
        optional={"minItems": st.integers(0, 2), "maxItems": st.integers(2, 4)},
    )
    names = st.sampled_from(["text", "source", "quote", "note", "title", "confidence", "other"])
    return arrays | st.dictionaries(names, inner, max_size=4).map(_object)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


SCHEMAS = st.dictionaries(st.sampled_from(["a", "b", "title", "remarks"]), st.recursive(LEAVES, _wider, max_leaves=6))


@given(texts=DOCUMENTS, properties=SCHEMAS)
def test_every_answer_fills_its_schema(properties: dict[str, Any], texts: list[str]) -> None:
    schema = {**_object(properties), "$defs": {"Named": _object({"name": {"type": "string"}})}}
    validate(json.loads(answer_to(asked(schema, *texts))), schema)


@given(texts=DOCUMENTS)
def test_every_quote_stands_word_for_word_in_its_source(texts: list[str]) -> None:
    request = asked(Made.model_json_schema(), *texts)
    held = {document.id: document.text for document in request.documents}
    made = Made.model_validate_json(answer_to(request))
    assert all(claim.quote and claim.quote in held[claim.source] for claim in made.claims)
    assert all(claim.text == claim.quote for claim in made.claims)


@given(texts=DOCUMENTS)
def test_the_answers_of_critic_and_triage_are_filled(texts: list[str]) -> None:
    for answer in (Judged, Triaged):
        answer.model_validate_json(answer_to(asked(answer.model_json_schema(), *texts)))


@given(text=st.text(max_size=2_000))
def test_no_sentence_is_longer_than_a_quote_may_be(text: str) -> None:
    assert all(len(sentence.text) <= 400 for sentence in split(Document(id="i1", text=text)))
