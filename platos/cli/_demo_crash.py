"""The crash of the demo: a child that works on a run is killed in the middle of it, and others finish its work.

The children are real ones, started as a person would start them; the parent only reads, and kills.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import anyio
from anyio.abc import Process

from platos.cli._demo_crash_facts import Crashed, entries_of, gather, open_gate
from platos.cli._demo_workspace import SPECIALIST
from platos.cli.exits import ExitCode
from platos.clock import SystemClock
from platos.config.workspace import Workspace
from platos.core.state import State
from platos.errors import Broken, TimedOut
from platos.store import ReadStore, open_store, read_store, steps

__all__ = ["crash_and_go_on"]

RUN = 1
"""The workspace is new, so its first run is this one."""

_FINISHED = 3
_LOOK_EVERY = 0.01
_PATIENCE = 60.0


async def crash_and_go_on(root: Path, note: Callable[[str], None]) -> Crashed:
    """Kill a child in the middle of the run, let a second one go on, and approve what it asks for; what is on record.

    Raises Broken where a child does not do its part, and TimedOut.
    """
    state = Workspace(root).state
    async with open_store(state, command="demo", now=SystemClock().now()):
        pass  # there is a store now, and so it can be watched from its first entry
    try:
        with anyio.fail_after(_PATIENCE):
            async with read_store(state) as store:
                code = await _kill_in_the_middle(root, store, note)
                before = await entries_of(store, RUN)
                note("started again; it goes on from its checkpoints")
                await _run(root, ["wake", SPECIALIST])
                gate = await open_gate(store)
                note(f"{gate} waits for approval; approved")
                await _run(root, ["approve", gate])
                return await gather(store, RUN, root, code, before)
    except TimeoutError:
        raise TimedOut(f"the demo's run did not end within {_PATIENCE:g} s", where=str(root)) from None


async def _kill_in_the_middle(root: Path, store: ReadStore, note: Callable[[str], None]) -> int:
    """Start the child, and kill it once some steps are finished and one is running; the code it ended with."""
    arguments = ["wake", SPECIALIST]
    async with await anyio.open_process(_command(root, arguments), stdout=subprocess.DEVNULL, env=_environ()) as child:
        note(f"process {child.pid} works on the run")
        while not await _in_the_middle(store):
            if child.returncode is not None:
                raise await _unexpected(child, arguments)
            await anyio.sleep(_LOOK_EVERY)
        child.kill()
        note(f"process {child.pid} killed (SIGKILL) in the middle of it")
        return await child.wait()


async def _in_the_middle(store: ReadStore) -> bool:
    """Are some steps finished, and is exactly one being done?"""
    found = [step.state for step in await steps.of_run(store, RUN)]
    return found.count(State.SUCCESS) >= _FINISHED and found.count(State.RUNNING) == 1


async def _run(root: Path, arguments: Sequence[str]) -> None:
    """A child, to its end: it has nothing more to do, or waits for a person. Raises Broken."""
    done = await anyio.run_process(_command(root, arguments), check=False, env=_environ())
    if done.returncode not in (ExitCode.OK, ExitCode.WAITING):
        raise _ended(arguments, done.returncode, done.stderr)


async def _unexpected(child: Process, arguments: Sequence[str]) -> Broken:
    assert child.stderr is not None
    return _ended(arguments, child.returncode, b"".join([chunk async for chunk in child.stderr]))


def _ended(arguments: Sequence[str], code: int | None, said: bytes) -> Broken:
    lines = said.decode(errors="replace").strip()
    return Broken(f"it ended with {code}", where=f"platos {' '.join(arguments)}", hint=lines)


def _command(root: Path, arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "platos", "--workspace", str(root), *arguments]


def _environ() -> dict[str, str]:
    """Ours, without what would change the workspace's settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PLATOS_")}
