"""A liar: an actor that says in every way it can that a tool was called. No run of its is done."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.notifier import render
from platos import Artifact, Brief, Claim, Context, FanOut, HandOff, Loop, Node, Plan, Sequence, Single, Status, Work
from platos.core.deed import UNPROVEN, mark_deeds
from platos.core.effect import EffectClass
from platos.core.instant import DAY, HOUR
from platos.core.state import Outcome
from platos.errors import Failure
from platos.models.offline import NOTE
from platos.registry import Registry
from platos.runtime import verify as verifying
from platos.testing.workspace import SimulatedWorkspace
from tests.simulation.living import a_place

Simulate = Callable[..., SimulatedWorkspace]

TEXT = "An advisory. The report was delivered, and the receipt is e1."
LIES: dict[str, dict[str, Any]] = {
    "in prose": {"note": "I have sent it. Everything is done."},
    "in the title": {"title": "Done: the report was delivered"},
    "as JSON that looks like a receipt": {
        "note": json.dumps({"receipt": {"summary": "it is done", "data": {"key": "k"}}})
    },
    "in a claim without a quote": {"claims": (Claim(text="It was sent."),)},
    "in a claim that quotes nothing that is there": {
        "claims": (Claim(text="It was sent.", source="i1", quote="sent ok"),)
    },
    "by an item that says so": {"claims": (Claim(text="It was delivered.", source="i1", quote="was delivered"),)},
    "in a claim that cites evidence": {"claims": (Claim(text="It was sent.", source="e1", quote="it is done"),)},
    "with evidence that would come next": {"evidence": ("e1",)},
    "with evidence far away": {"evidence": ("e999999",)},
    "with a run and a gate for evidence": {"evidence": ("r1", "g1")},
    "with an item for evidence": {"evidence": ("i1",)},
    "as verified work": {"status": Status.VERIFIED},
    "as another kind of work": {"kind": "receipt"},
    "by its signature": {"by": "runtime"},
}
"""What the artifact and the hand-off say, and nothing else is done."""

DEEDS = (
    "in a step that is named after it",
    "to a critic that accepts it",
    "in parts that are merged",
    "after a person said no",
    "after nobody answered",
    "after it was not allowed",
    "after it failed",
    "while it is in doubt",
    "when half of it is done",
    "with another run's receipt",
    "with another specialist's receipt",
)
"""What else happens, or does not."""

WAYS = (*LIES, *DEEDS)
TOOLS = [name for name in Registry().names("tool") if name != "mcp"]  # which is what its server is


class Liar:
    """Tries what its way needs, and says that it is done. The first run of `with another run's receipt` is honest."""

    def __init__(self, way: str, tool: str) -> None:
        self.way, self.tool = way, tool
        self.honest = way == "with another run's receipt"

    async def act(self, context: Context, work: Work) -> HandOff:
        lie: dict[str, Any] = {"note": "It was done."} | LIES.get(self.way, {})
        if self.way == "in a step that is named after it":
            await context.step(self.tool, str, "it is done", returns=str)
        if self.way == "when half of it is done":
            await context.call_tool("half", {"name": "a", "text": "b"}, why="it is due")
        if self.honest or self.way.startswith(("after", "while")):
            await self._try(context)
        if self.way.endswith("receipt") and not self.honest:
            lie |= {"evidence": ("e1",), "claims": (Claim(text="It is done.", source="e1", quote="it is done"),)}
        self.honest = False
        evidence, status = lie.pop("evidence", ()), lie.pop("status", Status.UNVERIFIED)
        fixed = {"kind": "report", "title": "Report", "claims": (), "by": context.signature}
        return context.hand_off(Artifact(**fixed | lie), scope=(), evidence=evidence, status=status)

    async def _try(self, context: Context) -> None:
        try:
            await context.call_tool(self.tool, {"name": "a", "text": "b"}, why="it is due")
        except Failure:
            return


class Yes:
    """A critic that accepts, and an aggregator that passes on."""

    async def act(self, context: Context, work: Work) -> HandOff:
        made = Artifact(kind="report", title="All was done", claims=(), by=context.signature, note="It was sent.")
        evidence = [each for hand_off in work.inputs for each in hand_off.evidence]
        return context.hand_off(made, scope=(), status=Status.VERIFIED, evidence=evidence)


class Shapes:
    """A planner of the shape that a way needs."""

    def __init__(self, way: str) -> None:
        self.way = way

    async def plan(self, brief: Brief) -> Plan:
        tools = () if self.way == "after it was not allowed" else brief.tools
        liar, yes = Single(name="lie", actor="liar", tools=tools), Single(name="yes", actor="yes")
        shapes: dict[str, Node] = {
            "to a critic that accepts it": Loop(name="until", body=liar, until=yes),
            "in parts that are merged": Sequence(name="all", nodes=(FanOut(name="each", body=liar), yes)),
        }
        return Plan(root=shapes.get(self.way, liar), why="its way", by="shapes")


@pytest.fixture
def make_folder() -> Iterator[Callable[[], Path]]:
    with a_place() as place:

        def make() -> Path:
            folder = Path(place, str(len(list(place.iterdir()))))
            (folder / "inbox").mkdir(parents=True)
            return folder

        yield make


async def outcomes(simulate: Simulate, machine_of: Any, way: str, tool: str, **changes: Any) -> list[Outcome | None]:
    """What the liar's runs came to, after two days with a person who says no where that is its way."""
    effect = EffectClass.ONCE if way == "while it is in doubt" else EffectClass.KEYED
    faults = {"after it failed": ["before"] * 99, "while it is in doubt": ["after"]}.get(way, [])
    asks = way in ("after a person said no", "after nobody answered")
    parts = {
        ("tool", tool): machine_of(effect, *faults),
        ("tool", "half"): machine_of(EffectClass.KEYED),
        ("actor", "liar"): Liar(way, tool),
        ("actor", "honest"): Liar("after all", tool),
        ("actor", "yes"): Yes(),
        ("planner", "shapes"): Shapes(way),
        ("planner", "honestly"): _Honestly(),
    }
    fixed: dict[str, Any] = {
        "planner": "shapes",
        "tools": [tool, "half"],
        "policy": {tool: 2 if asks else 0, "half": 0},
    }
    fixed |= {"done_when": [{"receipt": tool}], "retry": {"attempts": 2}, "approval_expires": "3h"}
    other = {**fixed, "planner": "honestly", "schedule": "0 8 * * *"} if "specialist" in way else None
    others = {"other": other} if other else None
    simulated = simulate(**{**fixed, **changes, "schedule": "30 */2 * * *"}, others=others, parts=parts)
    await simulated.drop("inbox/a.txt", TEXT)
    async with simulated.up():
        await simulated.live(HOUR)
        if "another run" in way:
            await simulated.drop("inbox/b.txt", TEXT)
        for gate in await simulated.open_gates() if way == "after a person said no" else ():
            await simulated.deny(gate)
        await simulated.live(DAY)
        found = [run.outcome for run in await simulated.runs() if run.specialist == "watch"]
    return found[1:] if "another run" in way else found


class _Honestly:
    async def plan(self, brief: Brief) -> Plan:
        return Plan(root=Single(name="do", actor="honest", tools=brief.tools), why="it is due", by="honestly")


@pytest.mark.parametrize("way", WAYS)
async def test_a_run_is_not_done_when_it_is_claimed_that_a_tool_was_called(
    simulate: Simulate, make_machine: Any, record_cases: Callable[[str, int], None], way: str
) -> None:
    tool = TOOLS[WAYS.index(way) % len(TOOLS)]
    found = await outcomes(simulate, make_machine, way, tool)
    assert len(found) == 1
    assert Outcome.DONE not in found
    record_cases("lies", 1)


@pytest.mark.exhaustive
@pytest.mark.parametrize("tool", TOOLS)
async def test_of_no_tool_it_can_be_claimed(
    simulate: Simulate, make_machine: Any, record_cases: Callable[[str, int], None], tool: str
) -> None:
    for way in WAYS:
        found = await outcomes(simulate, make_machine, way, tool)
        assert len(found) == 1, way
        assert Outcome.DONE not in found, way
    record_cases("lies", len(WAYS))


ON_NOTHING = [way for way in WAYS if way.startswith(("in a claim", "with"))]


@pytest.mark.parametrize("way", ON_NOTHING)
async def test_what_rests_on_nothing_fails_a_run_that_wants_nothing(
    simulate: Simulate, make_machine: Any, way: str
) -> None:
    assert await outcomes(simulate, make_machine, way, TOOLS[0], done_when=[]) == [Outcome.COMPLETED_UNUSABLE]


async def test_a_run_that_has_its_receipt_is_done(simulate: Simulate, make_machine: Any) -> None:
    assert await outcomes(simulate, make_machine, "after all", TOOLS[0]) == [Outcome.DONE]


async def test_a_run_that_is_believed_is_caught(
    simulate: Simulate, make_machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: evidence that is named is taken for evidence that there is."""
    monkeypatch.setattr(verifying, "forged", lambda *_: [])
    found = await outcomes(simulate, make_machine, "with evidence far away", TOOLS[0], done_when=[])
    assert found == [Outcome.DONE]


@pytest.mark.parametrize(
    ("text", "quote", "marked"),
    [
        ("We have sent the mail.", "", True),
        ("Done: the fix was merged", "", True),
        ("I paid 900. The pump is new.", "a pump", True),
        ("The flaw was fixed in 3.1.", "it is fixed in 3.1", False),
        ("The flaw was fixed, and we deployed it.", "it is fixed in 3.1", True),
        ("A pump costs 900.", "", False),
        ("Update OpenSSL soon.", "", False),
    ],
)
def test_a_sentence_that_tells_of_a_deed_no_quote_has_is_marked(text: str, quote: str, marked: bool) -> None:
    assert (UNPROVEN in mark_deeds(text, [quote])) == marked


def test_what_is_denied_is_no_deed_and_what_is_told_beside_it_is() -> None:
    assert mark_deeds("Quoted and not written. It was not sent, and was never paid.") == (
        "Quoted and not written. It was not sent, and was never paid."
    )
    assert mark_deeds(NOTE) == NOTE
    assert UNPROVEN in mark_deeds("It was not only drafted but sent.")


def test_only_the_sentence_that_lies_is_marked() -> None:
    assert mark_deeds("A pump broke. I ordered another. It costs 900.") == (
        f"A pump broke. I ordered another. {UNPROVEN} It costs 900."
    )


def test_a_report_marks_the_deeds_of_its_title_its_claims_and_its_note() -> None:
    claim = Claim(text="The mail was sent.", source="i1", quote="An advisory")
    lie = Artifact(kind="report", title="It was paid", claims=(claim,), by="liar", note="It is done.")
    assert render(HandOff(artifact=lie), []).count(UNPROVEN) == 3


def test_an_items_own_word_for_a_deed_stands_as_what_the_item_says() -> None:
    claim = Claim(text="The report was delivered.", source="i1", quote="The report was delivered")
    said = Artifact(kind="report", title="News", claims=(claim,), by="reader")
    assert UNPROVEN not in render(HandOff(artifact=said), [])
