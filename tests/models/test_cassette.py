"""Cassettes: what was recorded comes back, what was not fails and says what to do, and no key stays on the tape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from anyio import to_thread

from platos.core.money import Price, Usage
from platos.errors import Broken, ConfigurationError, RateLimited
from platos.ports.model import Document, Finish, ModelReply, ModelRequest
from platos.testing.cassette import Cassette
from platos.testing.model import Scripted, check_model

from .conftest import quiet

SECRET = "sk-proj-abcdefghijklmnop0123456789"
REPLY = ModelReply(
    text='{"signal": true}',
    usage=Usage(input=3, cached=2, output=1, reasoning=4),
    served="the-real-one",
    finish=Finish.CUT,
    service="priority",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tapes" / "advisory.json"


async def recorded(path: Path, *asked: ModelRequest, script: Any = None) -> Cassette:
    """A cassette that replays what was recorded of these questions."""
    recorder = Cassette(
        path, Scripted(script or [REPLY] * len(asked), price=Price.flat(input=1, output=2, source="then"))
    )
    for request in asked:
        await recorder.complete(request, quiet)
    return await to_thread.run_sync(Cassette, path)


async def test_recording_keeps_the_contract(path: Path, question: ModelRequest) -> None:
    await check_model(Cassette(path, Scripted([{"signal": True}])), question)


async def test_replaying_keeps_the_contract(path: Path, question: ModelRequest) -> None:
    await check_model(await recorded(path, question, script=[{"signal": True}]), question)


async def test_a_reply_comes_back_as_it_was_and_so_does_the_price(path: Path, question: ModelRequest) -> None:
    cassette = await recorded(path, question)
    assert await cassette.complete(question, quiet) == REPLY
    assert cassette.price(question.model) == Price.flat(input=1, output=2, source="then")


async def test_how_a_question_is_asked_may_differ(path: Path, question: ModelRequest) -> None:
    cassette = await recorded(path, question)
    assert await cassette.complete(msgspec.structs.replace(question, timeout=1, again=True), quiet) == REPLY


async def test_the_same_question_gets_its_answers_in_order_and_then_the_last_one(
    path: Path, question: ModelRequest
) -> None:
    cassette = await recorded(path, question, question, script=["{}", "[]"])
    assert [(await cassette.complete(question, quiet)).text for _ in range(3)] == ["{}", "[]", "[]"]


CHANGES: dict[str, dict[str, Any]] = {
    "model": {"model": "another"},
    "instructions": {"instructions": "Tell me nothing."},
    "documents": {"documents": (Document(id="i1", text="other words"),)},
    "answer": {"answer": {"type": "object"}},
    "max_output": {"max_output": 99},
    "repair": {"repair": "once more"},
}


@pytest.mark.parametrize("part", CHANGES)
async def test_a_changed_question_fails_and_names_what_changed(path: Path, question: ModelRequest, part: str) -> None:
    cassette = await recorded(path, question)
    changed = msgspec.structs.replace(question, **CHANGES[part])
    with pytest.raises(Broken) as failed:
        await cassette.complete(changed, quiet)
    assert changed.model in failed.value.what
    assert changed.instructions[:20] in failed.value.what
    assert failed.value.expected.endswith(f"differs in {part}")
    assert "Cassette(path, model)" in failed.value.hint


async def test_no_key_stays_on_the_tape(path: Path, question: ModelRequest) -> None:
    told = msgspec.structs.replace(
        question, instructions=f"The key is {SECRET}.", documents=(Document(id="i1", text=f"it is {SECRET}"),)
    )
    cassette = await recorded(path, told, script=[json.dumps({"reason": SECRET})])
    assert SECRET not in await to_thread.run_sync(path.read_text)
    assert "[redacted]" in (await cassette.complete(told, quiet)).text


async def test_a_failure_is_not_recorded(path: Path, question: ModelRequest) -> None:
    recorder = Cassette(path, Scripted([RateLimited("slower"), REPLY]))
    with pytest.raises(RateLimited):
        await recorder.complete(question, quiet)
    await recorder.complete(question, quiet)
    assert len(json.loads(await to_thread.run_sync(path.read_text))["calls"]) == 1


def test_a_tape_that_is_not_there_says_how_to_record_it(path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such cassette") as failed:
        Cassette(path)
    assert "Cassette(path, model)" in failed.value.hint


def test_a_file_that_is_no_tape_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tape.json").write_text('{"calls": 7}')
    with pytest.raises(ConfigurationError, match="no cassette"):
        Cassette(tmp_path / "tape.json")
