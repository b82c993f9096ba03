"""The contract of tiers: kept by the page's example; and breaking it is seen."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from platos.core.item import StoredItem
from platos.core.verdict import Decision, Verdict
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
