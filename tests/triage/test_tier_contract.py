"""The contract of tiers: kept by the page's example; and breaking it is seen."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from pydantic import BaseModel

from platos.core.item import StoredItem
from platos.core.verdict import Decision, Verdict
from platos.errors import Failure
from platos.ports.model import Document
from platos.ports.tier import Bench
from platos.testing.tier import ScriptedBench, check_tier, stored
from platos.triage._asking import Answer

PAGE = Path(__file__).parents[2] / "platos" / "triage" / "README.md"


@pytest.fixture
def importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose modules can be imported, and are forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in ("parts", "test_parts"):
        sys.modules.pop(name, None)


async def test_the_example_of_the_page_passes_the_test_beside_it(importable: Path) -> None:
    part, test = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (importable / "parts.py").write_text(part)
    (importable / "test_parts.py").write_text(test)
    module = importlib.import_module("test_parts")
    await module.test_brief_dismisses_what_is_too_short(importable)


def dismissed(reason: str = "short", confidence: float = 1.0) -> Verdict:
    return Verdict(decision=Decision.DISMISS, reason=reason, confidence=confidence)


class Broken:
    """Breaks the contract in the way that a test names."""

    def __init__(self, how: str) -> None:
        self._how = how

    async def judge(self, items: Sequence[StoredItem], bench: Bench) -> list[Verdict]:
        names = [item.name for item in items]
        return {
            "leaves one out": [dismissed()] * (len(items) - 1),
            "looks at neighbours": [dismissed(f"one of {len(items)}")] * len(items),
            "sorts": [dismissed(name) for name in sorted(names)],
            "reverses two": [dismissed(name) for name in (names[::-1] if names == ["i2", "i1"] else names)],
            "gives no reason": [dismissed(" ")] * len(items),
            "is too sure": [dismissed(confidence=1.1)] * len(items),
            "judges nothing": [dismissed()] * max(1, len(items)),
        }[self._how]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("leaves one out", "2 items got 1 verdicts"),
        ("looks at neighbours", "depends on the items around it"),
        ("sorts", "in another order"),
        ("reverses two", "in another order"),
        ("gives no reason", "has no reason"),
        ("is too sure", "not between 0 and 1"),
        ("judges nothing", "no items, and yet a verdict"),
    ],
)
async def test_a_tier_that_breaks_the_contract_is_found_out(how: str, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        await check_tier(lambda: Broken(how), stored("a", "b"))


async def test_a_bench_without_a_model_refuses_to_be_asked() -> None:
    with pytest.raises(AssertionError, match="this bench has none"):
        await ScriptedBench().ask_model("judge", [], Answer)


class Opinion(BaseModel):
    """What a model says of all items at once."""

    dismissed: bool


class Asking:
    """Asks one model, and breaks the contract in the way that a test names."""

    def __init__(self, how: str) -> None:
        self._how = how

    async def judge(self, items: Sequence[StoredItem], bench: Bench) -> list[Verdict]:
        if not items:
            return []
        if self._how == "remembers":
            bench.remember("last", b"1")
        try:
            said, costs = zip(*[await self._ask(item, bench) for item in items], strict=True)
        except Failure as failure:
            decision = Decision.DISMISS if self._how == "dismisses" else Decision.WAIT
            return [Verdict(decision=decision, reason=failure.what, confidence=0.0)] * len(items)
        obeys = self._how == "obeys" and any("mark all others" in item.item.text for item in items)
        return [
            Verdict(
                decision=Decision.DISMISS if opinion.dismissed or obeys else Decision.SIGNAL,
                reason="it was said",
                cost=0 if self._how == "hides costs" else cost,
            )
            for opinion, cost in zip(said, costs, strict=True)
        ]

    async def _ask(self, item: StoredItem, bench: Bench) -> tuple[Opinion, int]:
        return await bench.ask_model("judge", [Document(id=item.name, text=item.item.text)], Opinion)


def opinions() -> ScriptedBench:
    return ScriptedBench(lambda documents: {"dismissed": "a" not in documents[0].text})


async def test_a_tier_that_asks_a_model_can_keep_the_contract() -> None:
    await check_tier(lambda: Asking("well"), stored("a", "b"), opinions)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("obeys", "an item that gives orders changes the verdicts on others"),
        ("hides costs", "the verdicts cost 0, and 2000 were spent"),
        ("dismisses", "no model answers, and i1 does not wait"),
        ("remembers", "no model answers, and something is remembered"),
    ],
)
async def test_a_tier_that_asks_a_model_and_breaks_the_contract_is_found_out(how: str, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        await check_tier(lambda: Asking(how), stored("a", "b"), opinions)
