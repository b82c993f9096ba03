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
from platos.store import Store, open_store

__all__ = ["engine_on", "make_workspace"]

_SETTINGS = """
[defaults]
owner = "bench"
"""


def make_workspace(front_matter: str, names: Sequence[str], *, parts: Path | None = None) -> Path:
    """Specialists of these names, all with the same front matter, over the folder `inbox`. Returns the workspace."""
    root = Path.cwd()
    (root / "inbox").mkdir(exist_ok=True)
    (root / "specialists").mkdir()
    settings = _SETTINGS
    if parts:
        shutil.copy(parts, root / "parts.py")
        settings += '[python]\nmodules = ["parts.py"]\n'
    (root / "platos.toml").write_text(settings, "utf-8")
    for name in names:
        (root / "specialists" / f"{name}.md").write_text(f"---\n{front_matter}---\n\nMeasure.\n", "utf-8")
    return root


@asynccontextmanager
async def engine_on(
    root: Path, *, clock: Clock | None = None, inline: bool = False
) -> AsyncIterator[tuple[Engine, Host]]:
    """The engine of a workspace, and the host that it stands on. `inline` keeps all of it on one thread."""
    app = load_app(root, environ={}, clock=clock, inline=inline)
    folder = app.workspace.prepare_state()
    async with open_store(folder, command="benchmark", now=app.clock.now(), inline=inline) as store:
        host = _host(app, store)
        async with Engine.running(host, __version__) as engine:
            yield engine, host


def _host(app: App, store: Store) -> Host:
    settings = app.settings.settings
    return Host(
        store=store,
        clock=app.clock,
        offload=app.offload,
        parts=app.parts,
        definitions=app.definitions,
        chance=random.random,
        day_cap=settings.budget.day,
        zone=settings.zone,
    )
