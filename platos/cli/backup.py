"""`platos backup` and `platos restore`: the state, copied while it is in use, and put back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from platos.app import App
from platos.cli._change import person
from platos.cli._context import load, run_async, show
from platos.cli.output import Line, yellow
from platos.core.instant import iso
from platos.store import pauses
from platos.store.backup import Copy, back_up
from platos.store.restore import restore

__all__ = ["backup", "restore_command"]


class BackedUp(msgspec.Struct, frozen=True, kw_only=True):
    """A backup: its file, its size, how many runs it knows, and the moment of its last event."""

    file: str
    size: int
    runs: int
    last_event: str


class PutBack(msgspec.Struct, frozen=True, kw_only=True):
    """A backup that is the state now, and the folder with what was the state before."""

    backup: BackedUp
    before: str


def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a verified copy of the state, also while platos up runs.

    It holds everything that was done before it began. FILE is there whole, or not at all.

    Example: platos backup ../monday.platos
    """
    show(ctx, run_async(_back_up, load(ctx), file.absolute(), force), _render_backup)


def restore_command(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What platos backup wrote.", show_default=False)],
) -> None:
    """Put a backup in the place of the state, and pause everything.

    What was the state is moved aside and not deleted. The backup does not know what was done after it: items will be
    seen again, and what was sent may be sent again. Nothing goes on until you say so.

    Example: platos restore ../monday.platos
    """
    show(ctx, run_async(_restore, load(ctx), file.absolute()), _render_restore)


async def _back_up(app: App, file: Path, force: bool) -> BackedUp:
    return _told(await app.offload(partial(back_up, force=force), app.workspace.state, file))


async def _restore(app: App, file: Path) -> PutBack:
    folder, now = await app.offload(app.workspace.prepare_state), app.clock.now()
    pause = partial(pauses.pause, name=pauses.EVERYTHING, why=f"restored from {file}", by=person(), now=now)
    done = await app.offload(restore, folder, file, now, pause)
    return PutBack(backup=_told(done.copy), before=str(done.before))


def _told(copy: Copy) -> BackedUp:
    return BackedUp(file=str(copy.path), size=copy.size, runs=copy.runs, last_event=iso(copy.last))


def _render_backup(done: BackedUp) -> Iterator[Line]:
    yield f"{done.file}: {_summary(done)}; verified"


def _render_restore(done: PutBack) -> Iterator[Line]:
    yield f"the state is the backup now: {_summary(done.backup)}"
    yield f"what it was before is in {done.before}"
    yield yellow("everything is paused: what was done after the backup is not known to it")
    yield "items will be seen again, and what was sent may be sent again; look, and then: platos resume --all"


def _summary(done: BackedUp) -> str:
    runs = f"{done.runs} run{'s' * (done.runs != 1)}"
    return f"{done.size:,} bytes, {runs}, last event {done.last_event or 'never'}"
