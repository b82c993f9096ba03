"""`platos up`: own the workspace and keep its specialists going, until a signal says stop."""

from __future__ import annotations

import logging
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

import anyio
import msgspec
import typer
from anyio.abc import Listener, SocketStream

from platos import __version__
from platos.app import App
from platos.cli._context import load, run_async
from platos.cli._made import describe_made
from platos.cli._measures import take_measures
from platos.cli._pauses import tell_pause
from platos.cli._standing import standing_of
from platos.cli._watch import watch_models
from platos.config.approval_key import approval_key
from platos.runtime.commands import commands_of
from platos.runtime.control import Command, serve, socket_path
from platos.runtime.engine import Engine
from platos.runtime.links import Links, Telling
from platos.runtime.measures import Measures
from platos.store import gates, pauses, runs, specialists

if TYPE_CHECKING:
    from platos.cli._approvals_server import Door

__all__ = ["up"]

log = logging.getLogger("platos")

_LOOK_EVERY = 5.0
"""Seconds between two looks at the specialists' files."""


def up(
    ctx: typer.Context,
    metrics: Annotated[
        int | None,
        typer.Option(
            "--metrics",
            metavar="PORT",
            help="Show the measures to Prometheus on this port of 127.0.0.1; 0 picks a free one.",
            min=0,
            max=65_535,
        ),
    ] = None,
    approvals: Annotated[
        str | None,
        typer.Option(
            "--approvals",
            metavar="HOST:PORT",
            help="Let people answer gates by the links that they are sent; a PORT alone is one of 127.0.0.1.",
        ),
    ] = None,
) -> None:
    """Keep the specialists going, until you stop it.

    Ctrl-C or SIGTERM stop it at once; kill it whenever you like, it goes on from the step that it was in. While it
    runs, the other commands go through it. People whom platos.toml names are told what there is to tell.

    Example: platos up --log json
    """
    run_async(_up, load(ctx), metrics, approvals)


async def _up(app: App, port: int | None, approvals: str | None) -> None:
    socket_path(app.workspace.state)  # a path that is too long is told before anything begins
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with _listener(port) as listener, _door(app, approvals) as door, anyio.create_task_group() as tasks:
            tasks.start_soon(_keep_going, app, listener, door)
            async for number in signals:
                log.info("%s: stopping; what is open goes on at the next start", signal.Signals(number).name)
                break
            tasks.cancel_scope.cancel()


@asynccontextmanager
async def _listener(port: int | None) -> AsyncIterator[Listener[SocketStream] | None]:
    """Where the measures are asked for, taken before anything begins; None where nobody wants to."""
    if port is None:
        yield None
        return
    from platos.cli._metrics_server import listen

    async with await listen(port) as listener:
        yield listener


@asynccontextmanager
async def _door(app: App, approvals: str | None) -> AsyncIterator[Door | None]:
    """Where gates are answered by links; None where nobody wants to."""
    if approvals is None:
        yield None
        return
    from platos.cli._approvals_server import open_door

    door = await open_door(approvals, app.settings.settings.approvals.url)
    async with door.listener:
        yield door


async def _telling(app: App, door: Door | None) -> Telling:
    """How people are told, and with which links."""
    links = None
    if door is not None:
        folder = await app.offload(app.workspace.prepare_state)
        links = Links(await app.offload(approval_key, folder), door.base)
        if not app.settings.settings.people:
            log.warning("nobody is sent a link: platos.toml has no [people]")
    return await app.offload(app.telling, links)


async def _keep_going(app: App, listener: Listener[SocketStream] | None, door: Door | None) -> None:
    telling = await _telling(app, door)
    async with app.engine("up", telling=telling) as engine:
        commands = {**commands_of(engine), **_told_to_a_status(app, engine)}
        async with serve(app.workspace.state, commands), anyio.create_task_group() as tasks:
            tasks.start_soon(_greet, app, engine)
            tasks.start_soon(_look_at_files, engine)
            tasks.start_soon(watch_models, engine.store, app.offload, app.clock)
            if listener is not None:
                tasks.start_soon(_show_measures, app, engine, listener)
            if door is not None:
                tasks.start_soon(_answer_gates, app, engine, door)
            tasks.start_soon(engine.live)


def _told_to_a_status(app: App, engine: Engine) -> dict[str, Command]:
    """What a status is told by, for who has not loaded the workspace."""

    async def standing(arguments: Mapping[str, Any]) -> Any:
        return msgspec.to_builtins(await app.offload(standing_of, app, engine.measures()))

    async def made(arguments: Mapping[str, Any]) -> Any:
        return msgspec.to_builtins(
            await describe_made(engine.store, msgspec.convert(arguments["names"], type=list[str]))
        )

    return {"standing": standing, "made": made}


async def _show_measures(app: App, engine: Engine, listener: Listener[SocketStream]) -> None:
    from platos.cli._metrics_server import serve_metrics

    async def measure() -> Measures | None:
        return await take_measures(app, engine.measures())

    await serve_metrics(listener, measure, app.offload)


async def _answer_gates(app: App, engine: Engine, door: Door) -> None:
    from platos.cli._approvals import Desk
    from platos.cli._approvals_server import serve_approvals

    await serve_approvals(door, Desk(engine, app.clock.now, door.hosts))


async def _look_at_files(engine: Engine) -> None:
    """Look every few seconds; how late the loop comes back each time is what its latency is measured by."""
    while True:
        asked = anyio.current_time() + _LOOK_EVERY
        await anyio.sleep_until(asked)
        engine.counters.came_back(anyio.current_time() - asked)
        await engine.refresh()


async def _greet(app: App, engine: Engine) -> None:
    """What was found, and how to answer it."""
    store = engine.store
    names = [row.name for row in await specialists.of_files(store) if row.present]
    made = sum(row.specialists for row in await specialists.templates(store))
    names += [f"{made:,} of templates"] if made else []
    opened, waiting = await runs.open_runs(store), await gates.open_gates(store)
    log.info("platos %s is up in %s", __version__, app.workspace.root)
    log.info("specialists: %s", ", ".join(names) or "none; platos new NAME adds one")
    log.info("open runs: %s", ", ".join(run.name for run in opened) or "none")
    for gate in waiting:
        log.info("%s waits for you: platos inbox, then platos approve %s or platos deny %s", *[gate.name] * 3)
    paused = await pauses.every(store)
    for name in paused:
        if (pause := tell_pause(paused, [name])) is not None:
            log.info("%s is %s: %s", name or "everything", pause.text, pause.way_out)
    log.info("Ctrl-C stops it")
