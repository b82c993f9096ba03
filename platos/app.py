"""The composition root: the one place that builds things."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from platos import __version__
from platos.clock import InlineOffload, SystemClock, ThreadOffload
from platos.config.definitions import Definitions
from platos.config.house import check_policy, named_in_policy
from platos.config.notes import Notes
from platos.config.secrets import resolve
from platos.config.settings import LoadedSettings, load_settings, module_paths
from platos.config.workspace import SETTINGS_FILE, Workspace, find_workspace
from platos.core.mistake import Key, Locate, dotted
from platos.core.policy import rules_of
from platos.core.role import Role
from platos.core.specialist import Specialist
from platos.errors import ConfigurationError
from platos.ports.clock import Clock
from platos.ports.offload import Offload
from platos.ports.part import KINDS, Environment, PartKind
from platos.registry import Registry
from platos.runtime.asleep.described import DescribedSpecialists
from platos.runtime.engine import Engine
from platos.runtime.host import Host
from platos.runtime.links import Links, Telling
from platos.runtime.measures.counters import Counters
from platos.store import open_store

__all__ = ["App", "Described", "WorkspaceParts", "load_app", "load_workspace"]


class Described(Protocol):
    """The specialists that there are: those of a workspace's files, unless something stands in for them."""

    def names(self) -> list[str]: ...

    def load(self, name: str) -> Specialist: ...

    def scan(self) -> dict[str, Specialist | ConfigurationError]: ...


@dataclass(frozen=True)
class WorkspaceParts:
    """The registry, and the environment that a workspace's parts are built in. `settings` is what parts of a kind see
    of the settings."""

    registry: Registry
    environment: Environment
    settings: Mapping[PartKind, Mapping[str, Any]]

    def names(self, kind: PartKind) -> list[str]:
        return self.registry.names(kind)

    def version(self, kind: PartKind, name: str) -> str:
        return self.registry.find(kind, name).version

    def role(self, actor: str) -> Role:
        return self.registry.role(actor)

    def roles(self) -> dict[str, Role]:
        return {actor: self.role(actor) for actor in self.names("actor")}

    def check(self, kind: PartKind, name: str, options: Mapping[str, Any], at: Locate = dotted) -> object:
        """The options as the part's own type. Raises ConfigurationError where there is no such part, or it cannot be
        used with these options."""
        return self.registry.check(kind, name, options, at)

    def build(self, kind: PartKind, name: str, options: Mapping[str, Any]) -> Any:
        """A part, built. Models see the tables `[models]` and `[providers]` of `platos.toml`, and tools `[mcp]`."""
        settings = self.settings.get(kind)
        environment = replace(self.environment, settings=settings) if settings else self.environment
        return self.registry.find(kind, name).build(options, environment)


@dataclass(frozen=True)
class App:
    """A workspace, loaded: its settings, its parts, its specialists' definitions, its notes; `secrets` are those that
    were asked for so far."""

    workspace: Workspace
    settings: LoadedSettings
    parts: WorkspaceParts
    definitions: Described
    clock: Clock
    offload: Offload
    secrets: Collection[str]
    notes: Notes

    def telling(self, links: Links | None = None) -> Telling:
        """How people are told, as `platos.toml` has it. Imports the notifiers. Raises ConfigurationError."""
        for name, its in self.settings.settings.people.items():
            for place, spec in enumerate(its.tell):
                at = _in_settings("people", name, "tell", place, spec.part)
                self.parts.check("notifier", spec.part, spec.options, at)
        return Telling(self.settings.settings.who_is_told(), links)

    @asynccontextmanager
    async def engine(
        self, command: str, *, inline: bool = False, telling: Telling | None = None
    ) -> AsyncIterator[Engine]:
        """Own the workspace's state and keep its specialists going. `command` tells others who holds the lock.

        Whoever lives on for long tells people what there is to tell, with `telling`; the others leave it in the store.
        Raises StoreBusy, StoreNewer, StoreCorrupt or StoreError.
        """
        folder = await self.offload(self.workspace.prepare_state)
        async with open_store(folder, command=command, now=self.clock.now(), inline=inline) as store:
            host = Host(
                store=store,
                clock=self.clock,
                offload=self.offload,
                parts=self.parts,
                definitions=self.definitions,
                chance=random.random,
                budget=self.settings.settings.common_budget(),
                policy=self.settings.settings.policy,
                keep_days=self.settings.settings.retention.days,
                secrets=self.secrets,
                notes=self.notes,
                telling=telling,
                counters=Counters(self.clock.now()),
            )
            try:
                async with Engine.running(host, __version__) as engine:
                    yield engine
            finally:
                await host.close()


def load_app(
    start: Path | None = None,
    *,
    flags: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    inline: bool = False,
) -> App:
    """The app of the workspace that `start`, or this folder, lies in. Raises NotFound or ConfigurationError."""
    return load_workspace(find_workspace(start), flags=flags, environ=environ, clock=clock, inline=inline)


def load_workspace(
    workspace: Workspace,
    *,
    flags: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    inline: bool = False,
) -> App:
    """The app of a workspace, which may be any folder: without `platos.toml` there, defaults hold.

    Raises ConfigurationError.
    """
    settings = load_settings(workspace.root, flags or {}, os.environ if environ is None else environ)
    registry = Registry(module_paths(workspace.root, settings.settings))
    for kind in KINDS:
        registry.names(kind)  # looking for parts reads files: it is done here, and not on the event loop
    for tool, entry in settings.settings.policy.items():
        for place, rule in enumerate(rules_of(entry)):
            if rule.actor:
                registry.check("actor", rule.actor, {}, _in_settings("policy", tool, place, "actor"))
    time, offload = clock or SystemClock(), InlineOffload() if inline else ThreadOffload()
    secrets: set[str] = set()

    def secret(reference: str) -> str:
        found = resolve(reference, workspace=workspace.root)
        secrets.add(found)
        return found

    environment = Environment(workspace.root, time, offload, secret, predicate=registry.predicate)
    its = settings.settings
    seen: dict[PartKind, Mapping[str, Any]] = {
        "model": {"models": its.models, "providers": its.providers},
        "tool": {"mcp": its.mcp},
    }
    parts = WorkspaceParts(registry, environment, seen)
    files = Definitions(workspace, settings.settings, registry)
    tools = registry.names("tool")
    if any(tool not in tools for _, tool in named_in_policy(its)):  # else nothing is read that is not asked for
        check_policy(its, tools, files.scan())
    definitions = DescribedSpecialists(files, workspace.state)
    return App(workspace, settings, parts, definitions, time, offload, secrets, Notes(workspace.notes))


def _in_settings(*above: str | int) -> Locate:
    """Where the values below a key of `platos.toml` were written."""

    def at(inner: Key) -> str:
        return f"{SETTINGS_FILE}: {dotted((*above, *inner))}"

    return at
