"""The recorded streams, and how a ranking is scored. The standard library alone: peers read them as well."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["MARKS", "STREAMS", "read", "share_up"]

STREAMS = Path(os.environ.get("PLATOS_STREAMS", Path(__file__).parents[3] / "shared" / "data" / "streams"))
MARKS = (100, 300, 1_000)


def read(name: str) -> list[dict[str, Any]]:
    """The lines of a stream. Raises OSError where it is not there."""
    with (STREAMS / name / "dev.jsonl").open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def share_up(scores: Sequence[float], signals: Sequence[bool]) -> float:
    """The share of all items that must go up for a recall of 0.95, with the cut in hindsight."""
    of_signals = sorted((score for score, signal in zip(scores, signals, strict=True) if signal), reverse=True)
    cut = of_signals[-(-len(of_signals) * 95 // 100) - 1]
    return sum(score >= cut for score in scores) / len(scores)
