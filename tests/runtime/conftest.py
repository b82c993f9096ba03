"""Specialists to simulate, and ways to break them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import anyio
import pytest
import yaml
from pydantic import BaseModel

from platos.core.effect import EffectClass, Receipt
from platos.core.plan import Plan, Single
from platos.errors import Unavailable
from platos.ports.planner import Brief
from platos.store import Store
from platos.testing.workspace import SimulatedWorkspace
from platos.tools.outbox import Report

WATCH = {
    "owner": "ana",
    "schedule": "*/15 * * * *",
    "sources": [{"directory": {"path": "inbox"}}],
    "triage": [{"rules": {"signal": [{"words": ["advisory"]}], "otherwise": "dismiss"}}],
    "tools": ["outbox"],
    "done_when": [{"receipt": "outbox"}, "cited"],
}
"""Watches a folder, by rule; reports through the outbox, which asks first. Its models are the offline one."""


class PowerCut(BaseException):
    """The process is gone: nothing in it can catch this, and nothing more is written."""


class Machine:
    """A tool of any class that does what it is told, with faults: one for each call, in order, and then none.

    `before`: nobody listens, nothing was sent. `after`: it is done, and the line breaks. `hang`: it is done, and no
    answer comes. `cut before`, `cut after`: the process is gone. `applied` are the keys of the acts that really
    happened, `calls` what it was called with, `world` its preconditions.
    """

    once_per: ClassVar[tuple[str, ...]] = ()
    repeatable: ClassVar[bool] = False
    Arguments: ClassVar[type[BaseModel]] = Report

    def __init__(self, effect: EffectClass, *faults: str) -> None:
        self.effect = effect
        self.faults = list(faults)
        self.applied: list[str] = []
        self.calls: list[tuple[str, str]] = []
        self.probes = 0
        self.world: dict[str, str] = {}

    async def call(self, arguments: BaseModel, key: str) -> Receipt:
        fault = self.faults.pop(0) if self.faults else ""
        self.calls.append((key, arguments.model_dump_json()))
        if fault == "before":
            raise Unavailable("nobody listens")
        if fault == "cut before":
            raise PowerCut
        if self.effect is not EffectClass.KEYED or key not in self.applied:
            self.applied.append(key)
        if fault == "after":
            raise Unavailable("the line broke", sent=True)
        if fault == "cut after":
            raise PowerCut
        if fault == "hang":
            await anyio.sleep_forever()
        return Receipt(summary="it is done", data={"key": key})

    async def probe(self, arguments: BaseModel, key: str) -> Receipt | None:
        self.probes += 1
        return Receipt(summary="it is done", data={"key": key}) if key in self.applied else None

    async def observe(self, arguments: BaseModel) -> dict[str, str]:
        return dict(self.world)


@pytest.fixture
def make_machine() -> type[Machine]:
    """`make_machine(EffectClass.ONCE, "after")`: see `Machine`."""
    return Machine


@dataclass
class OneNode:
    """A planner that gives everything to one actor, with these tools."""

    actor: str
    tools: tuple[str, ...] = ()

    async def plan(self, brief: Brief) -> Plan:
        return Plan(root=Single(name="work", actor=self.actor, tools=self.tools), why="there is one", by="one-node")


@pytest.fixture
def one_node() -> type[OneNode]:
    """`one_node("stepper", ("outbox",))`: see `OneNode`."""
    return OneNode


@pytest.fixture(autouse=True)
def _nothing_of_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))


@pytest.fixture
def make_folder() -> Iterator[Callable[[], Path]]:
    """A new workspace's folder with a short path, and an empty inbox in it."""
    made: list[Path] = []

    def make() -> Path:
        made.append(Path(tempfile.mkdtemp(prefix="p-")))
        (made[-1] / "inbox").mkdir()
        return made[-1]

    yield make
    for folder in made:
        shutil.rmtree(folder)


@pytest.fixture
def describe() -> Callable[..., str]:
    """`describe(tools=[])`: the text of a specialist's file, with other values than those of `WATCH`."""

    def described(**changes: Any) -> str:
        return f"---\n{yaml.safe_dump({**WATCH, **changes})}---\n\nReport every advisory that asks for action.\n"

    return described


@pytest.fixture
def simulate(make_folder: Callable[[], Path], describe: Callable[..., str]) -> Callable[..., SimulatedWorkspace]:
    """`simulate(policy={"outbox": 0})`: a workspace with the specialist `watch`, changed so.

    `parts` and `settings` are the workspace's; `others` are further specialists, as changes by name.
    """

    def simulated(
        *,
        parts: Mapping[Any, Any] | None = None,
        settings: str = "",
        others: Mapping[str, Mapping[str, Any]] | None = None,
        **changes: Any,
    ) -> SimulatedWorkspace:
        texts = {"watch": describe(**changes), **{name: describe(**each) for name, each in (others or {}).items()}}
        return SimulatedWorkspace(make_folder(), texts, parts=parts, settings=settings)

    return simulated


@pytest.fixture
def power_cut(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Any]:
    """`with power_cut(7):` the process is gone at its seventh transaction from here; PowerCut does not leave the block.

    `as cut` tells with `cut.writes` how many transactions there were.
    """

    class Cut:
        writes = 0

    @contextmanager
    def cut_at(number: int) -> Iterator[Cut]:
        cut, transact = Cut(), Store.transact

        async def failing(store: Store, function: Callable[..., Any], *arguments: Any) -> Any:
            cut.writes += 1
            if cut.writes >= number:
                raise PowerCut
            return await transact(store, function, *arguments)

        with monkeypatch.context() as patch:
            patch.setattr(Store, "transact", failing)
            try:
                yield cut
            except BaseException as error:
                if not _is_cut(error):
                    raise

    return cut_at


def _is_cut(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(map(_is_cut, error.exceptions))
    return isinstance(error, PowerCut)
