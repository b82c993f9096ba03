"""`platos thaw`: an account that was frozen may be spent on again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
import typer

from platos.app import App
from platos.cli._change import change, person
from platos.cli._context import load, run_async, show
from platos.cli.output import Line, one_line

__all__ = ["Thawed", "thaw"]


class Thawed(msgspec.Struct, frozen=True, kw_only=True):
    """The account, what it was frozen for, by whom it was thawed, and the specialists that go on. `by_up`: `platos up`
    was told."""

    account: str
    why: str
    by: str
    by_up: bool
    specialists: tuple[str, ...]


def thaw(
    ctx: typer.Context,
    account: Annotated[
        str, typer.Argument(metavar="ACCOUNT", help="The account, as in specialist/advisories.", show_default=False)
    ],
) -> None:
    """Let a frozen account be spent on again.

    An account is frozen when a call cost more than its worst case. Look at what was charged first: platos status says
    why, platos show RUN tells every call. Runs and items that wait for it are looked at again.

    Example: platos thaw specialist/advisories
    """
    show(ctx, run_async(_thaw, load(ctx), account), _render)


async def _thaw(app: App, account: str) -> Thawed:
    by = person()
    done = await change(app, "thaw", {"account": account, "by": by}, typed="thaw")
    return Thawed(by=by, by_up=done.by_up, **done.answer)


def _render(thawed: Thawed) -> Iterator[Line]:
    yield f"{thawed.account} may be spent on again, says {thawed.by}"
    yield f"  it was frozen, because {one_line(thawed.why, 200)}"
    if thawed.specialists:
        yield f"  looked at again: {', '.join(thawed.specialists)}"
    if not thawed.by_up:
        yield "  next: platos up"
