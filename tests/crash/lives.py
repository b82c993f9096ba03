"""Lives of the reference workflow, as a test begins, stops and ends them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from signal import Signals
from typing import Any, TypeVar

import anyio

__all__ = ["STOPPED", "Life", "Nursery", "nursery", "side_by_side"]

C = TypeVar("C")

ROOT = Path(__file__).resolve().parents[2]
STOPPED = 1_000


class Life:
    """A process that lives through the workflow."""

    def __init__(self, mother: Mother, said: Path, *options: str) -> None:
        self._mother, self._said = mother, said
        said.touch()
        self.pid = mother.ask("start", str(said), *options)

    def signal(self, number: Signals) -> None:
        os.kill(self.pid, number)

    def wait(self) -> int:
        """Its exit code once it has ended, negative for a signal; STOPPED once it has stopped."""
        status = self._mother.ask("wait", self.pid)
        return STOPPED if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status)

    @property
    def said(self) -> str:
        return self._said.read_text()

    @property
    def told(self) -> dict[str, int]:
        """The numbers that it told so far: its epoch and more once it was up, its transactions when all is done."""
        told: dict[str, int] = {}
        for line in self.said.splitlines():
            if line.startswith("{"):
                told.update(json.loads(line))
        return told


class Mother:
    """A process that has loaded Platos and forks lives: each has its own file to speak into."""

    def __init__(self, home: Path, seed: int, modules: Sequence[str]) -> None:
        environment = {**os.environ, "XDG_CONFIG_HOME": str(home / "xdg"), "PYTHONHASHSEED": str(seed)}
        command = [sys.executable, "-m", "tests.crash.child", *modules]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, text=True)

    def ask(self, *request: Any) -> int:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(request) + "\n")
        stdin.flush()
        return int(json.loads(stdout.readline())["answer"])

    def close(self) -> None:
        """End it, and every life that it has borne."""
        self._process.communicate()


class Nursery:
    """Two mothers, taking turns: a life and the one after it order their sets differently, as two processes do.

    Where they have to load further `modules`, which takes long, it is one.
    """

    def __init__(self, home: Path, modules: Sequence[str]) -> None:
        self._home = home
        self._mothers = [Mother(home, seed, modules) for seed in ((1,) if modules else (1, 2))]
        self._turns = cycle(self._mothers)
        self._count = 0

    def start(self, workspace: Path, *options: str) -> Life:
        self._count += 1
        return Life(next(self._turns), self._home / f"said-{id(self)}-{self._count}", str(workspace), *options)

    def close(self) -> None:
        for mother in self._mothers:
            mother.close()


@contextmanager
def nursery(home: Path, *modules: str) -> Iterator[Nursery]:
    """A nursery for as long as the block lasts; no life outlasts it. Its mothers have loaded these modules, too."""
    made = Nursery(home, modules)
    try:
        yield made
    finally:
        made.close()


async def side_by_side(
    nurseries: list[Nursery], cases: Iterable[C], check: Callable[[Nursery, C], Awaitable[None]]
) -> None:
    """Check every case, as many at once as there are nurseries."""
    free, room = list(nurseries), anyio.Semaphore(len(nurseries))

    async def one(case: C) -> None:
        async with room:
            taken = free.pop()
            try:
                await check(taken, case)
            finally:
                free.append(taken)

    async with anyio.create_task_group() as tasks:
        for case in cases:
            tasks.start_soon(one, case)
