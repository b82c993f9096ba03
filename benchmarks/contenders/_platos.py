"""Platos as it runs: a workspace in the current folder, its specialists, and an engine on them."""

from __future__ import annotations

import random
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from platos import __version__
from platos.app import App, load_app
from platos.ports.clock import Clock
from platos.runtime.engine import Engine
from platos.runtime.host import Host
from platos.runtime.measures.counters import Counters
from platos.store import Store, open_store

__all__ = ["add_specialist", "engine_on", "host_on", "make_workspace"]

_SETTINGS = """
[defaults]
owner = "bench"
"""


def make_workspace(
    front_matter: str, names: Sequence[str], *, parts: Sequence[Path] = (), root: Path | None = None
) -> Path:
    """Specialists of these names, all with the same front matter, over the folder `inbox`. Returns the workspace,
    which is the current folder unless told. `parts` are files of a user's parts."""
    root = root or Path.cwd()
    for folder in ("inbox", "specialists"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for file in parts:
        shutil.copy(file, root)
    modules = ", ".join(f'"{file.name}"' for file in parts)
    (root / "platos.toml").write_text(f"{_SETTINGS}[python]\nmodules = [{modules}]\n", "utf-8")
    for name in names:
        add_specialist(root, name, front_matter)
    return root


def add_specialist(root: Path, name: str, front_matter: str) -> None:
    """One more specialist of a workspace."""
    (root / "specialists" / f"{name}.md").write_text(f"---\n{front_matter}---\n\nMeasure.\n", "utf-8")


@asynccontextmanager
async def engine_on(
    root: Path, *, clock: Clock | None = None, inline: bool = False, counters: Counters | None = None
) -> AsyncIterator[tuple[Engine, Host]]:
    """The engine of a workspace, and the host that it stands on. `inline` keeps all of it on one thread."""
    app = load_app(root, environ={}, clock=clock, inline=inline)
    async with host_on(app, inline=inline, counters=counters) as host, Engine.running(host, __version__) as engine:
        yield engine, host


@asynccontextmanager
async def host_on(app: App, *, inline: bool = False, counters: Counters | None = None) -> AsyncIterator[Host]:
    """What an engine stands on: the store, opened and owned."""
    folder = app.workspace.prepare_state()
    async with open_store(folder, command="benchmark", now=app.clock.now(), inline=inline) as store:
        yield _host(app, store, counters or Counters())


def _host(app: App, store: Store, counters: Counters) -> Host:
    settings = app.settings.settings
    return Host(
        store=store,
        clock=app.clock,
        offload=app.offload,
        parts=app.parts,
        definitions=app.definitions,
        chance=random.random,
        budget=settings.common_budget(),
        keep_days=settings.retention.days,
        counters=counters,
    )
