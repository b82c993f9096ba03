"""A small state with something of everything in it, as the product itself leaves it.

`busy.py FOLDER` is a process that makes such a workspace, or lives through another hour of it.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import anyio
import yaml

from platos.app import load_app
from platos.clock import VirtualClock
from platos.core.instant import DAY, HOUR
from platos.core.item import ItemState
from platos.core.money import Usage
from platos.core.notice import MatterKind
from platos.core.predicate import ANY
from platos.ports.model import ModelReply
from platos.store import (
    accounts,
    always,
    answers,
    autopilots,
    breakers,
    cursors,
    gates,
    journal,
    memories,
    notices,
    occurrences,
)
from platos.store.notices import NoticeRow
from platos.store.occurrences import OccurrenceRow
from platos.store.tx import Tx
from platos.testing.workspace import START, SimulatedWorkspace

__all__ = ["make_busy"]

WATCH = {
    "owner": "ana",
    "schedule": "*/15 * * * *",
    "sources": [{"directory": {"path": "inbox"}}],
    "triage": [{"rules": {"signal": [{"words": ["advisory"]}], "otherwise": "dismiss"}}],
    "tools": ["outbox"],
    "done_when": [{"receipt": "outbox"}, "cited"],
}
TEXTS = {"watch": WATCH, "other": {**WATCH, "schedule": "0 8 * * 1-5", "sources": [{"directory": {"path": "other"}}]}}
ADVISORY = "An advisory. Version {n} of quartz is affected. Upgrade to version 3."


async def make_busy(folder: Path) -> Path:
    """Live through some days in a new workspace; its state folder, closed."""
    texts = {name: f"---\n{yaml.safe_dump(text)}---\n\nReport every advisory.\n" for name, text in TEXTS.items()}
    simulated = SimulatedWorkspace(folder, texts)
    for name in ("inbox", "other"):
        (folder / name).mkdir(parents=True)
    async with simulated.up():
        await simulated.drop("notes/machines.md", "# Quartz\n\nVersion 2 of quartz runs on the build server.\n")
        await _live(simulated)
        await simulated.store.transact(_rarities, simulated.clock.now())
    return simulated.workspace.state


async def _live(simulated: SimulatedWorkspace) -> None:
    for n in range(3):
        await simulated.drop(f"inbox/{n}.txt", ADVISORY.format(n=n) + " This is known." * 1_500 * (n == 1))
        await simulated.drop(f"inbox/noise{n}.txt", f"Nothing of note, {n}.")
    await simulated.live(HOUR)
    [gate] = await simulated.open_gates()
    await simulated.approve(gate)
    await simulated.drop("other/1.txt", ADVISORY.format(n=9))
    await simulated.live(DAY)
    [gate] = await simulated.open_gates()
    await simulated.deny(gate, reason="we do not run it")
    await simulated.drop("inbox/open.txt", ADVISORY.format(n=7))
    (simulated.workspace.root / "inbox" / "noise1.txt").unlink()
    await simulated.live(HOUR)
    [item, *_] = (await simulated.items("watch"))[ItemState.DISMISSED]
    await simulated.engine.label(item.number, signal=False, by="person:ana", why="noise")
    shutil.rmtree(simulated.workspace.root / "other")
    await simulated.live(DAY)


def _rarities(tx: Tx, now: int) -> None:
    """What a good day has none of."""
    breakers.open_breaker(tx, "a/model", "the key is wrong", now)
    memories.keep(tx, "watch", "learned", "weights", bytes(range(200)))
    cursors.fail(tx, "watch", "directory", "nobody listens")
    occurrences.add(tx, "watch", OccurrenceRow(now, now + HOUR, 4, "skipped", "older than its grace", 0, now, now))
    row = autopilots.propose(tx, "watch", "outbox", "c0", ANY, "would have passed 63 of 63 approvals", now)
    autopilots.promote(tx, row, row.back_test, "4f", "person:ana", now)
    gate = gates.get(tx, 1)
    given = always.give(tx, "watch", gate, ANY, expires=now + DAY, by="person:ana", now=now)
    always.take(tx, given, "we changed the list", "person:ana", now + HOUR)
    accounts.freeze(tx, "specialist/watch", "a call cost more than its worst case", now)
    reply = ModelReply(text='{"signal": true}', served="a/model", usage=Usage(input=20, output=5))
    answers.keep(tx, reply, "4f" * 32, now)
    notices.add(tx, NoticeRow("ana", "phone", MatterKind.MARK, "all/2026-03-02", 80, now, now))
    journal.put_payload(tx, b"a large result. " * 2_000)


async def live_on(folder: Path) -> None:
    """Another hour of a workspace that is there."""
    app = load_app(folder, environ={}, clock=VirtualClock(START + 4 * DAY))
    async with app.engine("busy") as engine:
        await engine.live(START + 4 * DAY + HOUR)


if __name__ == "__main__":
    workspace = Path(sys.argv[1])
    anyio.run(live_on if workspace.exists() else make_busy, workspace)
