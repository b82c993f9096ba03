"""Lives of the reference workflow, each a process of its own. This one has loaded Platos, and forks a life when asked.

It reads requests as lines of JSON and answers each with a line: `["start", SAID, WORKSPACE, OPTION...]` gives the
process's id, `["wait", ID]` its status once it has ended or stopped. What a life says goes to the file SAID. When the
requests end, so does every life.

A life is as long as there is something to do: some minutes of virtual time, and what the owner is asked. Its options:
`--hour N` begins N hours later, `--kill MOMENT` and `--stop MOMENT` say when a signal meets it (`fate.py`), and
`--plant NAME` has it do wrong (`plants.py`).
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from select import select
from typing import Any

import anyio

from platos.app import App, load_app
from platos.clock import VirtualClock
from platos.core.approval import GateState
from platos.core.instant import HOUR, MINUTE
from platos.runtime.engine import Engine
from platos.store import gates, runs

from .fate import Fate
from .plants import PLANTS
from .story import pages
from .waits import Waits

MORNING = 1_790_000_000_000_000
OWNER = "person:ana"
PATIENCE = 0.002
"""Seconds between two looks at a life that is waited for."""

LOADED = (
    "anyio._backends._asyncio",
    "platos.sources.directory",
    "platos.testing.model",
    "platos.tools.outbox",
    "platos.triage.rules",
)
"""What every life needs and would find late: it is loaded before the first is born, as is what the command names."""


def parse(options: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--hour", type=int, default=0)
    parser.add_argument("--kill", default="")
    parser.add_argument("--stop", default="")
    parser.add_argument("--plant", choices=PLANTS)
    return parser.parse_args(options)


async def live(app: App, fate: Fate, waits: Waits) -> None:
    """Until nothing is left to do, with an owner who answers whatever she is asked."""
    async with app.engine("up") as engine:
        say(epoch=engine.store.epoch, **waits.seen())
        await engine.live(app.clock.now() + 20 * MINUTE)
        await engine.rest()
        await approve(engine)
        await end_the_doubt(engine, app.workspace.root)
        say(transactions=fate.asked)


async def approve(engine: Engine) -> None:
    for gate in await gates.open_gates(engine.store):
        await engine.decide(gate.id, GateState.APPROVED, by=OWNER)
    await engine.rest()


async def end_the_doubt(engine: Engine, workspace: Path) -> None:
    """Where nobody knows whether the page went out, she says whether it rang."""
    for run in await runs.open_runs(engine.store):
        await engine.retry(run.id, by=OWNER, happened=pages(workspace) > 0)
    await engine.rest()


def say(**facts: int) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def life(options: list[str]) -> None:
    """One life, to its end."""
    asked = parse(options)
    fate = Fate(asked.kill or asked.stop, signal.SIGKILL if asked.kill else signal.SIGSTOP)
    fate.watch()
    if asked.plant:
        PLANTS[asked.plant](asked.workspace)
    clock = VirtualClock(MORNING + asked.hour * HOUR)
    waits = Waits(clock)
    waits.watch()
    anyio.run(live, load_app(asked.workspace, environ={}, clock=clock), fate, waits)


def start(said: str, *options: str) -> int:
    """Fork a life; its id."""
    born = os.fork()
    if born:
        return born
    status = 1
    try:
        _speak_into(said)
        life(list(options))
        status = 0
    except BaseException:  # noqa: BLE001 - whatever ends a life is told, and ends no other
        traceback.print_exc()
    finally:
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _speak_into(said: str) -> None:
    """Its own file to speak into, and nobody to listen to."""
    nobody, file = os.open(os.devnull, os.O_RDONLY), os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for at, opened in enumerate((nobody, file, file)):
        os.dup2(opened, at)


def wait(born: int) -> int:
    """The status of a life that has ended or stopped, as the system gives it. Raises EOFError where nobody asks."""
    while True:
        found, status = os.waitpid(born, os.WUNTRACED | os.WNOHANG)
        if found:
            return status
        if select([sys.stdin], [], [], PATIENCE)[0]:
            raise EOFError


def main(more: list[str]) -> None:
    for module in (*LOADED, *more):
        import_module(module)
    born: set[int] = set()
    try:
        for line in sys.stdin:
            answer(json.loads(line), born)
    except EOFError:
        pass
    for each in born:
        os.kill(each, signal.SIGKILL)


def answer(request: list[Any], born: set[int]) -> None:
    """Do what is asked; `born` are the lives that have not ended."""
    verb, *arguments = request
    found = start(*arguments) if verb == "start" else wait(*arguments)
    if verb == "start":
        born.add(found)
    elif not os.WIFSTOPPED(found):
        born.remove(*arguments)
    say(answer=found)


if __name__ == "__main__":
    main(sys.argv[1:])
