"""A call as it is recorded: what was asked, without any secret, its fixed part kept once for all calls of a kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

from pydantic import BaseModel

from platos.core.instant import HOUR
from platos.core.redact import MARK
from platos.errors import Unavailable
from platos.store import accounts, journal
from platos.store.accounts import Call
from platos.testing.provider import FakeProvider, answers
from platos.testing.workspace import SimulatedWorkspace

from .askers import ANSWER, Asker, asking, calls_of, costing, priced
from .workers import drop_one

Simulate = Callable[..., SimulatedWorkspace]

KNOWN = "correct horse battery"
KEY = "sk-ant-api03-Zm9vYmFyYmF6cXV4"
MODEL = "openai/made-up"


async def recorded(simulated: SimulatedWorkspace, call: Call) -> dict[str, Any]:
    """What the store has of a call: its request, and its reply where there is one."""
    kept = {"prefix": call.prefix, "request": call.request, **({"response": call.response} if call.response else {})}
    found = {name: await journal.get_payload(simulated.store, digest) for name, digest in kept.items()}
    return {name: content.decode() if name == "response" else json.loads(content) for name, content in found.items()}


async def asked(simulate: Simulate, *turns: Any, text: str = "An advisory.", **changes: Any) -> list[dict[str, Any]]:
    """A run about one item of this text: its calls as they are recorded. The process has come to know one secret."""
    simulated = asking(simulate, {"dear": priced(4_000_000_000, *turns)}, **changes)
    await simulated.drop("inbox/note.txt", text)
    async with simulated.up() as engine:
        cast(set[str], engine._host.secrets).add(KNOWN)
        await engine.wake("watch", by="person:test")
        return [await recorded(simulated, call) for call in await calls_of(simulated)]


async def test_a_call_is_recorded_as_it_was_asked_and_answered(simulate: Simulate) -> None:
    [call] = await asked(simulate)
    assert call["prefix"]["instructions"] == "Say yes."
    assert call["prefix"]["answer"]["properties"] == {"said": {"title": "Said", "type": "string"}}
    [document] = call["request"]["documents"]
    assert (document["id"], "An advisory." in document["text"]) == ("i1", True)
    assert call["response"] == ANSWER


async def test_no_secret_of_a_document_is_recorded(simulate: Simulate) -> None:
    [call] = await asked(simulate, text=f"An advisory: {KEY}, {KNOWN}.")
    assert call["request"]["documents"][0]["text"].endswith(f"An advisory: {MARK}, {MARK}.")


async def test_no_secret_of_the_instructions_is_recorded(simulate: Simulate) -> None:
    [call] = await asked(simulate, asker=Asker(instructions=f"Say {KNOWN}, or {KEY} "))
    assert call["prefix"]["instructions"] == f"Say {MARK}, or {MARK} "


async def test_no_secret_of_a_reply_is_recorded(simulate: Simulate) -> None:
    [call] = await asked(simulate, f'{{"said": "{KNOWN} {KEY}"}}')
    assert call["response"] == f'{{"said": "{MARK} {MARK}"}}'


async def test_no_secret_in_what_was_wrong_with_a_reply_is_recorded(simulate: Simulate) -> None:
    """An error names places in the reply; a place may be a key."""

    class Counted(BaseModel):
        said: dict[str, int]

    told, good = {"said": {KEY: "often"}}, {"said": {"it": 1}}
    calls = await asked(simulate, json.dumps(told), json.dumps(good), asker=Asker(form=Counted))
    assert MARK in calls[1]["request"]["repair"]
    assert not [call for call in calls if KEY in json.dumps(call)]


async def test_no_secret_in_why_a_call_failed_is_recorded(simulate: Simulate) -> None:
    class Chatty(Exception):
        pass

    model = priced()
    simulated = asking(simulate, {"dear": model}, retry={"crashes": 1})

    async def breaks(request: Any, alive: Any) -> Any:
        raise Chatty(f"with {KEY}")

    setattr(model, model.complete.__name__, breaks)
    await drop_one(simulated)
    async with simulated.up() as engine:
        await engine.wake("watch", by="person:test")
        [call] = await calls_of(simulated)
    assert (call.state, call.why) == ("unknown", f"Chatty: with {MARK}")


async def test_the_fixed_part_is_one_payload_for_all_calls_of_a_kind(simulate: Simulate) -> None:
    simulated = asking(simulate, {"dear": priced()}, asker=Asker(3))
    async with simulated.up() as engine:
        for item in ("one", "another"):
            await drop_one(simulated, item)
            await engine.wake("watch", by="person:test")
        calls = [call for run in (1, 2) for call in await calls_of(simulated, run)]
    assert len(calls) == 6
    assert (len({call.prefix for call in calls}), len({call.request for call in calls})) == (1, 2)


async def test_every_attempt_is_recorded_with_why_it_was_made(simulate: Simulate) -> None:
    failures = [Unavailable("down"), Unavailable("broke off", sent=True), costing(3)]
    simulated = asking(simulate, {"dear": priced(4_000_000_000, *failures)}, retry={"first": "1s"})
    await drop_one(simulated)
    async with simulated.up():
        await simulated.live(HOUR)
        calls = await calls_of(simulated)
    assert [(call.attempt, call.cause, call.state, call.why) for call in calls] == [
        (1, "first", "failed", "unavailable"),
        (2, "unavailable", "unknown", "unavailable"),
        (3, "unavailable", "answered", ""),
    ]
    assert (calls[2].output, calls[2].served, calls[2].tier) == (3, "scripted", "frontier")


async def test_over_the_wire_the_fixed_part_comes_first_and_is_the_same_for_every_item(simulate: Simulate) -> None:
    no = '{"signal": false, "confidence": 0.9, "reason": "It is not asked for."}'
    async with FakeProvider(answers(no)) as provider:
        settings = f'[models."{MODEL}"]\napi_base = "{provider.url}"\ninput_per_million = 1\noutput_per_million = 4\n'
        models = {"small": MODEL, "frontier": "offline"}
        simulated = simulate(triage=["model"], models=models, settings=settings)
        for number in range(3):
            await simulated.drop(f"inbox/{number}.txt", f"Note {number}.")
        async with simulated.up():
            await simulated.live(HOUR)
            every = await simulated.store.all("SELECT DISTINCT prefix FROM reservations")
        bodies = [asked.body for asked in provider.requests]
    assert (len(bodies), len(every)) == (3, 1)
    firsts = {json.dumps(body["messages"][0]) for body in bodies}
    lasts = {json.dumps(body["messages"][-1]) for body in bodies}
    assert (len(firsts), len(lasts)) == (1, 3)
    assert not [first for first in firsts if "Note" in first]


async def test_what_a_call_was_charged_follows_from_its_tokens_and_its_price(simulate: Simulate) -> None:
    simulated = asking(simulate, {"dear": priced()}, asker=Asker(2))
    await drop_one(simulated)
    async with simulated.up() as engine:
        await engine.wake("watch", by="person:test")
        calls = await calls_of(simulated)
        kept = await accounts.spend(simulated.store, 0)
    assert [call.charged for call in calls] == [1_000 * call.tokens_in + 4_000 * call.tokens_out for call in calls]
    assert [(row.model, row.calls, row.charged) for row in kept] == [("dear", 2, sum(call.charged for call in calls))]
