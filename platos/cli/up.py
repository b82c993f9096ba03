"""`platos up`: own the workspace and keep its specialists going, until a signal says stop."""

from __future__ import annotations

import logging
import signal

import anyio
import typer

from platos import __version__
from platos.app import App
from platos.cli._context import load, run_async
from platos.runtime.commands import commands_of
from platos.runtime.control import serve, socket_path
from platos.runtime.engine import Engine
from platos.store import gates, runs, specialists

__all__ = ["up"]

log = logging.getLogger("platos")

_LOOK_EVERY = 5.0
"""Seconds between two looks at the specialists' files."""


def up(ctx: typer.Context) -> None:
    """Keep the specialists going, until you stop it.

    Ctrl-C or SIGTERM stop it at once; kill it whenever you like, it goes on from the step that it was in. While it
    runs, the other commands go through it.

    Example: platos up --log json
    """
    run_async(_up, load(ctx))


async def _up(app: App) -> None:
    socket_path(app.workspace.state)  # a path that is too long is told before anything begins
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_keep_going, app)
            async for number in signals:
                log.info("%s: stopping; what is open goes on at the next start", signal.Signals(number).name)
                break
            tasks.cancel_scope.cancel()


async def _keep_going(app: App) -> None:
    async with app.engine("up") as engine:
        async with serve(app.workspace.state, commands_of(engine)), anyio.create_task_group() as tasks:
            await _greet(app, engine)
            tasks.start_soon(_look_at_files, engine)
            tasks.start_soon(engine.live)


async def _look_at_files(engine: Engine) -> None:
    while True:
        await anyio.sleep(_LOOK_EVERY)
        await engine.refresh()


async def _greet(app: App, engine: Engine) -> None:
    """What was found, and how to answer it."""
    store = engine.store
    names = [row.name for row in await specialists.every(store) if row.present]
    opened, waiting = await runs.open_runs(store), await gates.open_gates(store)
    log.info("platos %s is up in %s", __version__, app.workspace.root)
    log.info("specialists: %s", ", ".join(names) or "none; platos new NAME adds one")
    log.info("open runs: %s", ", ".join(run.name for run in opened) or "none")
    for gate in waiting:
        log.info("%s waits for you: platos inbox, then platos approve %s or platos deny %s", *[gate.name] * 3)
    log.info("Ctrl-C stops it")
