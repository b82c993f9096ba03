"""`platos show RUN --follow`: a run watched from outside, while it lives."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import anyio
import pytest

from platos import Artifact, Context, HandOff, Work
from platos.cli._follow import looks
from platos.cli._net import At, flat
from platos.core.instant import HOUR
from platos.core.plan import Plan, Single
from platos.ports.planner import Brief
from platos.store import read_store
from platos.testing.workspace import SimulatedWorkspace

from .conftest import Cli, Start

WATCH = """\
---
owner: ana
schedule: "*/15 * * * *"
sources: [{directory: {path: inbox}}]
triage: [{rules: {signal: [{words: [advisory]}], otherwise: dismiss}}]
planner: one
done_when: []
---

Watch.
"""


class One:
    """A planner with one node, whose actor asks for a helper."""

    async def plan(self, brief: Brief) -> Plan:
        return Plan(root=Single(name="work", actor="worker"), why="there is one", by="one")


class Worker:
    """Asks for a helper and waits until somebody has seen that it is at work."""

    def __init__(self) -> None:
        self.begun, self.seen = anyio.Event(), anyio.Event()

    async def act(self, context: Context, work: Work) -> HandOff:
        self.begun.set()
        if not work.remarks:
            helped = Work(items=work.items, remarks=("help",))
            await context.grow(Single(name="help", actor="worker"), helped, why="it is much")
        else:
            await self.seen.wait()
        return context.hand_off(Artifact(kind="report", title="t", claims=(), by=context.signature), scope=())


async def test_a_run_is_followed_by_a_reader_while_it_lives(tmp_path: Path) -> None:
    worker = Worker()
    parts: dict[Any, Any] = {("actor", "worker"): worker, ("planner", "one"): One()}
    simulated = SimulatedWorkspace(tmp_path, {"watch": WATCH}, parts=parts)
    await simulated.drop("inbox/note.txt", "An advisory.")
    seen: list[dict[str, At]] = []

    async def watch() -> None:
        async with read_store(simulated.workspace.state) as store:
            await worker.begun.wait()
            async for look in looks(store, 1):
                seen.append({node.path: node.state for plan in look.plans for node in flat(plan.root)})
                if "work/help[1]" in seen[-1]:
                    worker.seen.set()
                if look.rests:
                    return

    async with simulated.up(), anyio.create_task_group() as tasks:
        tasks.start_soon(watch)
        await simulated.live(HOUR)
    assert {"work": At.RUNNING, "work/help[1]": At.RUNNING} in seen
    assert seen[-1] == {"work": At.DONE, "work/help[1]": At.DONE}


def test_it_says_what_it_rests_on_and_what_to_type(cli: Cli, waiting: None) -> None:
    done = cli("show", "r1", "--follow")
    assert done.exit_code == 5
    assert "work/deliver: parked" in done.stdout
    assert done.stdout.splitlines()[-1] == "  next: platos inbox, then platos approve g1 or platos deny g1"


def test_for_programs_every_change_is_an_object_on_a_line(cli: Cli, waiting: None) -> None:
    cli("approve", "g1")
    done = cli("show", "r1", "--follow", "--json")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 0
    assert [each["schema"] for each in told] == [1] * len(told)
    assert [(each["what"], each.get("path")) for each in told[:2]] == [("plan", None), ("node", "work")]
    assert (told[-1]["what"], told[-1]["state"]) == ("run", "success")


def test_a_run_that_is_not_there_is_an_error(cli: Cli, waiting: None) -> None:
    assert cli("show", "r9", "--follow").exit_code == 2


def test_who_asks_for_more_than_the_net_is_told_how(cli: Cli, waiting: None) -> None:
    done = cli("show", "r1", "--follow", "--calls")
    assert done.exit_code == 2
    assert "--follow draws the net alone" in done.stderr


@pytest.mark.parametrize("words", [(), ("--json",)], ids=["text", "json"])
def test_ctrl_c_ends_the_looking_and_nothing_else(cli: Cli, start: Start, root: Path, words: tuple[str, ...]) -> None:
    file = root / "parts.py"
    file.write_text(SLOW)
    settings = root / "platos.toml"
    settings.write_text(settings.read_text() + '\n[python]\nmodules = ["parts.py"]\n')
    specialist = root / "specialists" / "advisories.md"
    specialist.write_text(specialist.read_text().replace("planner: rules", "planner: slow"))
    at_work = start("wake", "advisories")
    while not (root / "at-work").exists():
        assert at_work.poll() is None
    looking = start("show", "r1", "--follow", *words)
    assert looking.stdout is not None
    assert "plan" in looking.stdout.readline()
    looking.send_signal(signal.SIGINT)
    _, said = looking.communicate()
    assert (looking.returncode, said.splitlines()[-1]) == (
        0,
        "The run goes on without you looking: platos show r1 --follow",
    )
    assert "Traceback" not in said
    assert at_work.poll() is None


SLOW = """\
from pathlib import Path

import anyio

from platos import Plan, Single, actor, planner


@actor("slow", version="1")
class Slow:
    async def act(self, context, work):
        (Path(__file__).parent / "at-work").write_text("")
        await anyio.sleep(60)


@planner("slow", version="1")
class Planner:
    async def plan(self, brief):
        return Plan(root=Single(name="work", actor="slow"), why="slow", by="slow")
"""
