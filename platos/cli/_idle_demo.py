"""The demo's specialist, and a recording of its post: the same day over and over, and on the last one the notices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio

from platos.app import load_app
from platos.cli._demo_day import MIDNIGHT
from platos.cli._demo_workspace import SPECIALIST, Arrival, deliver, make_workspace, notices, usual_post
from platos.core.instant import DAY, iso
from platos.core.item import Item
from platos.ports.source import Source

__all__ = ["DEMO_DAYS", "make_demo"]

DEMO_DAYS = 7


def make_demo(scratch: Path, days: int) -> tuple[Path, Path]:
    """Its file, and so many days of its post, in the folder. Blocking."""
    root = make_workspace(scratch / "demo")
    usual, rare = _read(root, usual_post()), _read(root, notices())
    lines = [_line(number, *each, signal=False) for number in range(days) for each in usual]
    lines += [_line(days - 1, *each, signal=True) for each in rare]
    stream = scratch / "demo.jsonl"
    stream.write_text("".join(json.dumps(line) + "\n" for line in sorted(lines, key=lambda line: str(line["ts"]))))
    return root / "specialists" / f"{SPECIALIST}.md", stream


def _read(root: Path, arrivals: list[Arrival]) -> list[tuple[Arrival, Item]]:
    """What the demo's own source makes of them."""
    for arrival in arrivals:
        deliver(root, arrival, MIDNIGHT)
    source: Source = load_app(root, environ={}, inline=True).parts.build("source", "directory", {"path": "inbox"})
    items = {item.id: item for item in anyio.run(source.poll, None).items}
    return [(arrival, items[arrival.name]) for arrival in arrivals]


def _line(number: int, arrival: Arrival, item: Item, *, signal: bool) -> dict[str, Any]:
    midnight = MIDNIGHT + number * DAY
    return {
        "id": f"{iso(midnight)[:10]}/{item.id}",
        "ts": iso(midnight + arrival.after),
        "source": "directory",
        "title": item.title,
        "text": item.text,
        "fields": item.fields,
        "signal": signal,
    }
