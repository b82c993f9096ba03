"""How the measures are taken: from the store, and from the process that owns it where one runs."""

from __future__ import annotations

import msgspec

from platos.app import App
from platos.core.budget import Account
from platos.core.specialist import Specialist
from platos.errors import NotFound, Unreachable
from platos.runtime.control import ask
from platos.runtime.measures import Live, Measures, read_measures
from platos.runtime.measures.accounts import in_force
from platos.store import read_store

__all__ = ["ask_live", "paying", "take_measures"]


async def take_measures(app: App, live: Live) -> Measures | None:
    """The measures now; None where nothing has run yet. They are only read: nothing is written. Raises a StoreError."""
    try:
        async with read_store(app.workspace.state) as store:
            now, zone = app.clock.now(), app.settings.settings.zone
            return await read_measures(store, app.offload, now, zone, live, await paying(app))
    except NotFound:
        return None


async def ask_live(app: App) -> Live:
    """What `platos up` counts; nothing is known where none runs, or none that knows the question."""
    try:
        answer = await ask(app.workspace.state, "measures", {})
    except Unreachable:
        return Live()
    return Live() if answer is None or answer.error is not None else msgspec.convert(answer.result, type=Live)


async def paying(app: App) -> list[Account]:
    """The accounts that pay for what the workspace's specialists ask now, as their files and the settings have them."""
    found = await app.offload(app.definitions.scan)
    sound = [each for each in found.values() if isinstance(each, Specialist)]
    return in_force(sound, app.settings.settings.common_budget(), app.clock.now())
