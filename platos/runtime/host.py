"""The host: what every step of a wake-up stands on, put together by the app."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, cast
from weakref import WeakValueDictionary

import anyio

from platos.core.budget import CommonBudget
from platos.core.digest import canonical
from platos.core.event import Paused
from platos.core.instant import Instant
from platos.core.policy import Entry
from platos.core.redact import redact
from platos.core.role import Role
from platos.core.specialist import PartSpec, Specialist
from platos.errors import ConfigurationError
from platos.ports.actor import Actor
from platos.ports.clock import Clock
from platos.ports.model import Model
from platos.ports.notifier import Notifier
from platos.ports.offload import Offload
from platos.ports.part import Closable, PartKind
from platos.ports.planner import AskingPlanner, Planner
from platos.ports.source import Source
from platos.ports.tier import Tier
from platos.ports.tool import Tool
from platos.runtime.asleep.made import decode_specialist, made_of
from platos.runtime.asleep.together import Together
from platos.runtime.limits import Limits
from platos.runtime.links import Telling
from platos.runtime.measures.counters import Counters
from platos.store import Store, journal, pauses, quiet
from platos.store.quiet import Quiet
from platos.store.specialists import SpecialistRow

__all__ = ["Definitions", "Hand", "Host", "Notes", "Parts"]

_MOST_PARTS = 20_000
"""Parts that are kept built: of many specialists, each may look at a source of its own, every quarter of an hour."""

_MOST_DEFINITIONS = 1_000
_MOST_WORKING = 64
_MOST_TEMPLATES = 64


class Parts(Protocol):
    """Where parts come from."""

    def build(self, kind: PartKind, name: str, options: Mapping[str, Any]) -> Any:
        """A part, ready to use. Raises UnknownPart or ConfigurationError."""
        ...

    def names(self, kind: PartKind) -> list[str]:
        """The parts of a kind."""
        ...

    def version(self, kind: PartKind, name: str) -> str:
        """The version that a part declares."""
        ...

    def role(self, actor: str) -> Role:
        """What an actor says of itself. Raises UnknownPart or ConfigurationError."""
        ...

    def roles(self) -> dict[str, Role]:
        """What all actors say of themselves, by their names. Imports them. Raises ConfigurationError."""
        ...


@dataclass(frozen=True)
class Hand:
    """Who works on a run. `stop` ends its net at the next step, `planning` what makes its plan; `open` is set when the
    hand lets go."""

    holder: object
    stop: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    planning: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    open: anyio.Event = field(default_factory=anyio.Event)

    def end(self) -> None:
        """Whoever works on the run is to let go of it."""
        self.planning.cancel()
        self.stop.cancel()


class Definitions(Protocol):
    """Where specialists are described. Blocking: called through `offload`."""

    def load(self, name: str) -> Specialist:
        """The definition as its file stands. Raises ConfigurationError or NotFound."""
        ...

    def scan(self) -> dict[str, Specialist | ConfigurationError]:
        """Every definition, or what is wrong with its file."""
        ...


class Notes(Protocol):
    """Where notes lie. Blocking: called through `offload`."""

    def stamps(self) -> dict[str, str]:
        """Every note by its path, with what changes when it does."""
        ...

    def read(self, path: str) -> str:
        """A note's text. Raises Unavailable or Broken."""
        ...


@dataclass(frozen=True)
class Host:
    """The services of one process on one workspace.

    `chance` gives numbers in [0, 1); `budget` is of all specialists together, and so is `policy`, by a tool's name or
    part; `keep_days` is how long what is over is kept; `secrets` are those that this process has come to know, which no
    record may hold; `notes` are what facts are found in, beside past runs; `telling` is how people are told, None where
    this process tells nobody. In memory: the definitions in force, whose files cannot be used as they stand, when items
    that wait are judged again, runs that are worked on, what is paused, what was read ahead for wake-ups that begin,
    and whose definition in force is of a template.
    """

    store: Store
    clock: Clock
    offload: Offload
    parts: Parts
    definitions: Definitions
    chance: Callable[[], float]
    budget: CommonBudget
    keep_days: int
    policy: Mapping[str, Entry] = field(default_factory=dict)
    secrets: Collection[str] = ()
    notes: Notes | None = None
    telling: Telling | None = None
    in_force: dict[str, Specialist] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    owing: dict[str, Instant] = field(default_factory=dict)
    in_hand: dict[int, Hand] = field(default_factory=dict)
    paused: dict[str, Paused] = field(default_factory=dict)
    ahead: dict[str, object] = field(default_factory=dict)
    counters: Counters = field(default_factory=Counters)
    limits: Limits = field(default_factory=Limits)
    _parts: OrderedDict[tuple[str, str, bytes], Any] = field(default_factory=OrderedDict)
    _pinned: OrderedDict[str, Specialist] = field(default_factory=OrderedDict)
    passing: set[str] = field(default_factory=set)
    _templates: OrderedDict[str, bytes] = field(default_factory=OrderedDict)
    _awake: Counter[str] = field(default_factory=Counter)
    _locks: WeakValueDictionary[tuple[str, str], anyio.Lock] = field(default_factory=WeakValueDictionary)

    def now(self) -> Instant:
        return self.clock.now()

    def redact(self, text: str) -> str:
        """A text as it may be recorded."""
        return redact(text, self.secrets)

    def pause_of(self, name: str) -> Paused | None:
        """What holds a specialist still, if anything does."""
        return self.paused.get(pauses.EVERYTHING) or self.paused.get(name)

    def lock(self, what: str, name: str) -> anyio.Lock:
        """The lock on one thing of one specialist. There is one as long as anybody holds it or waits for it."""
        lock = self._locks.get((what, name))
        return lock or self._locks.setdefault((what, name), anyio.Lock(fast_acquire=True))

    def is_locked(self, what: str, name: str) -> bool:
        """Does anybody hold that lock?"""
        lock = self._locks.get((what, name))
        return lock is not None and lock.locked()

    @cached_property
    def quiet(self) -> Together[Quiet]:
        """Where wake-ups that found nothing are written: many in one transaction."""
        return Together(self.store, quiet.advance)

    @cached_property
    def workers(self) -> anyio.Semaphore:
        """Room for runs that are worked on. A wake-up that only looks needs none, and waits for none of them."""
        return anyio.Semaphore(_MOST_WORKING, fast_acquire=True)

    async def pinned(self, definition: str) -> Specialist:
        """A definition as a run pinned it, by its digest. Raises StoreCorrupt, or ConfigurationError where this version
        cannot read it."""
        if definition not in self._pinned:
            content = await journal.get_payload(self.store, definition)
            self._pinned[definition] = decode_specialist(content)
            if len(self._pinned) > _MOST_DEFINITIONS:
                self._pinned.popitem(last=False)
        return self._pinned[definition]

    async def definition_of(self, row: SpecialistRow) -> Specialist:
        """The definition that a specialist's row stands for. Raises as `pinned` does."""
        if row.parameters is None:
            return await self.pinned(row.definition)
        if row.definition not in self._templates:
            self._templates[row.definition] = await journal.get_payload(self.store, row.definition)
            if len(self._templates) > _MOST_TEMPLATES:
                self._templates.popitem(last=False)
        return made_of(self._templates[row.definition], row)

    @contextmanager
    def awake(self, name: str) -> Iterator[None]:
        """While the block lasts, a specialist has its definition here. One that is made of a template is let go then:
        those that sleep are rows and nothing else."""
        self._awake[name] += 1
        try:
            yield
        finally:
            self._awake[name] -= 1
            if not self._awake[name]:
                del self._awake[name]
                if name in self.passing:
                    self.passing.discard(name)
                    self.in_force.pop(name, None)

    def live(self, specialist: Specialist) -> Specialist:
        """The definition in force under that name, for policy and caps; the pinned one where none is."""
        return self.in_force.get(specialist.name, specialist)

    # -- parts, built once for the same options

    def source(self, spec: PartSpec) -> Source:
        return cast(Source, self._part("source", spec))

    def tier(self, spec: PartSpec) -> Tier:
        return cast(Tier, self._part("tier", spec))

    def planner(self, spec: PartSpec) -> Planner | AskingPlanner:
        return cast(Planner | AskingPlanner, self._part("planner", spec))

    def tool(self, spec: PartSpec) -> Tool:
        return cast(Tool, self._part("tool", spec))

    def notifier(self, spec: PartSpec) -> Notifier:
        return cast(Notifier, self._part("notifier", spec))

    def actor(self, name: str) -> Actor:
        """A fresh one: an actor keeps nothing between two calls."""
        return cast(Actor, self.parts.build("actor", name, {}))

    def model(self, name: str) -> Model:
        """The provider of a model: the part of that name, or litellm, which knows all the others."""
        part = name if name in self.parts.names("model") else "litellm"
        return cast(Model, self._part("model", PartSpec(part=part, name=part)))

    async def close(self) -> None:
        """Give back what the parts hold."""
        for part in self._parts.values():
            if isinstance(part, Closable):
                await part.close()

    def _part(self, kind: PartKind, spec: PartSpec) -> Any:
        key = (kind, spec.part, canonical(spec.options))
        if key not in self._parts:
            self._parts[key] = self.parts.build(kind, spec.part, spec.options)
            if len(self._parts) > _MOST_PARTS:
                self._parts.popitem(last=False)
        return self._parts[key]
