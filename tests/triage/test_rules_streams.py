"""The recorded streams, where they are: what the rules of their specialists find, and how much they let through."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import anyio
import pytest

from platos.config.front_matter import read_front_matter
from platos.registry import Registry

ROOT = Path(__file__).parents[2]
SPECIALISTS = ROOT / "benchmarks" / "streams"


@pytest.fixture(scope="module")
def streams() -> ModuleType:
    """`benchmarks/_streams.py`."""
    spec = importlib.util.spec_from_file_location("_streams", ROOT / "benchmarks" / "_streams.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["_streams"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "missed", "share"),
    [("advisories-pypi", 0, 0.094), ("status-github", 0, 0.10), ("metrics-nab", 1, 0.08)],
)
def test_rules_find_what_there_is_in_a_recorded_stream_within_a_share_of_it(
    streams: ModuleType, record_cases: Callable[[str, int], None], name: str, missed: int, share: float
) -> None:
    path = streams.STREAMS / name / "dev.jsonl"
    if not path.exists():
        pytest.skip(f"there is no recorded stream {name} beside the repository")
    lines = streams.read(path)
    up = anyio.run(streams.escalated, streams.rules_of(SPECIALISTS / f"{name}.md", path.parent), lines)
    let_through = {line.stored.number for line in up}
    misses = [event for event, where in streams.events(name, lines).items() if not where & let_through]
    record_cases("recorded items", len(lines))
    assert len(misses) <= missed, misses
    assert len(up) <= share * len(lines)


@pytest.mark.parametrize("path", sorted(SPECIALISTS.glob("*.md")), ids=lambda path: path.stem)
def test_the_rules_of_a_streams_specialist_can_be_used(path: Path) -> None:
    (ladder,) = read_front_matter(path).values["triage"]
    Registry().check("tier", "rules", ladder["rules"])
