"""A crowd that is due every minute, all at once, and the lives of its process: killed one after the other at a moment.

It is run as a process of its own, which has loaded Platos and forks each life. The first adds the crowd; each of the
next is killed by SIGKILL where `fate.py` says, or, at `poll:7`, when the seventh source is asked; the last one lives
to its end. It prints how each of them ended, negative for a signal.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

import anyio

from platos.app import load_app
from platos.clock import VirtualClock
from platos.config.template import read_template
from platos.core.instant import MINUTE, Instant
from platos.runtime import due as finding
from platos.runtime import poll as polling
from platos.runtime import wakeup
from platos.runtime.engine import Engine
from platos.runtime.wake import Wake
from platos.store import Tx, specialists

from .fate import Fate

__all__ = ["MORNING", "SPAN", "crowd"]

KILLED_AT = "CROWD_KILLED_AT"
MORNING: Instant = 1_790_000_000_000_000 // MINUTE * MINUTE
SPAN = 3 * MINUTE
"""How long each life is, where nobody ends it. The next one begins where it would have ended."""

TEMPLATE = """---
owner: ana
schedule: {cron: "* * * * *", catch_up: "{{catch_up}}"}
sources:
  - noted: {who: "{{who}}", loud: "{{loud:bool}}"}
triage:
  - rules: {otherwise: dismiss}
---

Tell what is of note.
"""
SETTINGS = """\
[python]
modules = ["crowd_parts.py"]
"""
LOADED = ("anyio._backends._asyncio", "platos.triage.rules")

Row = dict[str, str]
"""A specialist of the crowd: its name and its parameters."""


def crowd(count: int) -> list[Row]:
    """A third is loud, every fourth asks what others ask too, and half of them run every slot that they missed."""
    rows = []
    for number in range(count):
        name = f"s{number:05d}"
        loud, alone = number % 3 == 0, number % 4 > 0
        who = name if loud or alone else "everybody"
        rows.append({"name": name, "catch_up": ("all", "latest")[number % 2], "who": who, "loud": str(loud).lower()})
    return rows


def make_workspace(root: Path) -> None:
    (root / "specialists").mkdir(parents=True)
    (root / "platos.toml").write_text(SETTINGS)
    (root / "template.md").write_text(TEMPLATE)
    (root / "crowd_parts.py").write_text(Path(__file__).with_name("crowd_parts.py").read_text())


async def add(engine: Engine, root: Path, count: int) -> None:
    template = read_template(root / "template.md", {})
    rows = [(row["name"], tuple(row[each] for each in template.parameters)) for row in crowd(count)]
    await engine.add(template.content, rows, by="person:ana")


def claim_before() -> None:
    """A slot that is claimed before its sources are asked."""
    original = finding.due

    async def claiming(wake: Wake) -> bool:
        found = await original(wake)
        if found and wake.slot is not None:
            await wake.host.store.transact(_move_on, wake)
            wake.due = wake.upcoming
        return found

    setattr(wakeup, original.__name__, claiming)


def _move_on(tx: Tx, wake: Wake) -> None:
    due, upcoming, definition = wake.due, wake.upcoming, wake.definition
    specialists.skip(tx, wake.name, due=due, upcoming=upcoming, definition=definition, since=wake.since, slot=wake.slot)


def claim_after() -> None:
    """A slot of a loud one that is claimed in a transaction after the one that keeps what came of it."""
    original, claim = polling.poll, polling._claim

    async def poll(wake: Wake) -> bool:
        found = await original(wake)
        if wake.slot is not None and _is_loud(wake):
            await wake.host.store.transact(claim, wake, wake.slot)
        return found

    setattr(wakeup, original.__name__, poll)
    setattr(polling, claim.__name__, lambda tx, wake, slot: _is_loud(wake) or claim(tx, wake, slot))


def _is_loud(wake: Wake) -> bool:
    return bool(wake.specialist.sources[0].options["loud"])


PLANTS: dict[str, Callable[[], None]] = {"claim before": claim_before, "claim after": claim_after}
"""Planted bugs."""


async def live(root: Path, number: int, count: int) -> None:
    """The first life adds them, and the others live on for their span."""
    clock = VirtualClock(MORNING + max(0, number - 1) * SPAN)
    app = load_app(root, environ={}, clock=clock)
    async with app.engine("up") as engine:
        if number == 0:
            await add(engine, root, count)
            return
        await engine.live(clock.now() + SPAN)
        await engine.rest()


def be_born(root: Path, number: int, count: int, moment: str, plant: str) -> int:
    """Fork a life, and wait for it; how it ended."""
    born = os.fork()
    if born:
        return os.waitstatus_to_exitcode(os.waitpid(born, 0)[1])
    status = 1
    try:
        Fate(moment, signal.SIGKILL).watch()
        os.environ[KILLED_AT] = moment.removeprefix("poll:") if moment.startswith("poll:") else ""
        if plant and number:
            PLANTS[plant]()
        anyio.run(live, root, number, count)
        status = 0
    except BaseException:  # noqa: BLE001 - whatever ends a life is told
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("workspace", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("moments", nargs="*")
    parser.add_argument("--plant", default="", choices=["", *PLANTS])
    asked = parser.parse_args(arguments)
    for module in LOADED:
        import_module(module)
    make_workspace(asked.workspace)
    moments = ["", *asked.moments, ""]
    ends = [be_born(asked.workspace, n, asked.count, moment, asked.plant) for n, moment in enumerate(moments)]
    sys.stdout.write(json.dumps(ends))


if __name__ == "__main__":
    main(sys.argv[1:])
