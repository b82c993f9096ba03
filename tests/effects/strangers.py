"""Somebody else who changes the world, at a chosen `await` of Platos' own code while an act is on its way."""

from __future__ import annotations

import dis
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from inspect import CO_COROUTINE
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple, Protocol

from anyio import to_thread

import platos
from platos import Artifact, Brief, Context, Environment, HandOff, Plan, Single, Work
from platos.clock import InlineOffload, SystemClock
from platos.core.effect import EffectState
from platos.core.instant import HOUR, MINUTE
from platos.store import effects, evidence, gates
from platos.testing.workspace import SimulatedWorkspace
from platos.tools._undo import stamp
from platos.tools.file import File
from platos.tools.git_commit import GitCommit
from tests.effects import lines
from tests.effects.lines import Reread

__all__ = ["Awaits", "Branch", "Life", "Line", "Place", "Text", "live"]

_OURS = (str(Path(platos.__file__).parent), str(lines.__file__))
_AWAITS = {"GET_AWAITABLE", "GET_ANEXT"}
OURS, THEIRS = "ours", "theirs"


class Place(Protocol):
    """A world that an act is about, and that is looked at here past the tool."""

    tool: Any
    arguments: dict[str, Any]

    def stands(self) -> str:
        """What the tool's preconditions should say now."""
        ...

    def is_ours(self) -> bool:
        """Has the act been done?"""
        ...

    def change(self) -> bool:
        """What somebody else does; False where the act came before it."""
        ...


class Awaits:
    """Every `await` in Platos' own code from the first look at the world until the act is done, in their order;
    `stranger` acts right before the one of number `at`, the first being 1."""

    def __init__(self, place: Place, at: int) -> None:
        self.place, self.at = place, at
        self.count, self.stood = 0, place.stands()
        """How many there were, and what stood there right before the act."""
        self._open = self._over = False

    @contextmanager
    def counted(self) -> Iterator[None]:
        """For as long as the block lasts, awaits are counted; what traced before goes on afterwards."""
        before, observe = sys.gettrace(), self.place.tool.observe

        async def observed(arguments: Any) -> dict[str, str]:
            found: dict[str, str] = await observe(arguments)
            self._open = not self._over
            return found

        self.place.tool.observe = observed
        sys.settrace(self._called)
        try:
            yield
        finally:
            sys.settrace(before)
            del self.place.tool.observe

    def _called(self, frame: FrameType, event: str, value: Any) -> Any:
        code = frame.f_code
        if not (code.co_flags & CO_COROUTINE and code.co_filename.startswith(_OURS)):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return self._traced

    def _traced(self, frame: FrameType, event: str, value: Any) -> Any:
        if event == "opcode" and self._open and frame.f_lasti in _awaits_of(frame.f_code):
            self._awaited()
        return self._traced

    def _awaited(self) -> None:
        due = self.count + 1 == self.at
        if self.place.is_ours() or (due and not self.place.change()):
            self._open, self._over = False, True
            return
        self.count += 1
        if due:
            self.stood = self.place.stands()


@cache
def _awaits_of(code: CodeType) -> frozenset[int]:
    return frozenset(each.offset for each in dis.get_instructions(code) if each.opname in _AWAITS)


class Line:
    """The line of one of the tools of `lines`."""

    def __init__(self, kind: type[Reread], folder: Path) -> None:
        self.tool, self.arguments = kind(), {"text": OURS}

    def stands(self) -> str:
        return self.tool.line

    def is_ours(self) -> bool:
        return self.tool.line == OURS

    def change(self) -> bool:
        self.tool.line = THEIRS
        return True


class Text:
    """A file, and the tool that writes it."""

    def __init__(self, folder: Path) -> None:
        self.tool, self.arguments = File(File.Options(), _environment(folder)), {"path": "a.md", "text": OURS}
        self._path = folder / "files" / "a.md"
        self._path.parent.mkdir()
        self._path.write_text("before")

    def stands(self) -> str:
        return stamp(self._path.read_bytes())

    def is_ours(self) -> bool:
        return self._path.read_text() == OURS

    def change(self) -> bool:
        self._path.write_text(THEIRS)
        return True


class Branch:
    """A branch of a real repository, and the tool that commits to it. Somebody else's commit lies ready."""

    def __init__(self, folder: Path) -> None:
        self.tool = GitCommit(GitCommit.Options(), _environment(folder))
        files = [{"path": "pins.txt", "text": OURS}]
        self.arguments = {"branch": "platos/bump", "message": "Bump it", "files": files}
        self._folder, self._ref = folder, folder / ".git" / "refs" / "heads" / "platos" / "bump"
        self._git("init", "--quiet", "--initial-branch=main")
        (folder / "pins.txt").write_text("before")
        self._git("add", "pins.txt")
        self._git("commit", "--quiet", "-m", "first")
        self._git("branch", "platos/bump")
        self._first = self.stands()
        self._theirs = self._git("commit-tree", "-p", "HEAD", "-m", "theirs", "HEAD^{tree}").strip()

    def stands(self) -> str:
        return self._ref.read_text().strip()

    def is_ours(self) -> bool:
        return self.stands() not in (self._first, self._theirs)

    def change(self) -> bool:
        """The tool's own process may move the branch at this very moment: they do so only from where it stood."""
        try:
            self._git("update-ref", "refs/heads/platos/bump", self._theirs, self._first)
        except subprocess.CalledProcessError:
            return False
        return True

    def _git(self, *arguments: str) -> str:
        who = {f"GIT_{role}_{what}": "ana" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        environment = {**os.environ, **who, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
        done = subprocess.run(["git", *arguments], cwd=self._folder, env=environment, capture_output=True, check=True)
        return done.stdout.decode()


def _environment(folder: Path) -> Environment:
    return Environment(workspace=folder, clock=SystemClock(), offload=InlineOffload(), secret=str)


class _Asks:
    """A planner with one node, and its actor, which calls the tool."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        self.arguments = arguments

    async def plan(self, brief: Brief) -> Plan:
        return Plan(root=Single(name="act", actor="asks", tools=("world",)), why="there is one", by="asks")

    async def act(self, context: Context, work: Work) -> HandOff:
        await context.call_tool("world", self.arguments, why="it is due")
        return context.hand_off(Artifact(kind="report", title="Done", claims=(), by=context.signature), scope=())


class Life(NamedTuple):
    """What came of an act: how many awaits lay in it, and whether it was done; `wrong` in a world that it was not
    meant for."""

    awaits: int
    done: bool
    wrong: bool


async def live(folder: Path, make: Callable[[Path], Place], tier: int, at: int) -> Life:
    """One act, in a world that somebody else changes at that await; at 0 nobody does, and below it nobody even counts.
    Every question is answered with yes, each time that it is asked."""
    await to_thread.run_sync(_begin, folder)
    place = await to_thread.run_sync(make, folder)
    asks, awaits = _Asks(place.arguments), Awaits(place, at)
    parts: Any = {("tool", "world"): place.tool, ("planner", "asks"): asks, ("actor", "asks"): asks}
    simulated = SimulatedWorkspace(folder, {"watch": _specialist(tier)}, parts=parts)
    async with simulated.up() as engine:
        with awaits.counted() if at >= 0 else nullcontext():
            await engine.rest()
            for span in (5 * MINUTE, 5 * MINUTE, 2 * HOUR):
                await simulated.live(span)
                for gate in await simulated.open_gates():
                    await simulated.approve(gate)
        [run] = await simulated.runs()
        [row] = await effects.of_run(simulated.store, run.id)
        proofs = [each for _, each, _ in await evidence.of_run(simulated.store, run.id) if each.receipt is not None]
        named = {each.gate for each in proofs}
        used = [each for each in await gates.of_run(simulated.store, run.id) if each.name in named]
    done = row.state is EffectState.DONE
    assert done == place.is_ours(), "the ledger says otherwise than the world"
    assert (len(proofs), len(used)) == (done, done and tier > 0), "what was done has one proof, and one yes"
    meant = [*(each.preconditions for each in proofs), *(each.request.preconditions for each in used)]
    wrong = done and any(awaits.stood not in world.values() for world in meant)
    return Life(awaits.count, done, wrong)


def _begin(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "inbox").mkdir(parents=True)
    (folder / "inbox" / "note.txt").write_text("An advisory.")


def _specialist(tier: int) -> str:
    return f"""---
owner: ana
schedule: "0 */2 * * *"
sources: [{{directory: {{path: inbox}}}}]
triage: [{{rules: {{signal: [{{words: [advisory]}}], otherwise: dismiss}}}}]
planner: asks
tools: [world]
policy: {{world: {tier}}}
---
Act on every advisory.
"""
