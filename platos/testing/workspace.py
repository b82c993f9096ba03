"""A simulated workspace: all of Platos over real files and a real store, on virtual time and in one thread.

simulated = SimulatedWorkspace(folder, {"papers": SPECIALIST}, parts={("model", "scripted"): Scripted([...])})
async with simulated.up():
    await simulated.drop("inbox/note.txt", "An advisory.")
    await simulated.live(HOUR)                     # every wake-up of an hour
    [gate] = await simulated.open_gates()
    await simulated.approve(gate)                  # and whatever follows from it
    [run] = await simulated.runs()
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from platos.app import App, WorkspaceParts, load_app
from platos.clock import InlineOffload, VirtualClock
from platos.config.definitions import Definitions
from platos.config.workspace import SETTINGS_FILE, Workspace
from platos.core.approval import GateState
from platos.core.event import AnyEvent
from platos.core.instant import Instant, Span, parse_instant
from platos.core.item import ItemState, StoredItem
from platos.core.mistake import Locate, dotted
from platos.core.role import Role
from platos.ports.part import PartKind, declaration_of
from platos.runtime.asleep.described import DescribedSpecialists
from platos.runtime.engine import Engine
from platos.runtime.links import Links
from platos.store import Store, gates, items, journal, runs, specialists

__all__ = ["START", "SimulatedWorkspace"]

START: Instant = parse_instant("2026-03-02T07:59:00Z")
"""A minute before eight on a Monday, in UTC."""

_MOST = 10_000
_VERSION = "1"

MadeParts = Mapping[tuple[PartKind, str], Any]


@dataclass(frozen=True)
class _PartsInHand(WorkspaceParts):
    """The parts of a workspace, and those that a test has made itself and can look into, by kind and name."""

    made: MadeParts = field(default_factory=dict)

    def names(self, kind: PartKind) -> list[str]:
        return sorted({*super().names(kind), *(name for made, name in self.made if made == kind)})

    def version(self, kind: PartKind, name: str) -> str:
        return _VERSION if (kind, name) in self.made else super().version(kind, name)

    def build(self, kind: PartKind, name: str, options: Mapping[str, Any]) -> Any:
        if (kind, name) in self.made:
            return self.made[kind, name]
        return super().build(kind, name, options)

    def role(self, actor: str) -> Role:
        if ("actor", actor) not in self.made:
            return super().role(actor)
        said = declaration_of(type(self.made["actor", actor]))
        return Role(actor=actor) if said is None else said.role

    def check(self, kind: PartKind, name: str, options: Mapping[str, Any], at: Locate = dotted) -> object:
        return None if (kind, name) in self.made else self.registry.check(kind, name, options, at)


class SimulatedWorkspace:
    """A folder made a workspace, with the specialists of a test, and time that jumps to the next thing that is due.

    `specialists` are their files' texts by name, `settings` is the text of `platos.toml`, `parts` are parts already
    made, which take no options; `links` are how people may answer. The clock goes on where it was each time that the
    engine is started.
    """

    def __init__(
        self,
        folder: Path,
        specialists: Mapping[str, str],
        *,
        parts: MadeParts | None = None,
        settings: str = "",
        start: Instant = START,
        links: Links | None = None,
    ) -> None:
        self.workspace = Workspace(folder.absolute())
        self.clock = VirtualClock(start)
        self._texts = {f"specialists/{name}.md": text for name, text in specialists.items()}
        self._texts[SETTINGS_FILE] = settings
        self._parts = dict(parts or {})
        self._offload = InlineOffload()
        self._links = links
        self._engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        """The engine, while it is up."""
        assert self._engine is not None, "the engine is not up: use `async with simulated.up()`"
        return self._engine

    @property
    def store(self) -> Store:
        """The engine's store, for whatever is not asked for here."""
        return self.engine.store

    @asynccontextmanager
    async def up(self) -> AsyncIterator[Engine]:
        """Start the engine, as `platos up` does; at the end of the block it is stopped at once."""
        app = await self._offload(self._load)
        async with app.engine("simulation", inline=True, telling=app.telling(self._links)) as engine:
            self._engine = engine
            try:
                yield engine
            finally:
                self._engine = None

    async def live(self, span: Span) -> None:
        """Let that much time pass, with all that happens in it."""
        await self.engine.live(self.clock.now() + span)
        await self.engine.rest()

    async def drop(self, name: str, text: str) -> Path:
        """Write a file of the workspace, as a person would: an item for a source, or a specialist's new text."""
        return await self._offload(self._write, name, text)

    async def approve(self, gate: gates.GateRow, *, by: str = "person:test") -> None:
        """Say yes, and let what follows from it happen."""
        await self.engine.decide(gate.id, GateState.APPROVED, by=by)
        await self.engine.rest()

    async def deny(self, gate: gates.GateRow, *, by: str = "person:test", reason: str = "") -> None:
        """Say no, and let what follows from it happen."""
        await self.engine.decide(gate.id, GateState.DENIED, by=by, reason=reason)
        await self.engine.rest()

    async def open_gates(self) -> list[gates.GateRow]:
        """What waits for a person, oldest first."""
        return await gates.open_gates(self.store)

    async def runs(self) -> list[runs.RunRow]:
        """All runs, oldest first."""
        return (await runs.latest(self.store, _MOST))[::-1]

    async def items(self, name: str) -> dict[ItemState, list[StoredItem]]:
        """A specialist's items by state, oldest first; a signal stays one when a run has taken it."""
        found: dict[ItemState, list[StoredItem]] = {state: [] for state in ItemState}
        async for item in items.every(self.store, name):
            found[item.state].append(item)
        return found

    async def specialist(self, name: str) -> specialists.SpecialistRow:
        """A specialist as the store knows it. Raises NotFound."""
        return await specialists.find(self.store, name)

    async def events(self, chain: str) -> list[AnyEvent]:
        """A chain of the journal (`r1`, `specialist:papers`, `system`), verified. Raises StoreCorrupt."""
        return await journal.events(self.store, chain)

    def _load(self) -> App:
        for name, text in self._texts.items():
            self._write(name, text)
        self._texts.clear()
        app = load_app(self.workspace.root, environ={}, clock=self.clock, inline=True)
        parts = _PartsInHand(app.parts.registry, app.parts.environment, app.parts.settings, self._parts)
        files = Definitions(app.workspace, app.settings.settings, parts)
        definitions = DescribedSpecialists(files, app.workspace.state)
        return replace(app, parts=parts, definitions=definitions)

    def _write(self, name: str, text: str) -> Path:
        path = self.workspace.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path
